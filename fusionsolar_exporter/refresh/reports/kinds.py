"""The table of reports: where each comes from, how long its periods are, how often it is asked at most."""

from collections.abc import Mapping
from dataclasses import dataclass

from fusionsolar_exporter.northbound.interfaces import DAY, HOUR, Interface
from fusionsolar_exporter.refresh.reports.periods import PeriodKind
from fusionsolar_exporter.status import CollectorName


@dataclass(frozen=True, slots=True)
class ReportKind:
    """One row."""

    interface: Interface
    periods: PeriodKind
    least_interval: float
    """Seconds."""


REPORT_KINDS: Mapping[CollectorName, ReportKind] = {
    CollectorName.PLANT_HOURLY: ReportKind(Interface.GET_KPI_STATION_HOUR, PeriodKind.HOUR, HOUR),
    CollectorName.PLANT_DAILY: ReportKind(Interface.GET_KPI_STATION_DAY, PeriodKind.DAY, 6 * HOUR),
    CollectorName.PLANT_MONTHLY: ReportKind(Interface.GET_KPI_STATION_MONTH, PeriodKind.MONTH, 12 * HOUR),
    CollectorName.PLANT_YEARLY: ReportKind(Interface.GET_KPI_STATION_YEAR, PeriodKind.YEAR, DAY),
    CollectorName.DEVICE_DAILY: ReportKind(Interface.GET_DEV_KPI_DAY, PeriodKind.DAY, 6 * HOUR),
    CollectorName.DEVICE_MONTHLY: ReportKind(Interface.GET_DEV_KPI_MONTH, PeriodKind.MONTH, 12 * HOUR),
    CollectorName.DEVICE_YEARLY: ReportKind(Interface.GET_DEV_KPI_YEAR, PeriodKind.YEAR, DAY),
}
