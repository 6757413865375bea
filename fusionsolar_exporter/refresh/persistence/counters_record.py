"""How energy counters are written for the state: their registers as plain numbers."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from math import isfinite

from fusionsolar_exporter.counters.counted import KINDS
from fusionsolar_exporter.counters.energy_counters import Counted
from fusionsolar_exporter.refresh.persistence.records import Form, UnreadableRecordError

COUNTERS_KEY = "counters"
_Written = tuple[float, Mapping[str, tuple[float, ...]]]


@dataclass(frozen=True, slots=True)
class CountersRecord:
    """When each was answered last (Unix seconds), and its registers by key of the interface."""

    counted: Mapping[str, _Written]


COUNTERS = Form(CountersRecord)


def counters_record(counted: Mapping[str, Counted]) -> bytes:
    """The counters of the plants or devices of one answer."""
    return COUNTERS.write(CountersRecord({key: _written(some) for key, some in counted.items()}))


def read_counters(record: bytes) -> Mapping[str, Counted]:
    """The opposite of :func:`counters_record`."""
    head, _ = COUNTERS.read(record)
    return {key: _counted(*some) for key, some in head.counted.items()}


def _written(counted: Counted) -> _Written:
    return counted.answered_at, {key: astuple(register) for key, register in counted.registers.items()}


def _counted(answered_at: float, registers: Mapping[str, tuple[float, ...]]) -> Counted:
    found = {}
    for key, numbers in registers.items():
        kind = KINDS.get(key)
        if kind is None:
            continue  # what this version does not count
        if not all(map(isfinite, (answered_at, *numbers))) or any(number < 0 for number in numbers[:1]):
            raise UnreadableRecordError("no numbers of a counter")
        try:
            found[key] = kind(*numbers)
        except TypeError:
            raise UnreadableRecordError("not the numbers of a counter") from None
    return Counted(answered_at, found)
