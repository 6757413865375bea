"""The collector of the past: asks what a plan says, and never by itself."""

from collections.abc import Sequence

from typing_extensions import override

from fusionsolar_exporter.backfill.request import HistoryRequest
from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import HOUR, Interface
from fusionsolar_exporter.northbound.model import DatedReading
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.blame import Remedy
from fusionsolar_exporter.refresh.collectors.base import Collector, Job
from fusionsolar_exporter.status import CollectorName

_INSIDE = HOUR
"""So long after its beginning a moment is inside of any day, month or year, whenever clocks change."""


class HistoryCollector(Collector):
    """One request at a time; what it brought stands here afterwards."""

    name = CollectorName.PLANT_HOURLY
    rank = 7

    def job(self, request: HistoryRequest, batch: Batch) -> Job:
        """What the engine is to perform; the same batch for each attempt."""
        self._request = request
        self.rows: Sequence[DatedReading] = ()
        return Job(request.interface, batch, batch.created, request.ids)

    @property
    @override
    def enabled(self) -> bool:
        return True

    @override
    def next(self, now: float) -> Job | None:
        return None

    @override
    def ask(self, client: Client, job: Job) -> Answer[Items[DatedReading]]:
        request = self._request
        if request.interface is Interface.GET_DEV_HISTORY_KPI:
            return client.device_history(request.device_type, request.ids, begin=request.begin, end=request.end - 1)
        about = min(request.begin + _INSIDE, request.end - 1)
        if request.device_type:
            return client.device_report(request.interface, request.device_type, request.ids, about)
        return client.plant_report(request.interface, request.ids, about)

    @override
    def accept(self, job: Job, content: Items[DatedReading], started: float, ended: float) -> bool:
        self.rows = content.items
        return True

    @override
    def started(self, job: Job, moment: float) -> None:
        job.batch.started(moment)

    @override
    def finished(self, job: Job, *, answered: bool, ended: float) -> None:
        """It is no part of a sweep."""

    @override
    def refused(self, job: Job, remedy: Remedy, error: NorthboundError, ended: float) -> Sequence[str]:
        return ()

    @override
    def batches(self) -> Sequence[Batch]:
        return ()

    @override
    def calls_needed(self) -> int:
        return 0

    @override
    def auto_interval(self) -> float:
        return 0.0

    @override
    def planned_interface(self) -> Interface:
        return Interface.GET_DEV_HISTORY_KPI

    @override
    def resume(self, now: float) -> None:
        """There is nothing to plan."""
