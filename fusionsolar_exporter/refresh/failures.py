"""What a failed request does to its interface, its batch and its session (the reasons are in ``northbound.errors``)."""

from dataclasses import dataclass

from fusionsolar_exporter.northbound.errors import DAY_LIMIT, NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import HOUR
from fusionsolar_exporter.pacing.holds import DAY
from fusionsolar_exporter.refresh.collectors.base import Collector, Job
from fusionsolar_exporter.refresh.collectors.device_list import DeviceListCollector
from fusionsolar_exporter.refresh.collectors.plant_list import PlantListCollector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.session.session import Session
from fusionsolar_exporter.status import CollectorName

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Failures:
    """Decides when what failed is tried again."""

    desk: AccountContext
    sessions: Session
    plant_list: PlantListCollector
    device_list: DeviceListCollector

    def handle(self, collector: Collector, job: Job, error: NorthboundError, ended: float) -> None:
        """One request failed at a moment."""
        if error.reason is Reason.NOT_LOGGED_IN:
            if self._replay(job, ended):
                return
        elif self._is_permission(collector, error):
            self.desk.holds[job.interface].not_permitted(ended, error.message)
            job.batch.retry_at = ended
            collector.not_permitted(job.interface, ended + DAY, ended)
        elif error.reason is Reason.REJECTED:
            doubtful = collector.rejected(job, error, ended)
            if doubtful:
                self.plant_list.make_due(ended)
                self.device_list.make_due(doubtful, ended)
        else:
            job.batch.retry_at = ended
            self._hold(job, error, ended)
        collector.finished(job, answered=False, ended=ended)

    def _replay(self, job: Job, ended: float) -> bool:
        """The far side has ended the session: the request did not count, and is sent once more after a login."""
        self.desk.ledger.give_back(job.interface)
        self.sessions.ended(ended)
        job.batch.replayed = not job.batch.replayed
        if job.batch.replayed:
            job.batch.retry_at = job.due
        return job.batch.replayed

    def _hold(self, job: Job, error: NorthboundError, ended: float) -> None:
        hold = self.desk.holds[job.interface]
        if error.reason is Reason.RATE_LIMITED and error.fail_code is not None:
            at_least = HOUR if error.fail_code == DAY_LIMIT else 0.0
            hold.rate_limited(ended, self.desk.limit(job.interface).window, error.message, at_least=at_least)
        else:
            hold.back_off(ended, self.desk.settings.backoff, error.message)

    @staticmethod
    def _is_permission(collector: Collector, error: NorthboundError) -> bool:
        # a system from before one of the plant lists, or after it, does not know its path
        missing = collector.name is CollectorName.PLANT_LIST and error.http_status == _NOT_FOUND
        return missing or error.reason is Reason.PERMISSION
