"""The file of one day: OpenMetrics text with timestamps, with the names and labels of live scrapes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from fusionsolar_exporter.backfill.columns import BEGINS, ENDS, FIRST_KEY, Columns, one_column
from fusionsolar_exporter.backfill.folder import replace_where_different
from fusionsolar_exporter.backfill.lines import HistoryLines
from fusionsolar_exporter.backfill.old_samples import NewSamples, OldSamples, old_samples, subject_of
from fusionsolar_exporter.backfill.options import DEVICE_HISTORY
from fusionsolar_exporter.cache import ReportPeriod
from fusionsolar_exporter.metrics.families import FAMILIES, Family
from fusionsolar_exporter.metrics.labels import AccountLabels, Labels
from fusionsolar_exporter.metrics.report_kpis import (
    KEY_LABEL,
    PERIOD_LABEL,
    period_metric,
    report_kpi,
    unknown_metric,
)
from fusionsolar_exporter.metrics.routes import AccountRoutes, Routes
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.interfaces import INVERTER_TYPES
from fusionsolar_exporter.status import CollectorName

_POWER_KEY, _POWER = "active_power", "fusionsolar_plant_active_power_watts"
_UNKNOWN = "fusionsolar_device_kpi"
_LAST = {PERIOD_LABEL: ReportPeriod.LAST.value}


@dataclass(frozen=True, slots=True)
class AccountSeries:
    """What the series of one account are called."""

    labels: AccountLabels
    routes: AccountRoutes


class _Way(NamedTuple):
    """Where the values of a key go."""

    metric: str
    extra: Mapping[str, str]
    multiplier: float = 1.0
    divisor: float = 1.0

    def scaled(self, values: "memoryview[float]") -> list[float]:
        multiplier, divisor = self.multiplier, self.divisor
        if multiplier == divisor == 1:
            return [*values]
        return [value * multiplier / divisor for value in values]


class _Series(NamedTuple):
    labels: Labels
    way: _Way
    columns: Columns
    column: int


class DayFile:
    """Collects columns by metric, and writes them as text, one series at a time."""

    def __init__(
        self, accounts: Mapping[str, AccountSeries], extra: Mapping[str, str], exports: Callable[[str], bool]
    ) -> None:
        self._accounts = accounts
        self._extra = extra
        self._exports = exports
        self._labels: dict[int, Labels] = {}
        self._ways: dict[tuple[int, str], _Way] = {}
        self._power: dict[tuple[str, str], dict[float, float]] = {}
        self._series: dict[str, list[_Series]] = {}
        self._spans = NewSamples()
        self._lines = HistoryLines()
        self.unlisted: set[str] = set()
        """Plants and devices that no list names any more, so that nobody knows what their series are called."""

    def add(self, what: str, account: str, columns: Columns) -> None:
        """Take all that a day has of one plant or device."""
        if what == DEVICE_HISTORY:
            self._history(account, columns)
        else:
            self._report(CollectorName(what), account, columns)

    def write(self, path: Path) -> None:
        """Write the whole file, unless it is there and says the same; FolderError where that cannot be.

        What it said about others, or about other hours, stays in it.
        """
        for (account, code), points in sorted(self._power.items()):
            labels = self._accounts[account].labels.plants.get(code)
            if labels is not None:
                power = one_column(code, dict(sorted(points.items())))
                self._take(labels, _Way(_POWER, {}), power, FIRST_KEY)
        if self._series:
            replace_where_different(path, self._texts(old_samples(path, self._spans)))

    def _texts(self, old: OldSamples) -> Iterator[bytes]:
        for name, family in FAMILIES.items():
            if name in self._series or name in old.metrics:
                yield _head(family).encode()
                yield from old.before.get(name, ())
                yield from map(self._text, self._series.get(name, ()))
                yield from old.after.get(name, ())
        yield b"# EOF\n"

    def _text(self, series: _Series) -> bytes:
        labels, way, columns, column = series
        name = f"{way.metric}{{{self._all(labels).joined(way.extra)}}}"
        return self._lines.of(name, columns.column(ENDS), way.scaled(columns.column(column)))

    def _history(self, account: str, columns: Columns) -> None:
        series = self._accounts[account]
        labels, device = series.labels.devices.get(columns.id), series.labels.known_devices.get(columns.id)
        if labels is None or device is None:
            self.unlisted.add(columns.id)
            return
        routes = series.routes.of(device, series.labels.known_plants)
        for column, key in enumerate(columns.keys, FIRST_KEY):
            way = self._way(routes, key)
            self._take(labels, way, columns, column)
            if key == _POWER_KEY and device.type_id in INVERTER_TYPES:
                sums = self._power.setdefault((account, device.plant_code), {})
                for at, value in zip(columns.column(ENDS), way.scaled(columns.column(column)), strict=True):
                    if value == value:  # noqa: PLR0124 - not NaN
                        sums[at] = sums.get(at, 0.0) + value

    def _way(self, routes: Routes, key: str) -> _Way:
        """The same one for all devices with the same factors."""
        found = self._ways.get((id(routes), key))
        if found is None:
            found = self._ways[id(routes), key] = _new_way(routes, key)
        return found

    def _report(self, report: CollectorName, account: str, columns: Columns) -> None:
        series = self._accounts[account].labels
        plant, device = series.plants.get(columns.id), series.known_devices.get(columns.id)
        labels = plant if report.value.startswith("plant") else series.devices.get(columns.id)
        if labels is None:
            self.unlisted.add(columns.id)
            return
        type_id = 0 if labels is plant or device is None else device.type_id
        self._take(labels, _Way(period_metric(report), _LAST), columns, BEGINS)
        for column, key in enumerate(columns.keys, FIRST_KEY):
            kpi = report_kpi(report, type_id, key)
            if kpi is None:
                way = _Way(unknown_metric(report), {**_LAST, KEY_LABEL: label_value(key)})
            else:
                way = _Way(kpi.metric, _LAST, kpi.multiplier, kpi.divisor)
            self._take(labels, way, columns, column)

    def _take(self, labels: Labels, way: _Way, columns: Columns, column: int) -> None:
        if self._exports(way.metric):
            self._series.setdefault(way.metric, []).append(_Series(labels, way, columns, column))
            times = columns.column(ENDS)
            self._spans.add(subject_of(labels), times[0], times[-1])

    def _all(self, labels: Labels) -> Labels:
        """The labels of a plant or device with those that were asked for."""
        found = self._labels.get(id(labels))
        if found is None:
            found = self._labels[id(labels)] = Labels({**labels.values, **self._extra})
        return found


def _new_way(routes: Routes, key: str) -> _Way:
    route = routes[key]
    if route is None:
        return _Way(_UNKNOWN, {KEY_LABEL: label_value(key)}, *routes.scale(key, 1.0))
    extra = {route.label: route.label_value} if route.label else {}
    return _Way(route.metric, extra, route.multiplier, route.divisor)


def _head(family: Family) -> str:
    unit = f"# UNIT {family.name} {family.openmetrics_unit}\n" if family.openmetrics_unit else ""
    text = family.help.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return f"# TYPE {family.name} {family.type}\n{unit}# HELP {family.name} {text}\n"
