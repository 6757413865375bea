"""Tolerant parsing of data by serial number (reference 9.3.1), into the keys and units of real-time data."""

from collections.abc import Iterator, Mapping
from typing import Any

from fusionsolar_exporter.northbound.answers import Items, items
from fusionsolar_exporter.northbound.model import Reading
from fusionsolar_exporter.northbound.scalars import code, number
from fusionsolar_exporter.northbound.values import Values

MONTH_YIELD = "eMonth"
ALARM_ACTIVE = "alarm_active"
"""Keys that real-time data does not have; the second is 1 while the inverter has an alarm."""
_KEYS: Mapping[str, str] = {
    "pac": "active_power",
    "activePower": "active_power",
    "reactivePower": "reactive_power",
    "eDay": "day_cap",
    "eMonth": MONTH_YIELD,
    "eTotal": "total_cap",
    "fac": "elec_freq",
    "vac1": "a_u",
    "vac2": "b_u",
    "vac3": "c_u",
    "iac1": "a_i",
    "iac2": "b_i",
    "iac3": "c_i",
    "powerFactor": "power_factor",
    "temperature": "temperature",
}
"""The later of two that become one takes precedence."""
_STRINGS: Mapping[str, str] = {"vpvs": "u", "ipvs": "i"}
_ALARM, _NO_ALARM = 0, 1


def readings(data: object) -> Items[Reading]:
    """The values of inverters, each by its serial number."""
    return items(data, _reading)


def _reading(item: Mapping[str, Any]) -> Reading | None:
    serial_number = code(item.get("sn")).strip()
    kpis = item.get("kpis")
    if isinstance(kpis, list):
        # real-time data is one record; of several the newest counts
        kpis = max(filter(_is_record, kpis), key=lambda record: number(record.get("createTime")) or 0.0, default=None)
    if not serial_number or not isinstance(kpis, dict):
        return None
    return Reading(serial_number, Values(dict(_values(kpis)).items()))


def _is_record(value: object) -> bool:
    return isinstance(value, dict)


def _values(kpis: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for theirs, key in _KEYS.items():
        value = number(kpis.get(theirs))
        if value is not None:
            yield key, value
    for theirs, quantity in _STRINGS.items():
        strings = kpis.get(theirs)
        for place, raw in enumerate(strings if isinstance(strings, list) else (), start=1):
            value = number(raw)
            if value is not None:
                yield f"pv{place}_{quantity}", value
    status = number(kpis.get("status"))
    if status in {_ALARM, _NO_ALARM}:
        yield ALARM_ACTIVE, float(status == _ALARM)
