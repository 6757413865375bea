"""The table of reports: how long the periods of each are, and how often it is asked at most."""

from collections.abc import Mapping
from dataclasses import dataclass

from fusionsolar_exporter.northbound.interfaces import DAY, HOUR
from fusionsolar_exporter.refresh.reports.periods import PeriodKind
from fusionsolar_exporter.status import CollectorName


@dataclass(frozen=True, slots=True)
class ReportKind:
    """One row."""

    periods: PeriodKind
    least_interval: float
    """Seconds."""


REPORT_KINDS: Mapping[CollectorName, ReportKind] = {
    CollectorName.PLANT_HOURLY: ReportKind(PeriodKind.HOUR, HOUR),
    CollectorName.PLANT_DAILY: ReportKind(PeriodKind.DAY, 6 * HOUR),
    CollectorName.PLANT_MONTHLY: ReportKind(PeriodKind.MONTH, 12 * HOUR),
    CollectorName.PLANT_YEARLY: ReportKind(PeriodKind.YEAR, DAY),
    CollectorName.DEVICE_DAILY: ReportKind(PeriodKind.DAY, 6 * HOUR),
    CollectorName.DEVICE_MONTHLY: ReportKind(PeriodKind.MONTH, 12 * HOUR),
    CollectorName.DEVICE_YEARLY: ReportKind(PeriodKind.YEAR, DAY),
}
