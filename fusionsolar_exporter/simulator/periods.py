"""The hours, days, months and years of a plant's calendar: where each begins and ends, in Unix seconds."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.local_calendar import LocalCalendar

_HOUR = 3600.0
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Period:
    """A time of a calendar."""

    begin: float
    end: float


def hours_of_day(calendar: LocalCalendar, moment: float, _: float) -> Iterator[Period]:
    """Yield the hours of the day of ``moment``; an hour that the clocks show twice is one, so that there are 24."""
    today = calendar.today(moment)
    begin, end = calendar.start(today), calendar.start(today + timedelta(days=1))
    starts: list[float] = []
    shown: set[int] = set()
    at = begin
    while at < end:
        hour = int((at + calendar.offset(at).total_seconds()) // _HOUR % 24)
        if hour not in shown:
            starts.append(at)
            shown.add(hour)
        at += _HOUR
    return (Period(a, b) for a, b in zip(starts, [*starts[1:], end], strict=True))


def days_of_month(calendar: LocalCalendar, moment: float, _: float) -> Iterator[Period]:
    """Yield the days of the month of ``moment``."""
    day = calendar.today(moment).replace(day=1)
    month = day.month
    while day.month == month:
        after = day + timedelta(days=1)
        yield Period(calendar.start(day), calendar.start(after))
        day = after


def months_of_year(calendar: LocalCalendar, moment: float, _: float) -> Iterator[Period]:
    """Yield the months of the year of ``moment``."""
    year = calendar.today(moment).year
    starts = [calendar.start(date(year, month, 1)) for month in range(1, _MONTHS + 1)]
    starts.append(calendar.start(date(year + 1, 1, 1)))
    return (Period(a, b) for a, b in pairwise(starts))


def years_since(calendar: LocalCalendar, moment: float, connected_at: float) -> Iterator[Period]:
    """Yield the years from ``connected_at`` to that of ``moment``."""
    for year in range(calendar.today(connected_at).year, calendar.today(moment).year + 1):
        yield Period(calendar.start(date(year, 1, 1)), calendar.start(date(year + 1, 1, 1)))


_Periods = Callable[[LocalCalendar, float, float], Iterator[Period]]
PERIODS: Mapping[Interface, _Periods] = {
    Interface.PLANT_HOURS: hours_of_day,
    Interface.PLANT_DAYS: days_of_month,
    Interface.PLANT_MONTHS: months_of_year,
    Interface.PLANT_YEARS: years_since,
    Interface.DEVICE_DAYS: days_of_month,
    Interface.DEVICE_MONTHS: months_of_year,
    Interface.DEVICE_YEARS: years_since,
}
"""Which periods an answer of an interface holds, by the moment that is asked about."""


def begun(interface: Interface, calendar: LocalCalendar, asked: float, now: float, since: float) -> Iterator[Period]:
    """Yield the periods that an answer holds: begun by ``now``, and not over before ``since``.

    Years are all there are, whatever was asked.
    """
    moment = now if interface in {Interface.PLANT_YEARS, Interface.DEVICE_YEARS} else asked
    for period in PERIODS[interface](calendar, moment, since):
        if period.begin <= now and period.end > since:
            yield period
