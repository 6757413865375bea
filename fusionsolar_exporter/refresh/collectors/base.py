"""What all collectors have in common: intervals, sweeps, and what state keeps of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from fusionsolar_exporter.cache import Freshness
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.batches.sweep import KeptSweeps, Sweeps
from fusionsolar_exporter.refresh.batches.type_probes import KeptProbe
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.status import CollectorName

_TTL_INTERVALS = 3
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


@dataclass(frozen=True, slots=True)
class KeptCollector:
    """A collector as state keeps it; each kind uses what concerns it."""

    sweeps: KeptSweeps
    left_out: Mapping[str, float] = field(default_factory=dict)
    """Until when ids are not asked."""
    probes: Mapping[int, KeptProbe] = field(default_factory=dict)
    type_as_text: bool = False
    type_form_proven: bool = False
    denied: Mapping[Interface, float] = field(default_factory=dict)
    """Until when a plant list counts as not permitted."""
    pages: int = 0
    in_windows: bool = False


class Collector(ABC):
    """One kind of data of one account."""

    name: ClassVar[CollectorName]
    rank: ClassVar[int]
    """Where several are due, the lowest goes first."""

    def __init__(self, desk: AccountContext) -> None:
        self.desk = desk
        self.sweeps = Sweeps()
        self.interval = 0.0
        """Seconds between two starts of a batch, stretched."""

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

    def kept(self) -> KeptCollector:
        """What state keeps."""
        return KeptCollector(self.sweeps.kept())

    def restore(self, kept: KeptCollector, at: Callable[[float], float]) -> None:
        """Take over what was kept; ``at`` turns its moments into those of this clock."""
        self.sweeps.restore(kept.sweeps, at)

    @abstractmethod
    def resume(self, now: float) -> None:
        """Plan anew from the lists and answers that state brought: nothing is asked before its time."""

    def lists_changed(self, now: float) -> None:  # noqa: B027 - the plant list itself has nothing to take over
        """Take over what the lists name now."""

    def lists_answered(self) -> None:  # noqa: B027 - likewise
        """Wake batches that wait for newer lists."""

    @property
    def enabled(self) -> bool:
        """Whether the configuration wants it."""
        return self.desk.settings.collector(self.name).enabled

    def not_permitted(self, interface: Interface, until: float, ended: float) -> None:  # noqa: B027 - see PlantList
        """The far side does not permit the interface; it is asked again then."""

    @property
    def step(self) -> float:
        """Seconds between two calls of one batch: the interval, where one call is a whole turn."""
        return self.interval

    def unstretched_interval(self) -> float:
        """Seconds: the configured interval where it breaks no limit, else what the limits allow."""
        configured = self.desk.settings.collector(self.name).interval
        if configured is None:
            return self.auto_interval()
        return max(configured, self.shortest_interval())

    def shortest_interval(self) -> float:
        """The shortest interval that breaks no limit, in seconds."""
        return cadence.shortest_interval(self.desk.limit(self.planned_interface()), self.calls_needed())

    def freshness(self, started: float) -> Freshness:
        """Time to live of an answer: configured, or three intervals as planned now."""
        configured = self.desk.settings.collector(self.name).ttl
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
        later = ended + self.desk.settings.backoff.after(batch.failures)
        batch.retry_at = min(later, max((batch.last_start or ended) + self.step, ended))

    def next_sweep_at(self) -> float | None:
        """When its next request is due."""
        return min((batch.due(self.step) for batch in self.batches()), default=None)
