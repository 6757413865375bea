"""One collector a kind of data: what to ask, how to batch, what to put into the cache."""

from dataclasses import dataclass

from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.collectors.alarms import AlarmsCollector
from fusionsolar_exporter.refresh.collectors.base import Collector
from fusionsolar_exporter.refresh.collectors.batched import BatchCollector
from fusionsolar_exporter.refresh.collectors.convergence import ConvergenceCollector
from fusionsolar_exporter.refresh.collectors.device_list import DeviceListCollector
from fusionsolar_exporter.refresh.collectors.device_realtime import DeviceRealtimeCollector
from fusionsolar_exporter.refresh.collectors.device_reports import DeviceReportCollector
from fusionsolar_exporter.refresh.collectors.plant_list import PlantListCollector
from fusionsolar_exporter.refresh.collectors.plant_realtime import PlantRealtimeCollector
from fusionsolar_exporter.refresh.collectors.plant_reports import PlantReportCollector
from fusionsolar_exporter.refresh.collectors.reports import ReportCollector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.far_clock import FarClock
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.reports.zones import PlantZones
from fusionsolar_exporter.status import DEVICE_REPORTS, PLANT_REPORTS


@dataclass(frozen=True, slots=True)
class Collectors:
    """The collectors of one account."""

    plant_realtime: PlantRealtimeCollector
    device_realtime: DeviceRealtimeCollector
    plant_list: PlantListCollector
    device_list: DeviceListCollector
    alarms: AlarmsCollector
    reports: tuple[ReportCollector, ...]
    convergence: ConvergenceCollector
    zones: PlantZones
    """Which the reports have told."""

    @property
    def basic(self) -> tuple[Collector, ...]:
        """Those that are on unless the configuration says otherwise."""
        return self.plant_realtime, self.device_realtime, self.plant_list, self.device_list, self.alarms

    @property
    def all(self) -> tuple[Collector, ...]:
        """In the order in which they are shown."""
        return *self.basic, *self.reports, self.convergence

    @property
    def lists(self) -> tuple[Collector, ...]:
        """Those that say what there is to ask for."""
        return self.plant_list, self.device_list

    @property
    def batched(self) -> tuple[BatchCollector, ...]:
        """Those that ask for what the lists name."""
        return self.plant_realtime, self.device_realtime, self.device_list, self.alarms, *self.reports, self.convergence


def make_collectors(
    context: AccountContext,
    limiter: RateLimiter,
    inventory: Inventory,
    answers: AcceptedAnswers,
    far_clock: FarClock,
) -> Collectors:
    """One of each kind."""
    zones = PlantZones()
    by_plant = (PlantReportCollector(name, context, limiter, inventory, answers, zones) for name in PLANT_REPORTS)
    by_device = (DeviceReportCollector(name, context, limiter, inventory, answers, zones) for name in DEVICE_REPORTS)
    return Collectors(
        PlantRealtimeCollector(context, limiter, inventory, answers),
        DeviceRealtimeCollector(context, limiter, inventory, answers),
        PlantListCollector(context, limiter, inventory, answers),
        DeviceListCollector(context, limiter, inventory, answers),
        AlarmsCollector(context, limiter, inventory, answers, far_clock),
        (*by_plant, *by_device),
        ConvergenceCollector(context, limiter, inventory, answers),
        zones,
    )
