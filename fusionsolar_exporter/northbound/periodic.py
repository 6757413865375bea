"""Tolerant parsing of hourly to yearly data and of history (reference 9.1.4.2 to 9.1.6.5, 9.4.1)."""

from collections.abc import Mapping
from typing import Any

from fusionsolar_exporter.northbound.answers import Items, items, reading
from fusionsolar_exporter.northbound.model import DatedReading
from fusionsolar_exporter.northbound.scalars import code, identifier, number

_MILLISECONDS = 1e3
_LATEST = 1e11
"""Unix seconds beyond which a time is no time."""


def plant_rows(data: object) -> Items[DatedReading]:
    """The periods of plants, in whatever order they come."""
    return items(data, lambda item: _row(code(item.get("stationCode", item.get("plantCode"))), item))


def device_rows(data: object) -> Items[DatedReading]:
    """The periods, or the moments, of devices."""
    return items(data, lambda item: _row(identifier(item.get("devId", item.get("id"))), item))


def _row(row_id: str, item: Mapping[str, Any]) -> DatedReading | None:
    moment = number(item.get("collectTime"))
    found = reading(row_id, item)
    if found is None or moment is None or not 0 < moment / _MILLISECONDS < _LATEST:
        return None
    return DatedReading(found.id, moment / _MILLISECONDS, found.values)
