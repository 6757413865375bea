"""Keys of real-time data that no table of this exporter knows."""

from collections import Counter
from collections.abc import Iterable, Mapping

from fusionsolar_exporter.doctor.report import UndocumentedKey
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.kpis import device_target, plant_target
from fusionsolar_exporter.northbound.model import Reading


def undocumented_keys(
    plants: Iterable[Reading], devices_by_type: Mapping[int, Iterable[Reading]]
) -> tuple[UndocumentedKey, ...]:
    """Plants' first, then by device type; only keys with a number are known here."""
    of_plants = Counter(key for reading in plants for key in reading.values if plant_target(key) is None)
    found = [UndocumentedKey(None, "plant", key, count) for key, count in sorted(of_plants.items())]
    for type_id, readings in devices_by_type.items():
        counts = Counter(key for reading in readings for key in reading.values if device_target(type_id, key) is None)
        name = device_type_label(type_id)
        found += [UndocumentedKey(type_id, name, key, count) for key, count in sorted(counts.items())]
    return tuple(found)
