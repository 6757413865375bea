"""Real-time values of the plants."""

from typing_extensions import override

from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.model import Reading
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.collectors.base import Job
from fusionsolar_exporter.refresh.collectors.by_plant import PlantBatchCollector
from fusionsolar_exporter.status import CollectorName


class PlantRealtimeCollector(PlantBatchCollector):
    """An empty answer keeps the old values until their time to live ends."""

    name = CollectorName.PLANT_REALTIME
    rank = 1
    interface = Interface.GET_STATION_REAL_KPI

    @override
    def ask(self, client: Client, job: Job) -> Answer[Items[Reading]]:
        return client.plant_readings(job.ids)

    @override
    def accept(self, job: Job, content: Items[Reading], started: float, ended: float) -> bool:
        del ended
        self.answered(job.batch)
        self.answers.plant_readings(job.ids, content.items, self.freshness(started))
        return True

    @override
    def auto_interval(self) -> float:
        return cadence.real_time_interval(self.limiter.limit(self.interface), self.calls_needed())
