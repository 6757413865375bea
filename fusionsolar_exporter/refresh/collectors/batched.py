"""Collectors that ask for ids in batches, and what a refusal does to a batch."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from typing_extensions import override

from fusionsolar_exporter.northbound.errors import UNKNOWN_IDS, WRONG_DEVICE, NorthboundError
from fusionsolar_exporter.pacing.holds import DAY
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.batches.batches import Batches
from fusionsolar_exporter.refresh.batches.bisection import Bisection
from fusionsolar_exporter.refresh.collectors.base import Collector, Job, KeptCollector
from fusionsolar_exporter.refresh.context import AccountContext


class BatchCollector(Collector):
    """A collector that asks for ids in batches."""

    searches_at_once: ClassVar[bool] = True
    """Whether the turns of a search take the next free calls, in turn with other batches, or wait for an interval."""

    def __init__(self, desk: AccountContext) -> None:
        super().__init__(desk)
        self.kept_left_out: Mapping[str, float] = {}
        """What state brought, until the next plan."""

    @abstractmethod
    def kinds(self) -> Iterable[Batches]:
        """Its batches by kind of id."""

    @abstractmethod
    def plants_of(self, ids: Iterable[str]) -> list[str]:
        """The plants that these ids belong to."""

    @override
    def kept(self) -> KeptCollector:
        left_out = {key: until for kind in self.kinds() for key, until in kind.left_out.items()}
        return KeptCollector(self.sweeps.kept(), left_out)

    @override
    def restore(self, kept: KeptCollector, at: Callable[[float], float]) -> None:
        super().restore(kept, at)
        self.kept_left_out = {key: at(until) for key, until in kept.left_out.items()}

    @override
    def batches(self) -> Sequence[Batch]:
        return [batch for kind in self.kinds() for batch in kind.all]

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
        return None if first is None else Job(self.planned_interface(), first, due, first.turn())

    @override
    def lists_answered(self) -> None:
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
            batch.search = Bisection(batch.ids)
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
