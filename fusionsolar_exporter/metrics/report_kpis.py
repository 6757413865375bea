"""Which metric each key of hourly to yearly data becomes (reference 9.2.2 to 9.2.11; ``tables/reports.tsv``).

The metrics of a report differ in the word for its periods alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from fusionsolar_exporter.metrics.factor import multiplier_and_divisor
from fusionsolar_exporter.metrics.tables import rows
from fusionsolar_exporter.status import CollectorName

PERIOD_LABEL, KEY_LABEL = "period", "key"


@dataclass(frozen=True, slots=True)
class ReportKpi:
    """One row of the table, for one report."""

    report: CollectorName
    device_types: tuple[int, ...]
    """Types whose key it is; empty where it is a plant's."""
    key: str
    metric: str
    multiplier: float
    divisor: float
    unit: str
    """Unit of the interface; empty where the value has none."""
    bare_unit: str
    item: str
    note: str


def prefix(report: CollectorName) -> str:
    """What the metrics of a report begin with."""
    return f"fusionsolar_{report.value}_report"


def period_metric(report: CollectorName) -> str:
    """The metric that says where a period starts."""
    return f"{prefix(report)}_period_timestamp_seconds"


def unknown_metric(report: CollectorName) -> str:
    """The metric of keys that no table knows."""
    return f"{prefix(report)}_kpi"


def _kpis(row: Mapping[str, str]) -> list[ReportKpi]:
    types = tuple(map(int, filter(None, row["device_types"].split(","))))
    scale = multiplier_and_divisor(float(row["factor"]))
    texts = row["unit"], row["bare_unit"], row["item"], row["note"]
    return [
        ReportKpi(report, types, row["key"], f"{prefix(report)}_{row['quantity']}", *scale, *texts)
        for report in (CollectorName(f"{row['scope']}_{period}") for period in row["periods"].split(","))
    ]


REPORT_KPIS = tuple(kpi for row in rows("reports") for kpi in _kpis(row))
_BY_KEY = {(kpi.report, type_id, kpi.key): kpi for kpi in REPORT_KPIS for type_id in kpi.device_types or (0,)}


def report_kpi(report: CollectorName, type_id: int, key: str) -> ReportKpi | None:
    """Where a key goes; None where no table knows it. The type of plants is 0."""
    return _BY_KEY.get((report, type_id, key))


def kpis_of(report: CollectorName) -> list[ReportKpi]:
    """The rows of one report, each metric once."""
    found = {kpi.metric: kpi for kpi in REPORT_KPIS if kpi.report is report}
    return list(found.values())
