"""Collectors that ask for ids in batches, and what a refusal does to a batch."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import override

from fusionsolar_exporter.northbound.errors import UNKNOWN_IDS, WRONG_DEVICE, NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.holds import DAY
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.batches.batches import Batches
from fusionsolar_exporter.refresh.batches.bisection import Bisection
from fusionsolar_exporter.refresh.batches.refusal import Refusal
from fusionsolar_exporter.refresh.batches.sweep import KeptSweeps
from fusionsolar_exporter.refresh.collectors.base import Collector, Job
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter


@dataclass(frozen=True, slots=True)
class KeptBatches:
    """What state keeps of it: the batches themselves are planned anew from when each id was asked."""

    sweeps: KeptSweeps
    left_out: Mapping[str, float]
    """Until when ids are not asked."""


class BatchCollector(Collector):
    """A collector that asks for ids in batches."""

    interface: ClassVar[Interface]
    searches_at_once: ClassVar[bool] = True
    """Whether the turns of a search take the next free calls, in turn with other batches, or wait for an interval."""

    def __init__(
        self, context: AccountContext, limiter: RateLimiter, inventory: Inventory, answers: AcceptedAnswers
    ) -> None:
        super().__init__(context, limiter)
        self.inventory = inventory
        self.answers = answers
        self.kept_left_out: Mapping[str, float] = {}
        """What state brought, until the next plan."""
        self._unanswered: dict[str, float] = {}

    @abstractmethod
    def kinds(self) -> Iterable[Batches]:
        """Its batches by kind of id."""

    @abstractmethod
    def plants_of(self, ids: Iterable[str]) -> list[str]:
        """The plants that these ids belong to."""

    @abstractmethod
    def lists_changed(self, now: float) -> None:
        """Take over what the lists name now."""

    @abstractmethod
    def fetched_at(self) -> Mapping[str, float]:
        """When each id's data was last fetched."""

    def kept_batches(self) -> KeptBatches:
        """What state keeps."""
        return KeptBatches(
            self.sweeps.kept(), {key: until for kind in self.kinds() for key, until in kind.left_out.items()}
        )

    def restore_batches(self, kept: KeptBatches, at: Callable[[float], float]) -> None:
        """Take over what was kept; ``at`` turns its moments into those of this clock."""
        self.sweeps.restore(kept.sweeps, at)
        self.kept_left_out = {key: at(until) for key, until in kept.left_out.items()}

    def went_unanswered(self, ids: Iterable[str], moment: float) -> None:
        """State says that these were asked then, and that the answer left them out."""
        self._unanswered.update((key, moment) for key in ids)

    def asked_at(self) -> Mapping[str, float]:
        """When each id was asked last, as far as state and cache know."""
        fetched_at = self.fetched_at()
        in_vain = {key: at for key, at in self._unanswered.items() if at > fetched_at.get(key, at - 1)}
        return {**fetched_at, **in_vain}

    @override
    def batches(self) -> Sequence[Batch]:
        return [batch for kind in self.kinds() for batch in kind.all]

    @override
    def planned_interface(self) -> Interface:
        return self.interface

    @override
    def calls_needed(self) -> int:
        return sum(len(kind.all) for kind in self.kinds())

    @override
    def next(self, now: float) -> Job | None:
        first: Batch | None = None
        due = 0.0
        for kind in self.kinds():
            kind.refresh_left_out(now)
            kind.pack(now, self.step)
            for batch in kind.all:
                moment = batch.due(self.step)
                if first is None or moment < due:
                    first, due = batch, moment
        return None if first is None else Job(self.interface, first, due, first.turn())

    def lists_answered(self) -> None:
        """Wake batches that wait for newer lists."""
        for batch in self.batches():
            since = batch.refusal.awaits_lists_since if batch.refusal else None
            if batch.refusal and since is not None and self.inventory.listed_since(since, self.plants_of(batch.ids)):
                batch.refusal.awaits_lists_since = None
                batch.retry_at = since

    def answered(self, batch: Batch) -> None:
        """The batch was answered: whatever was wrong with it is over."""
        batch.failures = 0
        if batch.refusal and batch.refusal.search:
            batch.refusal.times = 0
            batch.refusal.search.accepted()
            self._go_on_searching(batch)
        else:
            batch.refusal = None

    @override
    def rejected(self, job: Job, error: NorthboundError, ended: float) -> Sequence[str]:
        """An unknown id: new lists first; refused again: halve the batch until the id is alone."""
        batch = job.batch
        if error.fail_code not in UNKNOWN_IDS | WRONG_DEVICE:
            return super().rejected(job, error, ended)
        refusal = batch.refusal = batch.refusal or Refusal()
        if refusal.search:
            self._leave_out(batch, refusal.search.refused(), ended)
            self._go_on_searching(batch)
            return ()
        refusal.times += 1
        # the first time the id may just be gone, as newer lists would say; no list changes the type of a device
        if refusal.times == 1 and error.fail_code in UNKNOWN_IDS:
            refusal.awaits_lists_since = batch.last_start
            return self.plants_of(batch.ids)
        if len(batch.ids) == 1:
            self._leave_out(batch, batch.ids[0], ended)
        elif refusal.times > 1:
            refusal.search = Bisection(batch.ids)
            self._go_on_searching(batch)
            self.context.log.info(
                "searching for the refused id", collector=self.name, ids=len(batch.ids), fail_code=error.fail_code
            )
        return ()

    def _leave_out(self, batch: Batch, key: str | None, ended: float) -> None:
        if key is None:
            return
        kind = next(kind for kind in self.kinds() if batch in kind.all)
        kind.leave_out(batch, key, ended + DAY)
        if batch.refusal:
            batch.refusal.times = 0
        self.context.log.warning(
            "left out for a day: the far side refuses this id although it lists it", collector=self.name, id=key
        )

    def _go_on_searching(self, batch: Batch) -> None:
        if self.searches_at_once:
            batch.retry_at = batch.last_start  # due, behind the batches that have waited longer
        if batch.refusal and batch.refusal.over:
            batch.refusal = None
