"""How what an account knows is written for its state: a head of JSON, and numbers side by side behind it.

Moments are written as they are, in the pacing clock's seconds, with the moment of writing beside them as ``now``: who
reads them knows how long ago that was, and no correction of any wall clock makes them older or younger. What is a
moment says its type, :data:`Moment`; reading makes it one of this process's clock.
"""

import hashlib
import json
import math
import struct
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import TypeAdapter

from fusionsolar_exporter.cache import AlarmWindow, Freshness, ReportPeriod
from fusionsolar_exporter.moments import At, Moment
from fusionsolar_exporter.northbound.model import Alarm, DatedReading, Device, Plant, Reading
from fusionsolar_exporter.northbound.values import Values, kind_of

_LENGTH = struct.Struct("<I")
_ODD = (struct.error, ArithmeticError, LookupError, TypeError, ValueError, RecursionError)
"""What odd bytes raise; pydantic's errors are ValueErrors."""

T = TypeVar("T")


class UnreadableRecordError(Exception):
    """Not what this version writes."""


@dataclass(frozen=True, slots=True)
class Aged:
    """How old an entry is: by the backend, and not by the moments in it, since other machines count from elsewhere."""

    now: float
    """This process's clock."""
    age: float
    latest: float
    """No moment is later than this, whatever an odd entry or a clock that jumped says."""

    def at(self, written: float) -> At:
        """For the moments of an entry that was written at a moment of its writer's clock."""
        shift = self.now - max(self.age, 0.0) - written
        return lambda moment: min(moment + shift, self.latest)


@dataclass(frozen=True, slots=True)
class DatedRecord:
    """What every record of an answer says: when it was written, and when its request started; seconds."""

    now: float
    fetched_at: Moment
    ttl: float


@dataclass(frozen=True, slots=True)
class ReadingsHead(DatedRecord):
    """Readings of one answer; their numbers follow, in the order of ``ids``."""

    ids: tuple[str, ...]
    kinds: tuple[tuple[str, ...], ...]
    """The different sets of keys."""
    kind: tuple[int, ...]
    """Which of them each reading has."""
    unanswered: tuple[str, ...]
    """Ids that were asked too, and about which the answer said nothing."""


@dataclass(frozen=True, slots=True)
class ReportsRecord(DatedRecord):
    """Periods of plants or devices."""

    period: ReportPeriod
    running: bool
    """Whether the answer was about the running day, month or year."""
    rows: tuple[DatedReading, ...]


@dataclass(frozen=True, slots=True)
class AlarmsRecord(DatedRecord):
    """The alarms of some plants within a part of the time."""

    plant_codes: tuple[str, ...]
    window: AlarmWindow
    alarms: tuple[Alarm, ...]


@dataclass(frozen=True, slots=True)
class PlantListRecord(DatedRecord):
    """The whole plant list, as the far side counts it."""

    plants: tuple[Plant, ...]


@dataclass(frozen=True, slots=True)
class DeviceListRecord(DatedRecord):
    """The device lists of some plants."""

    plant_codes: tuple[str, ...]
    devices: tuple[Device, ...]


class Form(Generic[T]):
    """One kind of record."""

    def __init__(self, kind: type[T], *, of_moments: bool = False) -> None:
        """``of_moments``: whether the numbers behind the head are moments too."""
        self._adapter = TypeAdapter(kind)
        self._of_moments = of_moments

    def write(self, head: T, numbers: "array[float] | None" = None) -> bytes:
        """The record as bytes."""
        # not by pydantic: it refuses lone surrogates, and names may hold them
        text = json.dumps(self._adapter.dump_python(head), separators=(",", ":")).encode("ascii")
        return b"".join((_LENGTH.pack(len(text)), text, _little_endian(numbers).tobytes() if numbers else b""))

    def read(self, record: bytes, aged: Aged | None = None) -> "tuple[T, array[float]]":
        """The head and the numbers, moments by this clock where ``aged`` tells; UnreadableRecordError where odd."""
        try:
            (length,) = _LENGTH.unpack_from(record)
            end = _LENGTH.size + length
            text = record[_LENGTH.size : end]
            tree = json.loads(text, parse_constant=_no_number)
            at = None if aged is None else aged.at(float(tree["now"]))
            head = self._adapter.validate_python(tree, context=at)
            numbers = _little_endian(array("d", record[end:]))
        except (
            struct.error,
            ArithmeticError,
            LookupError,
            TypeError,
            ValueError,
            RecursionError,
        ) as error:  # pydantic's errors are ValueErrors
            raise UnreadableRecordError(type(error).__name__) from None
        # the sum of many numbers is finite where each of them is, but for the largest that there are
        if not math.isfinite(sum(numbers)) and not all(map(math.isfinite, numbers)):
            raise UnreadableRecordError("infinite numbers")
        return head, array("d", map(at, numbers)) if at and self._of_moments else numbers


READINGS = Form(ReadingsHead)
ALARMS = Form(AlarmsRecord)
REPORTS = Form(ReportsRecord)
PLANT_LIST = Form(PlantListRecord)
DEVICE_LIST = Form(DeviceListRecord)


def readings_record(asked: Iterable[str], readings: Sequence[Reading], freshness: Freshness, now: float) -> bytes:
    """The readings of one answer."""
    kinds: dict[int, tuple[int, Mapping[str, int]]] = {}  # by identity: equal ones are the same
    kind = []
    numbers = array("d")
    for reading in readings:
        values = reading.values if isinstance(reading.values, Values) else Values(reading.values.items())
        known = kinds.get(id(values.kind))
        if known is None:
            known = kinds[id(values.kind)] = len(kinds), values.kind
        kind.append(known[0])
        numbers.extend(values.numbers)
    ids = tuple(reading.id for reading in readings)
    names = tuple(tuple(each) for _, each in kinds.values())
    answered = frozenset(ids)
    unanswered = tuple(key for key in asked if key not in answered)
    head = ReadingsHead(now, freshness.fetched_at, freshness.ttl, ids, names, tuple(kind), unanswered)
    return READINGS.write(head, numbers)


def read_readings(record: bytes, aged: Aged | None = None) -> tuple[ReadingsHead, Iterable[Reading]]:
    """The opposite of :func:`readings_record`."""
    head, numbers = READINGS.read(record, aged)
    if len(head.ids) != len(head.kind) or any(not 0 <= kind < len(head.kinds) for kind in head.kind):
        raise UnreadableRecordError("ids and kinds differ")
    if sum(len(head.kinds[kind]) for kind in head.kind) != len(numbers):
        raise UnreadableRecordError("keys and numbers differ")
    kinds = [kind_of(names) for names in head.kinds]
    readings = []
    start = 0
    for key, number in zip(head.ids, head.kind, strict=True):
        end = start + len(kinds[number])
        readings.append(Reading(key, Values.of(kinds[number], numbers[start:end])))
        start = end
    return head, readings


def digest(ids: Iterable[str]) -> str:
    """A short name for a group of ids."""
    joined = "\n".join(ids).encode(errors="surrogatepass")
    return hashlib.blake2b(joined, digest_size=12).hexdigest()


def _no_number(text: str) -> float:
    raise ValueError(text)


def _little_endian(numbers: "array[float]") -> "array[float]":
    if sys.byteorder == "big":  # pragma: no cover - no such machine here
        numbers = numbers[:]
        numbers.byteswap()
    return numbers
