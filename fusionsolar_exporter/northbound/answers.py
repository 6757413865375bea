"""Tolerant parsing: whatever JSON the far side sends becomes Plant, Device, Reading and Alarm, or counts as dropped.

Real servers write numbers as texts and texts as numbers, null where the reference shows a value, and leave fields out.
One odd item never hides the others.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from fusionsolar_exporter.northbound.bounds import LONGEST_NAME
from fusionsolar_exporter.northbound.model import (
    SEVERITY_OF_LEVEL,
    Alarm,
    Device,
    Plant,
    Reading,
    Severity,
)
from fusionsolar_exporter.northbound.scalars import code, identifier, integer, label, number, shortened, text
from fusionsolar_exporter.northbound.values import Values

T = TypeVar("T")

_WATTS_PER_KILOWATT = 1e3
_WATTS_PER_MEGAWATT = 1e6
_MILLISECONDS = 1e3
_INFINITE = math.inf
_MOMENTS = frozenset({"open_time", "close_time"})
"""Keys that hold moments: 0 stands for none."""
_ACTIVE = frozenset({None, 1})
"""States of an alarm that is not over: servers that send no state send no others."""
_NO_CODE = 2**31 - 1
_LONGEST_EXPLANATION = 1000  # characters; a page has room for a few sentences


@dataclass(frozen=True, slots=True)
class Items(Generic[T]):
    """The items of one answer."""

    items: tuple[T, ...]
    empty: bool
    """True where ``data`` was null, an empty list, or no list at all."""
    null: bool
    """True where ``data`` was null or missing."""
    dropped: int
    """Items that could not be read, or that were not asked for."""
    unreadable: int = 0
    """Those of them that could not be read: what they speak of is not known."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a plant list; ``pages`` and ``total`` are None where the answer does not tell them."""

    items: tuple[T, ...]
    empty: bool
    null: bool
    dropped: int
    pages: int | None
    total: int | None
    whole: bool
    """True where the answer was a bare list, which is the whole list."""


def items(data: object, parse: Callable[[Mapping[str, Any]], T | None]) -> Items[T]:
    """What ``parse`` makes of each record of a list; those that it makes nothing of are counted."""
    records = data if isinstance(data, list) else []
    parsed = [parse(record) if isinstance(record, dict) else None for record in records]
    items = tuple(item for item in parsed if item is not None)
    unreadable = len(records) - len(items)
    return Items(items, not records, data is None, unreadable, unreadable)


def _first(item: Mapping[str, Any], key: str, other: str) -> object:
    """What a key holds, or another one where it is missing or null."""
    value: object = item.get(key)
    return item.get(other) if value is None else value


def only_asked(answer: Items[T], asked: Iterable[str], key: Callable[[T], str]) -> Items[T]:
    """The answer without items whose ``key`` was not asked for; these are counted as dropped."""
    wanted = frozenset(asked)
    kept = tuple(item for item in answer.items if key(item) in wanted)
    return Items(kept, answer.empty, answer.null, answer.dropped + len(answer.items) - len(kept), answer.unreadable)


def plants(data: object, *, megawatts: bool) -> Page[Plant]:
    """A page of ``stations`` (9.1.3, capacity in kWp) or ``getStationList`` (9.4.2, capacity in MW)."""
    whole = not isinstance(data, Mapping)
    body: Mapping[str, Any] = data if isinstance(data, Mapping) else {"list": data}
    factor = _WATTS_PER_MEGAWATT if megawatts else _WATTS_PER_KILOWATT
    found = items(body.get("list"), lambda item: _plant(item, factor))
    return Page(
        found.items,
        found.empty,
        found.null,
        found.dropped,
        integer(body.get("pageCount")),
        integer(body.get("total")),
        whole,
    )


def _plant(item: Mapping[str, Any], factor: float) -> Plant | None:
    plant_code = code(_first(item, "plantCode", "stationCode"))
    if not plant_code:
        return None
    capacity = number(item.get("capacity"))
    date = label(item.get("gridConnectionDate"))
    return Plant(
        code=plant_code,
        name=label(_first(item, "plantName", "stationName")),
        capacity_watts=None if capacity is None else number(capacity * factor),  # which may overflow
        latitude=_degrees(item.get("latitude"), 90),
        longitude=_degrees(item.get("longitude"), 180),
        grid_connection_date=date,
        grid_connected_at=_unix_time(date),
        build_state=_code(item.get("buildState")),
        combine_type=_code(item.get("combineType")),
        aid_type=_code(item.get("aidType")),
    )


def _code(value: object) -> str:
    """A code as text; servers write the largest of all integers where they have none."""
    code = integer(value)
    return "" if code is None or not 0 <= code < _NO_CODE else str(code)


def _degrees(value: object, limit: float) -> float | None:
    degrees = None if value is None else _value(value)
    return degrees if degrees is not None and abs(degrees) <= limit else None


def _unix_time(date: str) -> float | None:
    try:
        moment = datetime.fromisoformat(date)
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def devices(data: object) -> Items[Device]:
    """The devices of ``getDevList`` (9.1.5)."""
    return items(data, _device)


def _device(item: Mapping[str, Any]) -> Device | None:
    device_id = identifier(_first(item, "id", "devId"))
    type_id = integer(item.get("devTypeId"))
    plant_code = code(_first(item, "stationCode", "plantCode"))
    if not device_id or type_id is None or not plant_code:
        return None
    return Device(
        id=device_id,
        name=label(item.get("devName")),
        plant_code=plant_code,
        type_id=type_id,
        serial_number=code(item.get("esnCode")),
        model=label(item.get("invType")) or label(item.get("model")),
        software_version=label(item.get("softwareVersion")),
        latitude=_degrees(item.get("latitude"), 90),
        longitude=_degrees(item.get("longitude"), 180),
    )


def plant_readings(data: object) -> Items[Reading]:
    """The values of ``getStationRealKpi`` (9.1.4.1)."""
    return items(data, lambda item: reading(code(_first(item, "stationCode", "plantCode")), item))


def device_readings(data: object) -> Items[Reading]:
    """The values of ``getDevRealKpi`` (9.1.6.1)."""
    return items(data, lambda item: reading(identifier(_first(item, "devId", "id")), item))


def reading(reading_id: str, item: Mapping[str, Any]) -> Reading | None:
    """The values of one record; None where it has no id, or something else in their place."""
    values = item.get("dataItemMap")
    if not reading_id or not isinstance(values, dict | None):
        return None
    if values and not _MOMENTS.isdisjoint(values):
        values = {key: value for key, value in values.items() if key not in _MOMENTS or (number(value) or 0.0) > 0}
    if values and max(map(len, values)) > LONGEST_NAME:
        values = {shortened(key): value for key, value in values.items()}
    parsed = ((key, _value(value)) for key, value in (values or {}).items())
    return Reading(reading_id, Values((key, value) for key, value in parsed if value is not None))


def _value(value: object) -> float | None:
    """What :func:`number` says, sooner where the value is what it should be: answers hold thousands."""
    if type(value) is float and -_INFINITE < value < _INFINITE:
        return value
    return number(value)


def alarms(data: object) -> Items[Alarm]:
    """The active alarms of ``getAlarmList`` (9.1.7); those that are over are left out."""
    records = data if isinstance(data, list) else []
    active = [one for one in records if not isinstance(one, dict) or integer(one.get("status")) in _ACTIVE]
    return items(active if len(active) < len(records) else data, _alarm)


def _alarm(item: Mapping[str, Any]) -> Alarm | None:
    plant_code = code(_first(item, "stationCode", "plantCode"))
    if not plant_code:
        return None
    level = integer(item.get("lev"))
    raised = number(item.get("raiseTime"))
    return Alarm(
        plant_code=plant_code,
        serial_number=code(item.get("esnCode")),
        device_name=label(item.get("devName")),
        device_type_id=integer(item.get("devTypeId")),
        alarm_id=label(item.get("alarmId")),
        name=label(item.get("alarmName")),
        cause_id=label(item.get("causeId")),
        severity=Severity.UNKNOWN if level is None else SEVERITY_OF_LEVEL.get(level, Severity.UNKNOWN),
        alarm_type=label(item.get("alarmType")),
        raised_at=None if raised is None else raised / _MILLISECONDS,
        cause=text(item.get("alarmCause"))[:_LONGEST_EXPLANATION],
        repair=text(item.get("repairSuggestion"))[:_LONGEST_EXPLANATION],
    )
