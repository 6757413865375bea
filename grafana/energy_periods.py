"""Bars of energy per day, month and year: from reports where they are enabled, else from the counters; without rules.

A bar stands at midnight (UTC) after its period. What is shown there is what is known some time later on that day: in no
zone does a day end shortly before that, so that reports of live scrapes have come, and are those that a backfill has
written at the last second of their periods.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from grafana_foundation_sdk.builders.timeseries import Panel

from fusionsolar_exporter.metrics.families import FAMILIES
from grafana.panels import HALF, Frame, coloured, lines, prop
from grafana.queries import BY_PLANT, PLANT, Query
from grafana.states import GREY, ORANGE, PURPLE, YELLOW

_HOUR, _DAY = 3600, 86400
_LATER = 45900  # seconds: a quarter to one
_FARTHEST = 14 * _HOUR
"""How far local midnight is from that of UTC at most."""
_BY = f"by ({', '.join(BY_PLANT)})"
_COLOURS = {"yield": YELLOW, "fed in": PURPLE, "consumed": ORANGE}
_REPORTED: Mapping[str, str] = {
    "yield": "inverter_yield_watthours",
    "fed in": "feed_in_energy_watthours",
    "consumed": "consumption_watthours",
}
_COUNTERS: Mapping[str, str] = {
    "yield": "fusionsolar_plant_yield_watthours_total",
    "fed in": "fusionsolar_plant_feed_in_energy_watthours_total",
    "consumed": "fusionsolar_plant_consumption_watthours_total",
}
_FROM = "From reports of the management system where they are enabled, else from the exporter's counters."


@dataclass(frozen=True, slots=True)
class _Kind:
    report: str
    lengths: Mapping[int, str]
    """In days; which one it is where there are several, said of the day before the bar."""
    begins: str
    """Whether a period begins with the day of the bar; empty where each day does."""
    shown: str
    """How much time its panel shows."""


_BEFORE, _AFTER = f"vector(time() - {12 * _HOUR})", f"vector(time() + {_LATER})"
_DAYS = _Kind("daily", {1: ""}, "", "30d")
_MONTHS = _Kind(
    "monthly",
    {days: f"days_in_month({_BEFORE}) == {days}" for days in (28, 29, 30, 31)},
    f"day_of_month({_AFTER}) == 1",
    "400d",
)
_YEARS = _Kind(
    "yearly",
    {365: f"year({_BEFORE}) % 4 != 0", 366: f"year({_BEFORE}) % 4 == 0"},
    f"(month({_AFTER}) == 1 and day_of_month({_AFTER}) == 1)",
    "10y",
)
_A_YEAR = 365
_MOST_DAYS = 4000
"""That a panel may show: ten years."""


def energy_days(of: str, size: tuple[int, int] = HALF) -> Panel:
    """Energy of each day of the plants that are chosen; ``of`` says which those are."""
    return _bars("day", _DAYS, of, size)


def energy_months(of: str, size: tuple[int, int] = HALF) -> Panel:
    """The same of months."""
    return _bars("month", _MONTHS, of, size)


def energy_years(of: str, size: tuple[int, int] = HALF) -> Panel:
    """The same of years."""
    return _bars("year", _YEARS, of, size)


def year_before(of: str) -> Panel:
    """The yield of each month beside that of the same month a year before."""
    description = f"What {of} yielded: bars that stand at the end of a month, and dots of the year before. {_FROM}"
    panel = lines(
        _frame("Yield of the month, against the same month of last year", description, HALF),
        Query(_energy(_MONTHS, "yield"), "yield"),
        Query(_energy(_MONTHS, "yield", back=_A_YEAR), "a year before"),
        bars=True,
    )
    return _drawn(panel, _MONTHS, {"yield": YELLOW, "a year before": GREY})


def _bars(period: str, kind: _Kind, of: str, size: tuple[int, int]) -> Panel:
    queries = [Query(_energy(kind, name), name) for name in _COLOURS]
    description = f"What {of} yielded, fed in and consumed: bars and dots that stand at the end of a {period}. {_FROM}"
    panel = lines(_frame(f"Energy per {period}", description, size), *queries, bars=True)
    return _drawn(panel, kind, _COLOURS)


def _drawn(panel: Panel, kind: _Kind, colours: Mapping[str, str]) -> Panel:
    """The first series as bars; the others, whose bars would stand in front of it, as dots in them."""
    # a step of more than a day would pass over the days on which bars stand; and Grafana puts a value that is null on
    # each day between them, which makes bars as narrow as a day, but where it is told what a gap is
    panel.interval("1d").max_data_points(_MOST_DAYS).time_from(kind.shown)
    panel.insert_nulls((max(kind.lengths) + 1) * _DAY * 1000)
    for name in list(colours)[1:]:
        dots = prop("custom.drawStyle", "points"), prop("custom.showPoints", "always"), prop("custom.pointSize", 8)
        panel.override_by_name(name, list(dots))
    return coloured(panel, colours)


def _frame(title: str, description: str, size: tuple[int, int]) -> Frame:
    return Frame(title, description, size, "watth", least=0)


def _energy(kind: _Kind, name: str, *, back: int = 0) -> str:
    """The energy of the period that has just ended, or of the same one so many days before; all plants together."""
    parts = [_reported(kind, name, back)]
    if kind is _DAYS:
        # replicas count the same, so the larger one of their increases is that of the plant
        parts.append(f"max {_BY} (increase({_known(_COUNTERS[name])}{{{PLANT}}}[1d]))")
    else:
        for days, when in kind.lengths.items():
            counted = f"({_counted(name, back)} - {_counted(name, back + days)} >= 0)"
            parts.append(f"({counted} and on () ({when}))")
    found = f"sum({' or '.join(parts)})"
    return f"{found} and on () ({kind.begins})" if kind.begins else found


def _reported(kind: _Kind, name: str, back: int) -> str:
    prefix = f"fusionsolar_plant_{kind.report}_report"
    # a leap day lies between at most once: the day after still shows the same report
    window, shift = (2, _LATER) if not back else (4, _LATER - (back - 1) * _DAY)
    longest = (max(kind.lengths) + (back + 1 if back else 0)) * _DAY + _FARTHEST

    def newest(metric: str) -> str:
        selected = f'{_known(f"{prefix}_{metric}")}{{{PLANT},period="last"}}'
        return f"max {_BY} (last_over_time({selected}[{window}d] offset {_offset(-shift)}))"

    begun = f"{newest('period_timestamp_seconds')} > time() - {longest}"
    return f"({newest(_REPORTED[name])} and ({begun}))"


def _counted(name: str, days: int) -> str:
    back = f" offset {days}d" if days else ""
    return f"max {_BY} (last_over_time({_known(_COUNTERS[name])}{{{PLANT}}}[1d]{back}))"


def _offset(seconds: int) -> str:
    return f"{'-' if seconds < 0 else ''}{abs(seconds) // 60}m"


def _known(metric: str) -> str:
    """KeyError for a metric that there is not."""
    return FAMILIES[metric].name
