"""Device types and their names as label values (reference 9.1.5; ``tables/device_types.tsv``)."""

from collections.abc import Mapping

from fusionsolar_exporter.metrics.tables import rows

DEVICE_TYPES: Mapping[int, str] = {int(row["device_type_id"]): row["device_type"] for row in rows("device_types")}


def device_type_label(type_id: int) -> str:
    """The name of a device type; ``type_N`` where the reference does not name it."""
    return DEVICE_TYPES.get(type_id, f"type_{type_id}")
