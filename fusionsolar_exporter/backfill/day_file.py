"""The file of one day: OpenMetrics text with timestamps, with the names and labels of live scrapes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from fusionsolar_exporter.backfill.folder import replace_where_different, unusable
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
from fusionsolar_exporter.metrics.routes import AccountRoutes
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.interfaces import INVERTER_TYPES
from fusionsolar_exporter.northbound.model import DatedReading
from fusionsolar_exporter.status import CollectorName

_POWER_KEY, _POWER = "active_power", "fusionsolar_plant_active_power_watts"
_UNKNOWN = "fusionsolar_device_kpi"
_AT_ONCE = 1 << 20
_IN_MEMORY = 16_000_000
"""Bytes of all metrics that wait in memory."""


@dataclass(frozen=True, slots=True)
class AccountSeries:
    """What the series of one account are called."""

    labels: AccountLabels
    routes: AccountRoutes


class DayFile:
    """Collects samples by metric, in memory and beyond that in files of ``folder``, and puts them together."""

    def __init__(
        self,
        accounts: Mapping[str, AccountSeries],
        extra: Mapping[str, str],
        exports: Callable[[str], bool],
        folder: Path,
    ) -> None:
        self._accounts = accounts
        self._folder = folder
        self._extra = extra
        self._exports = exports
        self._labels: dict[int, Labels] = {}
        self._power: dict[tuple[str, str], dict[str, float]] = {}
        self._waiting: dict[str, list[bytes]] = {}
        self._spilled: dict[str, IO[bytes]] = {}
        self._held = 0
        self._spans = NewSamples()
        self.samples = 0
        self.unlisted: set[str] = set()
        """Plants and devices that no list names any more, so that nobody knows what their series are called."""

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
        """Write the whole file, unless it is there and says the same; FolderError where that cannot be.

        What it said about others, or about other hours, stays in it.
        """
        for (account, code), points in sorted(self._power.items()):
            labels = self._accounts[account].labels.plants.get(code)
            if labels is not None:
                times = sorted(points)
                self._write(_POWER, labels, {}, times, [points[at] for at in times])
        if self.samples:
            replace_where_different(path, self._texts(old_samples(path, self._spans)))

    def _texts(self, old: OldSamples) -> Iterator[bytes]:
        for name, family in FAMILIES.items():
            if name in self._waiting or name in old.metrics:
                yield _head(family).encode()
                yield from old.before.get(name, ())
                if name in self._spilled:
                    self._spilled[name].seek(0)
                    while text := self._spilled[name].read(_AT_ONCE):
                        yield text
                yield from self._waiting.get(name, ())
                yield from old.after.get(name, ())
        yield b"# EOF\n"

    def close(self) -> None:
        """Give up what was spilled."""
        for file in self._spilled.values():
            file.close()

    def _history(self, account: str, key: str, rows: list[tuple[DatedReading, float]]) -> None:
        series = self._accounts[account]
        labels, device = series.labels.devices.get(key), series.labels.known_devices.get(key)
        if labels is None or device is None:
            self.unlisted.add(key)
            return
        routes = series.routes.of(device, series.labels.known_plants)
        for name, times, values in _columns(rows):
            route = routes[name]
            if route is None:
                multiplier, divisor = routes.scale(name, 1.0)
                metric, extra = _UNKNOWN, {KEY_LABEL: label_value(name)}
            else:
                multiplier, divisor, metric = route.multiplier, route.divisor, route.metric
                extra = {route.label: route.label_value} if route.label else {}
            scaled = [value * multiplier / divisor for value in values]
            self._write(metric, labels, extra, times, scaled)
            if name == _POWER_KEY and device.type_id in INVERTER_TYPES:
                sums = self._power.setdefault((account, device.plant_code), {})
                for at, value in zip(times, scaled, strict=True):
                    sums[at] = sums.get(at, 0.0) + value

    def _report(self, report: CollectorName, account: str, key: str, rows: list[tuple[DatedReading, float]]) -> None:
        series = self._accounts[account].labels
        plant, device = series.plants.get(key), series.known_devices.get(key)
        labels = plant if report.value.startswith("plant") else series.devices.get(key)
        if labels is None:
            self.unlisted.add(key)
            return
        type_id = 0 if labels is plant or device is None else device.type_id
        last = {PERIOD_LABEL: ReportPeriod.LAST.value}
        times = [f"{at:.0f}" for _, at in rows]
        self._write(period_metric(report), labels, last, times, [row.begin for row, _ in rows])
        for name, some, values in _columns(rows):
            kpi = report_kpi(report, type_id, name)
            if kpi is None:
                self._write(unknown_metric(report), labels, {**last, KEY_LABEL: label_value(name)}, some, values)
            else:
                scaled = [value * kpi.multiplier / kpi.divisor for value in values]
                self._write(kpi.metric, labels, last, some, scaled)

    def _write(
        self, metric: str, labels: Labels, extra: Mapping[str, str], times: Sequence[str], values: Sequence[float]
    ) -> None:
        if not self._exports(metric):
            return
        before = f"{metric}{{{self._all(labels).joined(extra)}}} "
        # the one loop that runs for every value of the past
        lines = [f"{before}{value!r} {at}\n" for value, at in zip(values, times, strict=True) if isfinite(value)]
        if lines:
            text = "".join(lines).encode()
            self._waiting.setdefault(metric, []).append(text)
            self._spans.add(subject_of(labels), float(times[0]), float(times[-1]))
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
        try:
            for name, texts in self._waiting.items():
                if name not in self._spilled:
                    self._spilled[name] = TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed with the day
                self._spilled[name].writelines(texts)
                self._waiting[name] = []
        except OSError as error:
            raise unusable(self._folder, error) from None
        self._held = 0


def _columns(rows: Sequence[tuple[DatedReading, float]]) -> Iterator[tuple[str, Sequence[str], Sequence[float]]]:
    """Times and values of each key, in the order in which keys came first."""
    times = [f"{at:.0f}" for _, at in rows]
    all_values = [row.values for row, _ in rows]
    for name in dict.fromkeys(key for values in all_values for key in values):
        found = [values.get(name) for values in all_values]
        if None in found:
            pairs = [(at, value) for at, value in zip(times, found, strict=True) if value is not None]
            yield name, [at for at, _ in pairs], [value for _, value in pairs]
        else:
            yield name, times, [value for value in found if value is not None]


def _head(family: Family) -> str:
    unit = f"# UNIT {family.name} {family.openmetrics_unit}\n" if family.openmetrics_unit else ""
    text = family.help.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return f"# TYPE {family.name} {family.type}\n{unit}# HELP {family.name} {text}\n"
