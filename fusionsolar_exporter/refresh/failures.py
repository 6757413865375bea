"""Carries out what :mod:`.blame` says of a failed request: on its interface, its batch and its session."""

from dataclasses import dataclass, field
from weakref import WeakSet

from fusionsolar_exporter.northbound.errors import DAY_LIMIT, NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import DAY, HOUR
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.blame import Remedy, blame
from fusionsolar_exporter.refresh.collectors import Collectors
from fusionsolar_exporter.refresh.collectors.base import Collector, Job
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.session.session import Session


@dataclass(frozen=True, slots=True)
class Failures:
    """Decides when what failed is tried again. Moments are in the pacing clock's seconds."""

    context: AccountContext
    limiter: RateLimiter
    session: Session
    collectors: Collectors
    _replayed: "WeakSet[Batch]" = field(default_factory=WeakSet)
    """Batches whose request an ended session refused, and which are to be sent once more."""

    def handle(self, collector: Collector, job: Job, error: NorthboundError, ended: float) -> None:
        """One request failed at a moment."""
        verdict = blame(error, collector.work_of(job), others_answered=collector.others_answered(job.batch))
        match verdict.remedy:
            case Remedy.LOG_IN:
                if self._replay(collector, job, ended):
                    return
            case Remedy.SLOW_DOWN | Remedy.BACK_OFF:
                job.batch.retry_at = ended
                # a budget over all interfaces is no pace of this one
                if self.limiter.budget is not None and error.fail_code == DAY_LIMIT:
                    self.limiter.day_used_up(ended)
                elif error.reason is Reason.RATE_LIMITED:
                    self._too_early(collector, job, ended)
                self._hold(collector, job, error, ended, verdict.remedy)
            case Remedy.NOT_PERMITTED:
                job.batch.retry_at = ended
                self.limiter.holds[job.interface].not_permitted(ended, error.message)
                self._other_list(collector, job, ended + DAY, ended)
            case Remedy.OTHER_LIST:
                self._missing_list(collector, job, error, ended)
            case Remedy.PROBE_LATER:
                self.collectors.device_realtime.probe_refused(job, ended)
            case _:
                doubtful = collector.refused(job, verdict.remedy, error, ended)
                if doubtful:
                    self.collectors.plant_list.make_due(ended)
                    self.collectors.device_list.make_due(doubtful, ended)
        collector.finished(job, answered=False, ended=ended)

    def answered(self, job: Job) -> None:
        """One request was answered with failCode 0."""
        self._replayed.discard(job.batch)

    def _replay(self, collector: Collector, job: Job, ended: float) -> bool:
        """The far side has ended the session: the request did not count, and is sent once more after a login."""
        self.limiter.ledger.give_back(job.interface)
        self.limiter.paces.unsent(job.interface)
        self.session.ended(ended)
        if job.batch in self._replayed:  # a second time: an ordinary failure
            self._replayed.discard(job.batch)
            if collector.slowest_retry:  # its next turn is hours away
                collector.retry_later(job.batch, ended)
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

    def _hold(self, collector: Collector, job: Job, error: NorthboundError, ended: float, remedy: Remedy) -> None:
        if remedy is Remedy.SLOW_DOWN:
            used_up = error.fail_code == DAY_LIMIT
            for interface in self.limiter.sharing_a_day(job.interface) if used_up else (job.interface,):
                window = self.limiter.limit(interface).window
                hold = self.limiter.holds[interface]
                hold.rate_limited(ended, window, error.message, at_least=HOUR if used_up else 0.0)
        else:
            collector.hold_back(job.interface, ended, error)

    def _other_list(self, collector: Collector, job: Job, until: float, ended: float) -> None:
        if collector is self.collectors.plant_list:
            self.collectors.plant_list.deny(job.interface, until, ended)

    def _missing_list(self, collector: Collector, job: Job, error: NorthboundError, ended: float) -> None:
        """The path is not there: the other list has its turn for a day, where it is there."""
        plant_list = self.collectors.plant_list
        if plant_list.alternative(job.interface, ended) is None:
            # neither can be told to be the right one, but one that is not permitted has its own day
            missing = [each for each in plant_list.candidates if not self.limiter.holds[each].denied]
            for interface in missing:
                collector.hold_back(interface, ended, error)
            plant_list.allow(missing)
            job.batch.retry_at = ended
        else:
            self._other_list(collector, job, ended + DAY, ended)
