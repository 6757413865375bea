"""What all collectors have in common: intervals, sweeps, batches, and what a refusal does to a batch."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from fusionsolar_exporter.cache import Freshness
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import UNKNOWN_IDS, WRONG_DEVICE, NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.pacing.holds import DAY
from fusionsolar_exporter.refresh.batch import Batch
from fusionsolar_exporter.refresh.batches import Batches
from fusionsolar_exporter.refresh.desk import Desk
from fusionsolar_exporter.refresh.search import Search
from fusionsolar_exporter.refresh.sweep import Sweeps
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


class Collector(ABC):
    """One kind of data of one account."""

    name: ClassVar[CollectorName]
    rank: ClassVar[int]
    """Where several are due, the lowest goes first."""

    def __init__(self, desk: Desk) -> None:
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


class BatchCollector(Collector):
    """A collector that asks for ids in batches."""

    searches_at_once: ClassVar[bool] = True
    """Whether the turns of a search take the next free calls, in turn with other batches, or wait for an interval."""

    @abstractmethod
    def kinds(self) -> Iterable[Batches]:
        """Its batches by kind of id."""

    @abstractmethod
    def plants_of(self, ids: Iterable[str]) -> list[str]:
        """The plants that these ids belong to."""

    def batches(self) -> Sequence[Batch]:
        """See :meth:`Collector.batches`."""
        return [batch for kind in self.kinds() for batch in kind.all]

    def calls_needed(self) -> int:
        """See :meth:`Collector.calls_needed`."""
        return sum(len(kind.all) for kind in self.kinds())

    def next(self, now: float) -> Job | None:
        """See :meth:`Collector.next`."""
        first: Batch | None = None
        due = 0.0
        for kind in self.kinds():
            kind.refresh_left_out(now)
            kind.pack(now, self.step)
            for batch in kind.all:
                moment = batch.due(self.step)
                if first is None or moment < due:
                    first, due = batch, moment
        return None if first is None else Job(self.planned_interface(), first, due, first.turn())

    def lists_answered(self) -> None:
        """See :meth:`Collector.lists_answered`."""
        for batch in self.batches():
            since = batch.awaits_lists_since
            if since is not None and self.desk.roster.listed_since(since, self.plants_of(batch.ids)):
                batch.awaits_lists_since = None
                batch.retry_at = since

    def answered(self, batch: Batch) -> None:
        """The batch was answered: whatever was wrong with it is over."""
        batch.failures = batch.refusals = 0
        if batch.search:
            batch.search.accepted()
            self._go_on_searching(batch)

    def rejected(self, job: Job, error: NorthboundError, ended: float) -> Sequence[str]:
        """An unknown id: new lists first; refused again: halve the batch until the id is alone."""
        batch = job.batch
        if error.fail_code not in UNKNOWN_IDS | WRONG_DEVICE:
            return super().rejected(job, error, ended)
        if batch.search:
            self._leave_out(batch, batch.search.refused(), ended)
            self._go_on_searching(batch)
            return ()
        batch.refusals += 1
        if batch.refusals == 1 and error.fail_code in UNKNOWN_IDS:
            batch.awaits_lists_since = batch.last_start
            return self.plants_of(batch.ids)
        if len(batch.ids) == 1:
            self._leave_out(batch, batch.ids[0], ended)
        elif batch.refusals > 1:
            batch.search = Search(batch.ids)
            self._go_on_searching(batch)
            self.desk.log.info(
                "searching for the refused id", collector=self.name, ids=len(batch.ids), fail_code=error.fail_code
            )
        return ()

    def _leave_out(self, batch: Batch, key: str | None, ended: float) -> None:
        if key is None:
            return
        kind = next(kind for kind in self.kinds() if batch in kind.all)
        kind.leave_out(batch, key, ended + DAY)
        batch.refusals = 0
        self.desk.log.warning(
            "left out for a day: the far side refuses this id although it lists it", collector=self.name, id=key
        )

    def _go_on_searching(self, batch: Batch) -> None:
        if self.searches_at_once:
            batch.retry_at = batch.last_start  # due, behind the batches that have waited longer
        if batch.search and batch.search.done:
            batch.search = None
            batch.refusals = 0
