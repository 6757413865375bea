"""What a failed request does to its interface, its batch and its session (the reasons are in ``northbound.errors``)."""

from dataclasses import dataclass, field
from weakref import WeakSet

from fusionsolar_exporter.northbound.errors import DAY_LIMIT, NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import HOUR
from fusionsolar_exporter.pacing.holds import DAY
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.collectors import Collectors
from fusionsolar_exporter.refresh.collectors.base import Collector, Job
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.session.session import Session

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Failures:
    """Decides when what failed is tried again."""

    context: AccountContext
    limiter: RateLimiter
    session: Session
    collectors: Collectors
    _replayed: "WeakSet[Batch]" = field(default_factory=WeakSet)
    """Batches whose request an ended session refused, and which are to be sent once more."""

    def handle(self, collector: Collector, job: Job, error: NorthboundError, ended: float) -> None:
        """One request failed at a moment."""
        if error.reason is Reason.NOT_LOGGED_IN:
            if self._replay(job, ended):
                return
        elif self._is_permission(collector, error):
            self.limiter.holds[job.interface].not_permitted(ended, error.message)
            job.batch.retry_at = ended
            if collector is self.collectors.plant_list:
                self.collectors.plant_list.not_permitted(job.interface, ended + DAY, ended)
        elif error.reason is Reason.REJECTED:
            doubtful = collector.rejected(job, error, ended)
            if doubtful:
                self.collectors.plant_list.make_due(ended)
                self.collectors.device_list.make_due(doubtful, ended)
        else:
            job.batch.retry_at = ended
            if error.reason is Reason.RATE_LIMITED:
                self._too_early(collector, job, ended)
            self._hold(job, error, ended)
        collector.finished(job, answered=False, ended=ended)

    def answered(self, job: Job) -> None:
        """One request was answered with failCode 0."""
        self._replayed.discard(job.batch)

    def _replay(self, job: Job, ended: float) -> bool:
        """The far side has ended the session: the request did not count, and is sent once more after a login."""
        self.limiter.ledger.give_back(job.interface)
        self.limiter.paces.unsent(job.interface)
        self.session.ended(ended)
        if job.batch in self._replayed:  # a second time: an ordinary failure
            self._replayed.discard(job.batch)
            return False
        self._replayed.add(job.batch)
        job.batch.retry_at = job.due
        return True

    def _too_early(self, collector: Collector, job: Job, ended: float) -> None:
        """Refused although the ledger saw room: fewer plants may be listed by now, and so fewer calls allowed."""
        # it says nothing of the batch, which keeps its place: all age alike where an interface is slower than planned
        job.batch.retry_at = job.due
        surprise = self.limiter.paces.refused(job.interface, job.batch.last_start or ended)
        if surprise and collector not in self.collectors.lists:
            self.collectors.plant_list.make_due(ended)
            self.collectors.device_list.make_due(self.collectors.device_list.inventory.plants, ended)

    def _hold(self, job: Job, error: NorthboundError, ended: float) -> None:
        hold = self.limiter.holds[job.interface]
        if error.reason is Reason.RATE_LIMITED and error.fail_code is not None:
            at_least = HOUR if error.fail_code == DAY_LIMIT else 0.0
            hold.rate_limited(ended, self.limiter.limit(job.interface).window, error.message, at_least=at_least)
        else:
            hold.back_off(ended, self.context.settings.rates.backoff, error.message)

    def _is_permission(self, collector: Collector, error: NorthboundError) -> bool:
        # a system from before one of the plant lists, or after it, does not know its path
        missing = collector is self.collectors.plant_list and error.http_status == _NOT_FOUND
        return missing or error.reason is Reason.PERMISSION
