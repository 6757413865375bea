"""Collectors that ask for ids in batches, and what a refusal does to a batch."""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from typing_extensions import override

from fusionsolar_exporter.moments import Moment
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.holds import DAY
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.batches.batches import Batches
from fusionsolar_exporter.refresh.batches.bisection import Bisection
from fusionsolar_exporter.refresh.batches.refusal import Refusal
from fusionsolar_exporter.refresh.batches.sweep import KeptSweeps
from fusionsolar_exporter.refresh.blame import Remedy
from fusionsolar_exporter.refresh.collectors.base import Collector, Job
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter

_ODD_REFUSALS = 3
"""A batch that is refused so many times in a row for a reason that names no id is searched all the same."""
_ODD_SEARCHES = 2
"""One that finds every id to be good may just have come when the far side was well again."""


@dataclass(frozen=True, slots=True)
class KeptBatches:
    """What state keeps of it: the batches themselves are planned anew from when each id was asked."""

    sweeps: KeptSweeps
    left_out: Mapping[str, Moment]
    """Until when ids are not asked."""


class BatchCollector(Collector):
    """A collector that asks for ids in batches."""

    interface: Interface
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
        self._told_left_out: set[str] = set()
        """Ids that the log has named, and that have not been answered since."""

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
        return KeptBatches(self.sweeps.kept(), self.left_out())

    def restore_batches(self, kept: KeptBatches) -> None:
        """Take over what was kept."""
        self.sweeps.restore(kept.sweeps)
        self.kept_left_out = kept.left_out

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
        if first is None:
            return None
        return Job(self.interface, first, due, first.turn(), retry=first.failures > 0)

    def lists_answered(self) -> None:
        """Wake batches that wait for newer lists."""
        for batch in self.batches():
            if (refusal := batch.refusal) is None or (since := refusal.awaits_lists_since) is None:
                continue
            if self.inventory.listed_since(since, self.plants_of(batch.ids)):
                refusal.awaits_lists_since = None
                batch.retry_at = since

    def answered(self, batch: Batch) -> None:
        """The batch was answered: whatever was wrong with it is over."""
        self._told_left_out.difference_update(batch.turn())
        batch.failures = 0
        batch.answered_at = batch.last_start or 0.0
        if batch.refusal and batch.refusal.search:
            batch.refusal.times = 0
            batch.refusal.search.accepted()
            self._go_on_searching(batch)
        else:
            batch.refusal = None
            batch.odd_searches = 0

    @override
    def others_answered(self, batch: Batch) -> bool:
        if batch.refusal and batch.refusal.found_good_ids:
            return True
        return any(other.is_answered for other in self.batches() if other is not batch)

    @override
    def finished(self, job: Job, *, answered: bool, ended: float) -> None:
        if not answered:
            job.batch.failed_at = job.batch.last_start or 0.0
        super().finished(job, answered=answered, ended=ended)

    @override
    def refused(self, job: Job, remedy: Remedy, error: NorthboundError, ended: float) -> Sequence[str]:
        """New lists first; refused again: halve the batch until the id is alone."""
        batch = job.batch
        refusal = batch.refusal = batch.refusal or Refusal(batch.last_start or ended)
        if refusal.search:
            self._blame(batch, refusal.search.refused(), error, ended)
            self._go_on_searching(batch)
            return ()
        refusal.times += 1
        if remedy is Remedy.RETRY and not (refusal.times >= _ODD_REFUSALS and self._answered_since(batch, refusal)):
            return super().refused(job, remedy, error, ended)
        # the first time the id may just be gone, as newer lists would say; no list changes the type of a device
        if refusal.times == 1 and remedy is Remedy.ASK_LISTS:
            refusal.awaits_lists_since = batch.last_start
            return self.plants_of(batch.ids)
        if len(batch.ids) == 1:
            self._blame(batch, batch.ids[0], error, ended)
        elif refusal.times > 1:
            refusal.search = Bisection(batch.ids)
            self._go_on_searching(batch)
            self.context.log.info(
                "searching for the refused id",
                account=self.context.settings.name,
                collector=self.name,
                ids=len(batch.ids),
                fail_code=error.fail_code,
            )
        return ()

    def forgive(self, now: float) -> None:
        """At a start and at a reload what was refused is asked again: somebody may have put it right."""
        for kind in self.kinds():
            kind.forgive(now)

    @override
    def left_out(self) -> Mapping[str, float]:
        return {key: until for kind in self.kinds() for key, until in kind.left_out.items()}

    def _answered_since(self, batch: Batch, refusal: Refusal) -> bool:
        """Whether other ids of the interface were answered since the first refusal: so the far side is well."""
        if refusal.found_good_ids:
            return True
        return any(other.answered_at > refusal.since for other in self.batches() if other is not batch)

    def _blame(self, batch: Batch, key: str | None, error: NorthboundError, ended: float) -> None:
        """The id was refused although it was alone: it is left out, where nobody else is refused too."""
        if key is None or batch.refusal is None:
            return
        if not self._answered_since(batch, batch.refusal):
            # nobody can tell a bad id from a far side that knows nobody for a while
            batch.retry_at = ended
            self.hold_back(self.interface, ended, error)
            return
        if batch.refusal.search:
            batch.refusal.search.blamed(key)
        batch.refusal.times = 0
        kind = next(kind for kind in self.kinds() if batch in kind.all)
        kind.leave_out(batch, key, ended + DAY)
        tell = self.context.log.debug if key in self._told_left_out else self.context.log.warning
        self._told_left_out.add(key)
        tell(
            "left out for a day: the far side refuses this id although it lists it",
            account=self.context.settings.name,
            collector=self.name,
            id=key,
            fail_code=error.fail_code,
        )

    def _go_on_searching(self, batch: Batch) -> None:
        if self.searches_at_once:
            batch.retry_at = batch.last_start  # due, behind the batches that have waited longer
        if batch.refusal and batch.refusal.search and batch.refusal.over:
            apart, batch.refusal = batch.refusal.search.apart, None
            batch.odd_searches += bool(apart)
            if batch.odd_searches >= _ODD_SEARCHES and len(batch.ids) > 1:
                self._ask_apart(batch, apart if len(apart) < len(batch.ids) else apart[1:])

    def _ask_apart(self, batch: Batch, apart: Sequence[str]) -> None:
        """Each id is answered, and all of them together are refused."""
        self.context.log.warning(
            "asked apart for a day: the far side refuses these ids only together with others",
            account=self.context.settings.name,
            collector=self.name,
            ids=",".join(apart),
        )
        kind = next(kind for kind in self.kinds() if batch in kind.all)
        kind.split(batch, frozenset(apart), self.context.clock.now() + DAY)
