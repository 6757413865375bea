"""Hourly, daily, monthly and yearly data of plants."""

from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import override

from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.model import DatedReading, Plant
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.batches import Batches
from fusionsolar_exporter.refresh.collectors.base import Job
from fusionsolar_exporter.refresh.collectors.reports import ReportCollector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.reports.zones import PlantZones
from fusionsolar_exporter.report_interfaces import REPORT_INTERFACES
from fusionsolar_exporter.status import CollectorName


class PlantReportCollector(ReportCollector):
    """One kind of batches: the selected plants."""

    def __init__(
        self,
        context: AccountContext,
        limiter: RateLimiter,
        inventory: Inventory,
        answers: AcceptedAnswers,
        zones: PlantZones,
    ) -> None:
        super().__init__(context, limiter, inventory, answers, zones)
        self._plants = Batches()

    @override
    def kinds(self) -> Sequence[Batches]:
        return (self._plants,)

    @override
    def plants_of(self, ids: Iterable[str]) -> list[str]:
        return list(ids)

    @override
    def plant_of(self, key: str) -> Plant | None:
        return self.inventory.plants.get(key)

    @override
    def device_types_of_ids(self) -> Mapping[str, int]:
        return {key: 0 for batch in self._plants.all for key in batch.ids}

    @override
    def ask_about(self, client: Client, job: Job, at: float) -> Answer[Items[DatedReading]]:
        return client.plant_report(self.interface, job.ids, at)

    @override
    def resume(self, now: float) -> None:
        self._plants.resume(self.inventory.plants, self.asked_at(), self.kept_left_out, now)

    @override
    def lists_changed(self, now: float) -> None:
        self._plants.sync(self.inventory.plants, now)


class PlantHourlyCollector(PlantReportCollector):
    """Hours of plants."""

    name = CollectorName.PLANT_HOURLY
    interface = REPORT_INTERFACES[name]


class PlantDailyCollector(PlantReportCollector):
    """Days of plants."""

    name = CollectorName.PLANT_DAILY
    interface = REPORT_INTERFACES[name]


class PlantMonthlyCollector(PlantReportCollector):
    """Months of plants."""

    name = CollectorName.PLANT_MONTHLY
    interface = REPORT_INTERFACES[name]


class PlantYearlyCollector(PlantReportCollector):
    """Years of plants."""

    name = CollectorName.PLANT_YEARLY
    interface = REPORT_INTERFACES[name]
