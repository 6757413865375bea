"""What all collectors have in common: intervals, sweeps, and what is done about a refused request."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fusionsolar_exporter.cache import Freshness
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import DAY, Interface
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.batches.sweep import Sweeps
from fusionsolar_exporter.refresh.blame import Remedy, Work
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.status import CollectorName

_TTL_INTERVALS = 3
_RANK_IN_TURN = 2
ANSWERS_BELIEVED = 4
"""A list keeps its content until so many regular refreshes in a row were answered without it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A request that is due at a moment, in the pacing clock's seconds."""

    interface: Interface
    batch: Batch
    due: float
    ids: Sequence[str] = ()
    early: bool = False
    """True for a list before its time: it comes out of the other half of the quota."""
    retry: bool = False
    """True for what is asked again after a failure: it leaves the last eighth of a day's quota alone."""


class Collector(ABC):
    """One kind of data of one account."""

    name: CollectorName
    rank: ClassVar[int]
    """Where several are due, the lowest goes first."""

    def __init__(self, context: AccountContext, limiter: RateLimiter) -> None:
        self.context = context
        self.limiter = limiter
        self.sweeps = Sweeps()
        self.interval = 0.0
        """Seconds between two starts of a batch, stretched."""
        self.stretch = 1.0
        """By how much it is longer because the account's one request at a time cannot keep up."""
        self.longest_interval = 0.0
        """The same as it will be by night."""

    @abstractmethod
    def next(self, now: float) -> Job | None:
        """The request that is due first, or None where there is nothing to ask for."""

    @abstractmethod
    def ask(self, client: Client, job: Job) -> Answer[Any]:
        """Send the request; NorthboundError where it brings no data."""

    @abstractmethod
    def accept(self, job: Job, content: Any, started: float, ended: float) -> bool:
        """Take an answer with failCode 0; False where it counts as a failure all the same."""

    @abstractmethod
    def batches(self) -> Sequence[Batch]:
        """The batches of a sweep."""

    @abstractmethod
    def calls_needed(self) -> int:
        """Calls that one interval takes."""

    @abstractmethod
    def auto_interval(self) -> float:
        """Seconds, from the limits in force."""

    @abstractmethod
    def planned_interface(self) -> Interface:
        """The interface whose limits decide the interval."""

    @abstractmethod
    def resume(self, now: float) -> None:
        """Plan anew from the lists and answers that state brought: nothing is asked before its time."""

    @property
    def enabled(self) -> bool:
        """Whether the configuration wants it."""
        return self.context.settings.collectors.of(self.name).enabled

    @property
    def urgency(self) -> int:
        """Its rank; what fills the queue of an account that cannot keep up is served in turn, so that none starves."""
        return self.rank if self.stretch == 1 else min(self.rank, _RANK_IN_TURN)

    @property
    def step(self) -> float:
        """Seconds between two calls of one batch: the interval, where one call is a whole turn."""
        return self.interval

    def unstretched_interval(self) -> float:
        """Seconds: the configured interval where it breaks no limit, else what limits and learnt paces allow."""
        configured = self.context.settings.collectors.of(self.name).interval
        planned = self.auto_interval() if configured is None else max(configured, self.shortest_interval())
        return max(planned, self.learnt_interval())

    def learnt_interval(self) -> float:
        """Seconds that a turn takes at the learnt pace; 0 where none is learnt."""
        return self.calls_needed() * self.limiter.paces.wanted(self.planned_interface())

    def shortest_interval(self) -> float:
        """The shortest interval that breaks no limit, in seconds."""
        return cadence.shortest_interval(self.limiter.limit(self.planned_interface()), self.calls_needed())

    def freshness(self, started: float) -> Freshness:
        """Time to live of an answer: configured, or three intervals as planned now."""
        configured = self.context.settings.collectors.of(self.name).ttl
        return Freshness(started, configured if configured is not None else self.auto_ttl())

    def auto_ttl(self) -> float:
        """Seconds."""
        # the answer that brings the values may just have settled a slower pace, which no interval follows yet
        return _TTL_INTERVALS * max(self.interval, self.longest_interval, self.learnt_interval())

    def started(self, job: Job, moment: float) -> None:
        """The request is about to be sent."""
        job.batch.started(moment)
        self.sweeps.turn(job.batch, moment)

    def finished(self, job: Job, *, answered: bool, ended: float) -> None:
        """The request is over, and its batch has had its turn."""
        self.sweeps.outcome(job.batch, answered=answered, batches=self.batches(), ended_at=ended)

    def work_of(self, job: Job) -> Work:
        """The kind of work that a job is, for what its failure says."""
        del job
        return Work.BATCH

    def others_answered(self, batch: Batch) -> bool:
        """Whether the interface answers for other ids than those of a batch."""
        del batch
        return False

    def refused(self, job: Job, remedy: Remedy, error: NorthboundError, ended: float) -> Sequence[str]:
        """The far side refused what was asked, not the interface; the plants whose lists are doubtful now."""
        del remedy, error
        self.retry_later(job.batch, ended)
        return ()

    def retry_later(self, batch: Batch, ended: float) -> None:
        """Ask again after a back-off of the batch, at the latest after an interval."""
        batch.failures += 1
        later = ended + self.context.settings.rates.backoff.after(batch.failures, at_most=self.slowest_retry)
        batch.retry_at = min(later, max((batch.last_start or ended) + self.step, ended))

    @property
    def slowest_retry(self) -> float:
        """Seconds: where a day's quota would not last otherwise, retries become as slow as regular calls."""
        return self.step if self.limiter.limit(self.planned_interface()).window >= DAY else 0.0

    def hold_back(self, interface: Interface, ended: float, error: NorthboundError) -> None:
        """The interface has its back-off, and what the far side asked to wait for."""
        self.limiter.holds[interface].back_off(
            ended,
            self.context.settings.rates.backoff,
            error.message,
            at_most=self.slowest_retry,
            at_least=error.retry_after or 0.0,
        )

    def left_out(self) -> Mapping[str, float]:
        """Until when ids are not asked."""
        return {}

    def next_sweep_at(self) -> float | None:
        """When its next request is due."""
        step = self.step
        return min([batch.due(step) for batch in self.batches()], default=None)
