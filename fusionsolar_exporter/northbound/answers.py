"""Tolerant parsing: whatever JSON the far side sends becomes Plant, Device, Reading and Alarm, or counts as dropped.

Real servers write numbers as texts and texts as numbers, null where the reference shows a value, and leave fields out.
One odd item never hides the others.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from fusionsolar_exporter.northbound.model import (
    SEVERITY_OF_LEVEL,
    Alarm,
    Device,
    Plant,
    Reading,
    Severity,
)
from fusionsolar_exporter.northbound.values import Values

T = TypeVar("T")

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_LONGEST_NUMBER = 64  # digits; anything longer is no measurement, and no id
_LARGEST_INTEGER = 10**_LONGEST_NUMBER
_WATTS_PER_KILOWATT = 1e3
_WATTS_PER_MEGAWATT = 1e6
_MILLISECONDS = 1e3
_INFINITE = math.inf
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


def number(value: object) -> float | None:
    """A finite float from a number or a text that is one; None for everything else, booleans included."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if len(value) > _LONGEST_NUMBER or not _NUMBER.fullmatch(value):
            return None
    elif not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except (OverflowError, ValueError):
        return None
    return result if math.isfinite(result) else None


def integer(value: object) -> int | None:
    """An int of up to 64 digits from ``512``, ``512.0``, ``"512"`` or ``"512.0"``; None for everything else."""
    if type(value) is int and -_LARGEST_INTEGER < value < _LARGEST_INTEGER:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        result = value
    elif isinstance(value, str) and len(value) <= _LONGEST_NUMBER and _INTEGER.fullmatch(value):
        result = int(value)  # exact, where a float would round ids of 16 digits and more
    else:
        rounded = number(value)
        if rounded is None or not rounded.is_integer():
            return None
        result = int(rounded)
    return result if abs(result) < _LARGEST_INTEGER else None


def text(value: object) -> str:
    """A text as it came; finite numbers as Python writes them, whole ones without ``.0``; empty for everything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    whole = integer(value)
    try:
        return str(value if whole is None else whole)
    except ValueError:  # an integer of more than 4,300 digits
        return ""


def identifier(value: object) -> str:
    """An id as text, equal for ``214060404588862``, ``"214060404588862"`` and ``214060404588862.0``."""
    if type(value) is int and -_LARGEST_INTEGER < value < _LARGEST_INTEGER:
        return str(value)
    whole = integer(value) if not isinstance(value, str) or value.strip().lstrip("+-").isdigit() else None
    return text(value).strip() if whole is None else text(whole)


def items(data: object, parse: Callable[[Mapping[str, Any]], T | None]) -> Items[T]:
    """What ``parse`` makes of each record of a list; those that it makes nothing of are counted."""
    records = data if isinstance(data, list) else []
    parsed = [parse(record) if isinstance(record, dict) else None for record in records]
    items = tuple(item for item in parsed if item is not None)
    unreadable = len(records) - len(items)
    return Items(items, not records, data is None, unreadable, unreadable)


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
    code = text(item.get("plantCode", item.get("stationCode")))
    if not code:
        return None
    capacity = number(item.get("capacity"))
    date = text(item.get("gridConnectionDate"))
    return Plant(
        code=code,
        name=text(item.get("plantName", item.get("stationName"))),
        capacity_watts=None if capacity is None else number(capacity * factor),  # which may overflow
        latitude=_degrees(item.get("latitude"), 90),
        longitude=_degrees(item.get("longitude"), 180),
        grid_connection_date=date,
        grid_connected_at=_unix_time(date),
    )


def _degrees(value: object, limit: float) -> float | None:
    degrees = number(value)
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
    device_id = identifier(item.get("id", item.get("devId")))
    type_id = integer(item.get("devTypeId"))
    if not device_id or type_id is None:
        return None
    return Device(
        id=device_id,
        name=text(item.get("devName")),
        plant_code=text(item.get("stationCode", item.get("plantCode"))),
        type_id=type_id,
        serial_number=text(item.get("esnCode")),
        model=text(item.get("invType")) or text(item.get("model")),
        software_version=text(item.get("softwareVersion")),
    )


def plant_readings(data: object) -> Items[Reading]:
    """The values of ``getStationRealKpi`` (9.1.4.1)."""
    return items(data, lambda item: reading(text(item.get("stationCode", item.get("plantCode"))), item))


def device_readings(data: object) -> Items[Reading]:
    """The values of ``getDevRealKpi`` (9.1.6.1)."""
    return items(data, lambda item: reading(identifier(item.get("devId", item.get("id"))), item))


def reading(reading_id: str, item: Mapping[str, Any]) -> Reading | None:
    """The values of one record; None where it has no id, or something else in their place."""
    values = item.get("dataItemMap")
    if not reading_id or not isinstance(values, dict | None):
        return None
    parsed = ((key, _value(value)) for key, value in (values or {}).items())
    return Reading(reading_id, Values((key, value) for key, value in parsed if value is not None))


def _value(value: object) -> float | None:
    """What :func:`number` says, sooner where the value is what it should be: answers hold thousands."""
    if type(value) is float and -_INFINITE < value < _INFINITE:
        return value
    return number(value)


def alarms(data: object) -> Items[Alarm]:
    """The active alarms of ``getAlarmList`` (9.1.7)."""
    return items(data, _alarm)


def _alarm(item: Mapping[str, Any]) -> Alarm | None:
    plant_code = text(item.get("stationCode", item.get("plantCode")))
    if not plant_code:
        return None
    level = integer(item.get("lev"))
    raised = number(item.get("raiseTime"))
    return Alarm(
        plant_code=plant_code,
        serial_number=text(item.get("esnCode")),
        device_name=text(item.get("devName")),
        device_type_id=integer(item.get("devTypeId")),
        alarm_id=text(item.get("alarmId")),
        name=text(item.get("alarmName")),
        cause_id=text(item.get("causeId")),
        severity=Severity.UNKNOWN if level is None else SEVERITY_OF_LEVEL.get(level, Severity.UNKNOWN),
        alarm_type=text(item.get("alarmType")),
        raised_at=None if raised is None else raised / _MILLISECONDS,
        cause=text(item.get("alarmCause"))[:_LONGEST_EXPLANATION],
        repair=text(item.get("repairSuggestion"))[:_LONGEST_EXPLANATION],
    )
