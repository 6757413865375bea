"""Hours, days, months and years of local calendars, of which only the offset from UTC is known.

Moments are Unix seconds, offsets are seconds ahead of UTC.
"""

from datetime import UTC, date, datetime, timedelta
from enum import Enum

from fusionsolar_exporter.northbound.interfaces import DAY, HOUR

_FARTHEST_EAST = 14 * HOUR
"""From here on an offset is one to the west: Hawaii lies ten hours behind UTC, and hardly a plant fourteen ahead."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHEN_CLOCKS_GO_BACK = (((3, 15), (4, 20)), ((9, 15), (11, 15)))
"""Months and days, the south's autumn and the north's."""
_WHEN_CLOCKS_GO_FORWARD = (
    ((3, 8), (3, 14)),
    ((3, 23), (3, 31)),
    ((4, 24), (4, 30)),
    ((9, 1), (9, 8)),
    ((9, 24), (10, 7)),
)
"""North America; Israel and Europe; Egypt; Chile; New Zealand and Australia."""
_FRIDAY = 4
"""On Fridays in Israel and Egypt, on a Saturday evening on Easter Island, elsewhere on Sundays."""


class PeriodKind(Enum):
    """How long the periods of a report are; the value is the length of the longest in seconds."""

    HOUR = HOUR
    DAY = DAY
    MONTH = 31 * DAY
    YEAR = 366 * DAY

    @property
    def container(self) -> "PeriodKind | None":
        """The period that one answer covers; None where an answer holds all there are."""
        return _CONTAINERS.get(self)


_CONTAINERS = {
    PeriodKind.HOUR: PeriodKind.DAY,
    PeriodKind.DAY: PeriodKind.MONTH,
    PeriodKind.MONTH: PeriodKind.YEAR,
}


def offset_of_midnight(begin: float) -> float:
    """The offset of a place where ``begin`` is midnight."""
    ahead = -begin % DAY
    return ahead if ahead < _FARTHEST_EAST else ahead - DAY


def start_of(kind: PeriodKind, moment: float, offset: float) -> float:
    """Where the period that holds a moment begins."""
    if kind is PeriodKind.HOUR:
        return moment - (moment + offset) % HOUR
    return _midnight(_first_day(kind, _local_date(moment, offset)), offset)


def end_of(kind: PeriodKind, begin: float, offset: float) -> float:
    """Where a period that begins there ends, by the clocks of its end."""
    if kind is PeriodKind.HOUR:
        return begin + HOUR
    # the offset may be that of the end alone: half a day later it is the same date by either
    return _midnight(_day_after(kind, _local_date(begin + DAY / 2, offset)), offset)


def may_be_longer(kind: PeriodKind, begin: float, end: float) -> bool:
    """Whether clocks may go back within the period, so that it ends up to an hour later than its offset says."""
    if kind in {PeriodKind.HOUR, PeriodKind.YEAR}:
        return False
    first, last = ((day.month, day.day) for day in (_local_date(begin, 0), _local_date(end, 0)))
    return any(since <= last and first <= until for since, until in _WHEN_CLOCKS_GO_BACK)


def may_be_shorter(kind: PeriodKind, end: float, offset: float) -> bool:
    """Whether a period may end an hour sooner than its offset says, since clocks may go forward on its last day."""
    day = _local_date(end - HOUR, offset)
    return (
        kind in {PeriodKind.DAY, PeriodKind.MONTH}
        and day.weekday() >= _FRIDAY
        and any(since <= (day.month, day.day) <= until for since, until in _WHEN_CLOCKS_GO_FORWARD)
    )


def _local_date(moment: float, offset: float) -> date:
    return (_EPOCH + timedelta(seconds=moment + offset)).date()


def _midnight(day: date, offset: float) -> float:
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH).total_seconds() - offset


def _first_day(kind: PeriodKind, day: date) -> date:
    if kind is PeriodKind.DAY:
        return day
    return day.replace(day=1) if kind is PeriodKind.MONTH else day.replace(month=1, day=1)


def _day_after(kind: PeriodKind, day: date) -> date:
    first = _first_day(kind, day)
    if kind is PeriodKind.DAY:
        return first + timedelta(days=1)
    if kind is PeriodKind.YEAR:
        return first.replace(year=first.year + 1)
    return (first + timedelta(days=31)).replace(day=1)
