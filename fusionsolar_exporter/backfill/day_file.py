"""The file of one day: OpenMetrics text with timestamps, with the names and labels of live scrapes."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from math import isfinite
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from fusionsolar_exporter.backfill.options import DEVICE_HISTORY
from fusionsolar_exporter.backfill.progress import replace_where_different
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
from fusionsolar_exporter.metrics.routes import AccountRoutes
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.interfaces import INVERTER_TYPES
from fusionsolar_exporter.northbound.model import DatedReading
from fusionsolar_exporter.status import CollectorName

_POWER_KEY, _POWER = "active_power", "fusionsolar_plant_active_power_watts"
_UNKNOWN = "fusionsolar_device_kpi"
_IN_MEMORY = 4_000_000
"""Characters of all metrics that wait in memory."""


@dataclass(frozen=True, slots=True)
class AccountSeries:
    """What the series of one account are called."""

    labels: AccountLabels
    routes: AccountRoutes


class DayFile:
    """Collects samples by metric, in memory and beyond that in files, and puts them together."""

    def __init__(
        self, accounts: Mapping[str, AccountSeries], extra: Mapping[str, str], exports: Callable[[str], bool]
    ) -> None:
        self._accounts = accounts
        self._extra = extra
        self._exports = exports
        self._labels: dict[int, Labels] = {}
        self._power: dict[tuple[str, str], dict[float, float]] = {}
        self._waiting: dict[str, StringIO] = {}
        self._spilled: dict[str, IO[str]] = {}
        self._held = 0
        self.samples = 0

    def add(self, what: str, account: str, rows: Iterable[tuple[DatedReading, float]]) -> None:
        """Take all rows that a day has of some plants or devices, each with the moment that it stands at."""
        found: dict[str, dict[float, tuple[DatedReading, float]]] = {}
        for row, at in rows:
            found.setdefault(row.id, {})[row.begin] = row, at
        for key, by_begin in sorted(found.items()):
            ordered = [by_begin[begin] for begin in sorted(by_begin)]
            if what == DEVICE_HISTORY:
                self._history(account, key, ordered)
            else:
                self._report(CollectorName(what), account, key, ordered)

    def write(self, path: Path) -> None:
        """Write the whole file, unless it is there and says the same; FolderError where that cannot be."""
        for (account, code), points in sorted(self._power.items()):
            labels = self._accounts[account].labels.plants.get(code)
            if labels is not None:
                self._write(_POWER, labels, {}, sorted(points.items()))
        if self.samples:
            replace_where_different(path, self._texts())

    def _texts(self) -> Iterator[bytes]:
        for name, family in FAMILIES.items():
            if name in self._waiting:
                yield _head(family).encode()
                if name in self._spilled:
                    self._spilled[name].seek(0)
                    while text := self._spilled[name].read(_IN_MEMORY):
                        yield text.encode()
                yield self._waiting[name].getvalue().encode()
        yield b"# EOF\n"

    def close(self) -> None:
        """Give up what was spilled."""
        for file in self._spilled.values():
            file.close()

    def _history(self, account: str, key: str, rows: list[tuple[DatedReading, float]]) -> None:
        series = self._accounts[account]
        labels, device = series.labels.devices.get(key), series.labels.known_devices.get(key)
        if labels is None or device is None:
            return
        routes = series.routes.of(device, series.labels.known_plants)
        columns: dict[str, list[tuple[float, float]]] = {}
        for row, at in rows:
            for name, value in row.values.items():
                columns.setdefault(name, []).append((at, value))
        for name, points in columns.items():
            route = routes[name]
            if route is None:
                multiplier, divisor = routes.scale(name, 1.0)
                metric, extra = _UNKNOWN, {KEY_LABEL: label_value(name)}
            else:
                multiplier, divisor, metric = route.multiplier, route.divisor, route.metric
                extra = {route.label: route.label_value} if route.label else {}
            scaled = [(at, value * multiplier / divisor) for at, value in points]
            self._write(metric, labels, extra, scaled)
            if name == _POWER_KEY and device.type_id in INVERTER_TYPES:
                sums = self._power.setdefault((account, device.plant_code), {})
                for at, value in scaled:
                    sums[at] = sums.get(at, 0.0) + value

    def _report(self, report: CollectorName, account: str, key: str, rows: list[tuple[DatedReading, float]]) -> None:
        series = self._accounts[account].labels
        plant, device = series.plants.get(key), series.known_devices.get(key)
        labels = plant if report.value.startswith("plant") else series.devices.get(key)
        if labels is None:
            return
        type_id = 0 if labels is plant or device is None else device.type_id
        last = {PERIOD_LABEL: ReportPeriod.LAST.value}
        self._write(period_metric(report), labels, last, [(at, row.begin) for row, at in rows])
        columns: dict[str, list[tuple[float, float]]] = {}
        for row, at in rows:
            for name, value in row.values.items():
                columns.setdefault(name, []).append((at, value))
        for name, points in columns.items():
            kpi = report_kpi(report, type_id, name)
            if kpi is None:
                self._write(unknown_metric(report), labels, {**last, KEY_LABEL: label_value(name)}, points)
            else:
                scaled = [(at, value * kpi.multiplier / kpi.divisor) for at, value in points]
                self._write(kpi.metric, labels, last, scaled)

    def _write(
        self, metric: str, labels: Labels, extra: Mapping[str, str], points: Iterable[tuple[float, float]]
    ) -> None:
        if not self._exports(metric):
            return
        before = f"{metric}{{{self._all(labels).joined(extra)}}} "
        lines = [f"{before}{value!r} {at:.0f}\n" for at, value in points if isfinite(value)]
        if not lines:
            return
        text = "".join(lines)
        self._waiting.setdefault(metric, StringIO()).write(text)
        self.samples += len(lines)
        self._held += len(text)
        if self._held > _IN_MEMORY:
            self._spill()

    def _all(self, labels: Labels) -> Labels:
        """The labels of a plant or device with those that were asked for."""
        found = self._labels.get(id(labels))
        if found is None:
            found = self._labels[id(labels)] = Labels({**labels.values, **self._extra})
        return found

    def _spill(self) -> None:
        for name, buffer in self._waiting.items():
            if name not in self._spilled:
                self._spilled[name] = TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the day
            self._spilled[name].write(buffer.getvalue())
            self._waiting[name] = StringIO()
        self._held = 0


def _head(family: Family) -> str:
    unit = f"# UNIT {family.name} {family.openmetrics_unit}\n" if family.openmetrics_unit else ""
    text = family.help.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return f"# TYPE {family.name} {family.type}\n{unit}# HELP {family.name} {text}\n"
