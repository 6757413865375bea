"""How the points of the day's curves are written for the state: an entry each, which a new day writes over."""

from array import array
from dataclasses import dataclass

from fusionsolar_exporter.pacing.holds import DAY
from fusionsolar_exporter.power_curves import POINTS, PowerPoint
from fusionsolar_exporter.refresh.persistence.records import Form, UnreadableRecordError
from fusionsolar_exporter.state import Entry

POWER_KEY = "power"


@dataclass(frozen=True, slots=True)
class PowerRecord:
    """The head; the powers follow, in the order of ``codes``."""

    bucket: int
    codes: tuple[str, ...]


POWER = Form(PowerRecord)


def power_entry(point: PowerPoint, now: float) -> Entry:
    """A point of all curves; ``now`` is the pacing clock's."""
    record = POWER.write(PowerRecord(point.bucket, tuple(point.watts)), array("d", point.watts.values()))
    return Entry(f"{POWER_KEY}/{point.bucket % POINTS}", record, now, DAY)


def read_power(record: bytes) -> PowerPoint:
    """The opposite of :func:`power_entry`."""
    head, watts = POWER.read(record)
    if len(head.codes) != len(watts):
        raise UnreadableRecordError("plants and powers differ")
    return PowerPoint(head.bucket, dict(zip(head.codes, watts, strict=True)))
