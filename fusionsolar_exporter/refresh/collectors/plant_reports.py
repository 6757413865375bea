"""Hourly, daily, monthly and yearly data of plants."""

from typing_extensions import override

from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.model import DatedReading, Plant
from fusionsolar_exporter.refresh.collectors.base import Job
from fusionsolar_exporter.refresh.collectors.by_plant import PlantBatchCollector
from fusionsolar_exporter.refresh.collectors.reports import ReportCollector


class PlantReportCollector(ReportCollector, PlantBatchCollector):
    """One kind of batches: the selected plants."""

    @override
    def plant_of(self, key: str) -> Plant | None:
        return self.inventory.plants.get(key)

    @override
    def ask_about(self, client: Client, job: Job, at: float) -> Answer[Items[DatedReading]]:
        return client.plant_report(self.interface, job.ids, at)
