"""Which of a plant's or device's periods is running, and which is the newest complete one."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

from fusionsolar_exporter.northbound.interfaces import HOUR
from fusionsolar_exporter.northbound.model import DatedReading
from fusionsolar_exporter.refresh.reports.periods import PeriodKind, end_of, may_be_longer, may_be_shorter
from fusionsolar_exporter.refresh.reports.zones import LearntOffset


@dataclass(frozen=True, slots=True)
class Chosen:
    """Moments are Unix seconds."""

    current: DatedReading | None
    current_ends: float
    last: DatedReading | None


def choose_periods(
    kind: PeriodKind, rows: Sequence[DatedReading], learnt: LearntOffset, asked_at: float, now: float
) -> Chosen:
    """The running period of ``now``, and the newest that had ended when the request was sent at ``asked_at``."""
    ordered = sorted(rows, key=attrgetter("begin"))
    current, current_ends, last = None, 0.0, None
    followers = [after.begin for _, after in pairwise(ordered)]
    for row, follower in zip(ordered, [*followers, None], strict=True):
        soonest, latest = _ends(kind, row.begin, follower, learnt)
        if row.begin <= now < soonest:
            current, current_ends = row, soonest
        if latest <= asked_at:
            last = row
    return Chosen(current, current_ends, last)


def _ends(kind: PeriodKind, begin: float, follower: float | None, learnt: LearntOffset) -> tuple[float, float]:
    """When a period is over at the soonest, and when at the latest."""
    end = end_of(kind, begin, learnt.offset)
    if follower is not None and abs(follower - end) <= HOUR:
        return follower, follower
    # nobody has told the clocks of the next day yet
    soonest = end - HOUR if may_be_shorter(kind, end, learnt.offset) else end
    latest = end + HOUR if learnt.midnight < end - HOUR and may_be_longer(kind, begin, end) else end
    return soonest, latest
