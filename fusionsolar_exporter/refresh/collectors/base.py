"""What all collectors have in common: intervals, sweeps, and what is done about a refused request."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fusionsolar_exporter.cache import Freshness
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.batches.sweep import Sweeps
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.status import CollectorName

_TTL_INTERVALS = 3
_RANK_IN_TURN = 2
EMPTY_ANSWERS_BELIEVED = 4
"""A list that was not empty keeps its content until it is answered empty so many times in a row."""


@dataclass(frozen=True, slots=True)
class Job:
    """A request that is due at a moment, in the pacing clock's seconds."""

    interface: Interface
    batch: Batch
    due: float
    ids: Sequence[str] = ()
    early: bool = False
    """True for a list before its time: it comes out of the other half of the quota."""


class Collector(ABC):
    """One kind of data of one account."""

    name: ClassVar[CollectorName]
    rank: ClassVar[int]
    """Where several are due, the lowest goes first."""

    def __init__(self, context: AccountContext, limiter: RateLimiter) -> None:
        self.context = context
        self.limiter = limiter
        self.sweeps = Sweeps()
        self.interval = 0.0
        """Seconds between two starts of a batch, stretched."""
        self.stretch = 1.0
        """By how much the interval is longer than limits and paces ask for."""

    @abstractmethod
    def next(self, now: float) -> Job | None:
        """The request that is due first, or None where there is nothing to ask for."""

    @abstractmethod
    def ask(self, client: Client, token: str, job: Job) -> Answer[Any]:
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
        return max(planned, self.calls_needed() * self.limiter.paces.seconds(self.planned_interface()))

    def shortest_interval(self) -> float:
        """The shortest interval that breaks no limit, in seconds."""
        return cadence.shortest_interval(self.limiter.limit(self.planned_interface()), self.calls_needed())

    def freshness(self, started: float) -> Freshness:
        """Time to live of an answer: configured, or three intervals as planned now."""
        configured = self.context.settings.collectors.of(self.name).ttl
        return Freshness(started, configured if configured is not None else self.auto_ttl())

    def auto_ttl(self) -> float:
        """Seconds."""
        return _TTL_INTERVALS * self.interval

    def started(self, job: Job, moment: float) -> None:
        """The request is about to be sent."""
        job.batch.started(moment)
        self.sweeps.turn(job.batch, moment)

    def finished(self, job: Job, *, answered: bool, ended: float) -> None:
        """The request is over, and its batch has had its turn."""
        self.sweeps.outcome(job.batch, answered=answered, batches=self.batches(), ended_at=ended)

    def rejected(self, job: Job, error: NorthboundError, ended: float) -> Sequence[str]:
        """The far side refused the request itself; the plants whose lists are doubtful now."""
        del error
        self.retry_later(job.batch, ended)
        return ()

    def retry_later(self, batch: Batch, ended: float) -> None:
        """Ask again after a back-off of the batch, at the latest after an interval."""
        batch.failures += 1
        later = ended + self.context.settings.rates.backoff.after(batch.failures)
        batch.retry_at = min(later, max((batch.last_start or ended) + self.step, ended))

    def next_sweep_at(self) -> float | None:
        """When its next request is due."""
        return min((batch.due(self.step) for batch in self.batches()), default=None)
