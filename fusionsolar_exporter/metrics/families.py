"""Every metric with its type, labels, unit and meaning (``tables/families.tsv``), and the HELP made from them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.kpis import KPIS, NUMBER
from fusionsolar_exporter.metrics.report_kpis import KEY_LABEL, PERIOD_LABEL, kpis_of, period_metric, unknown_metric
from fusionsolar_exporter.metrics.tables import rows
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.report_interfaces import REPORT_INTERFACES
from fusionsolar_exporter.status import PLANT_REPORTS, REPORTS, CollectorName

_CACHED = "Cached: as of the last answer, not of the scrape."


class MetricType(StrEnum):
    """Types of metrics in use."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Scope(StrEnum):
    """What a metric is about, which is what gives it its first labels."""

    PLANT = "plant"
    ALARM = "alarm"
    DEVICE = "device"
    ACCOUNT = "account"
    EXPORTER = "exporter"


_PLANT_LABELS = ("account", "plant_code", "plant")
_DEVICE_LABELS = (*_PLANT_LABELS, "device_id", "device", "device_type")
LABELS: Mapping[Scope, tuple[str, ...]] = {
    Scope.PLANT: _PLANT_LABELS,
    Scope.ALARM: _DEVICE_LABELS,
    Scope.DEVICE: _DEVICE_LABELS,
    Scope.ACCOUNT: ("account",),
    Scope.EXPORTER: (),
}
DATA_SCOPES = frozenset({Scope.PLANT, Scope.ALARM, Scope.DEVICE})


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. ``name`` is that of its samples, so a counter's ends with ``_total``."""

    name: str
    type: MetricType
    scope: Scope
    labels: tuple[str, ...]
    """Beyond those of the scope."""
    unit: str
    summary: str
    source: str
    """Interfaces, keys, units and device types that it comes from; empty for the exporter's own."""
    note: str

    @property
    def all_labels(self) -> tuple[str, ...]:
        """Every label, those of the scope first."""
        return LABELS[self.scope] + self.labels

    @property
    def help(self) -> str:
        """The HELP text."""
        cached = _CACHED if self.scope in DATA_SCOPES else ""
        parts = (self.summary, self.note, f"Read from {self.source}" if self.source else "")
        return " ".join([*(f"{part}." for part in parts if part), cached]).rstrip()

    @property
    def openmetrics_unit(self) -> str:
        """What OpenMetrics calls the unit; empty where the name does not end in it, which that format demands."""
        unit = self.unit.replace(" ", "_")
        return unit if unit and self.name.removesuffix("_total").endswith(f"_{unit}") else ""

    def metric(self, samples: Iterable[Sample]) -> Metric:
        """The family as the client library knows it."""
        metric = Metric(self.name.removesuffix("_total"), self.help, self.type.value, self.openmetrics_unit)
        metric.samples.extend(samples)
        return metric


def _sources(metric: str) -> str:
    """The keys that a metric of the KPI table comes from, device types with the same keys and units together."""
    keys_of: dict[int | None, list[tuple[str, str]]] = {}
    for kpi in KPIS:
        if metric in {kpi.metric, kpi.counter}:
            for type_id in kpi.device_types or (None,):
                keys_of.setdefault(type_id, []).append((kpi.key.replace(NUMBER, "N"), kpi.unit))
    types_of: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for type_id, keys in keys_of.items():
        types_of.setdefault(tuple(keys), []).append("" if type_id is None else device_type_label(type_id))
    interface = Interface.GET_STATION_REAL_KPI if None in keys_of else Interface.GET_DEV_REAL_KPI
    parts = [
        ", ".join(key for key, _ in keys)
        + (f" in {keys[0][1]}" if keys[0][1] else "")
        + (f" of {', '.join(types)}" if types[0] else "")
        for keys, types in types_of.items()
    ]
    return f"{interface}: {'; '.join(parts)}" if parts else ""


def _family(row: Mapping[str, str]) -> Family:
    return Family(
        row["name"],
        MetricType(row["type"]),
        Scope(row["scope"]),
        tuple(filter(None, row["labels"].split(","))),
        row["unit"],
        row["summary"],
        row["source"] or _sources(row["name"]),
        row["note"],
    )


def _report_families(report: CollectorName) -> Iterator[Family]:
    """The metrics of one report: where its periods start, its values, and the keys that no table knows."""
    scope = Scope.PLANT if report in PLANT_REPORTS else Scope.DEVICE
    interface = REPORT_INTERFACES[report]

    def family(name: str, labels: tuple[str, ...], unit: str, summary: str, source: str, note: str) -> Family:
        return Family(name, MetricType.GAUGE, scope, labels, unit, summary, f"{interface}: {source}", note)

    periods = "period is current (running) or last (the newest complete one)"
    yield family(
        period_metric(report),
        (PERIOD_LABEL,),
        "seconds",
        "When the period of the report starts",
        "collectTime",
        periods,
    )
    for kpi in kpis_of(report):
        source = f"{kpi.key}{f' in {kpi.unit}' if kpi.unit else ''}"
        if kpi.device_types:
            source += f" of {', '.join(map(device_type_label, kpi.device_types))}"
        yield family(kpi.metric, (PERIOD_LABEL,), kpi.bare_unit, kpi.item, source, kpi.note)
    undocumented = "Keys that no table knows, in the interface's own unit"
    yield family(unknown_metric(report), (KEY_LABEL, PERIOD_LABEL), "", undocumented, "every other key", "")


FAMILIES: Mapping[str, Family] = {
    **{row["name"]: _family(row) for row in rows("families")},
    **{family.name: family for report in REPORTS for family in _report_families(report)},
}
"""By name, in the order in which they are exposed."""


def as_metrics(accounts: Iterable[Mapping[str, Iterable[Sample]]]) -> Iterator[Metric]:
    """The samples of accounts, each by the name of its family, as the client library's metrics."""
    together: dict[str, list[Sample]] = {}
    for by_name in accounts:
        for name, samples in by_name.items():
            together.setdefault(name, []).extend(samples)
    for name, samples in together.items():
        yield FAMILIES[name].metric(samples)


def as_openmetrics(metric: Metric) -> Metric:
    """A metric as OpenMetrics takes it.

    That format knows a counter by its name without ``_total``, and no two metrics by one name: where a gauge is called
    so, the counter goes by its whole name and has no type.
    """
    if metric.type != MetricType.COUNTER or metric.name not in FAMILIES:
        return metric
    untyped = Metric(f"{metric.name}_total", metric.documentation, "unknown")
    untyped.samples = metric.samples
    return untyped
