"""Hourly, daily, monthly and yearly data of plants, and what collectors of reports have in common."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from typing_extensions import override

from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import HOUR
from fusionsolar_exporter.northbound.model import DatedReading, Plant
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.pacing.clock import moment_of
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.blame import Remedy
from fusionsolar_exporter.refresh.collectors.base import Job
from fusionsolar_exporter.refresh.collectors.batched import BatchCollector, KeptBatches
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.reports.boundaries import CALLS_AT_A_BOUNDARY, Boundaries, Crossed
from fusionsolar_exporter.refresh.reports.choice import Chosen, choose_periods
from fusionsolar_exporter.refresh.reports.kinds import REPORT_KINDS
from fusionsolar_exporter.refresh.reports.zones import LearntOffset, PlantZones
from fusionsolar_exporter.report_interfaces import REPORT_INTERFACES
from fusionsolar_exporter.status import CollectorName

_INSIDE = 12 * HOUR
"""So long before its end a moment is well inside of any day, month or year."""


@dataclass(frozen=True, slots=True)
class KeptReports:
    """What state keeps of it."""

    batches: KeptBatches
    crossed: Mapping[str, Crossed]


@dataclass(frozen=True, slots=True)
class _Counted:
    """How many zones the plants of a batch are in, and of which state of things that is."""

    ids: list[str]
    size: int
    changes: int
    zones: int

    def is_of(self, batch: Batch, zones: PlantZones) -> bool:
        return self.ids is batch.ids and self.size == len(batch.ids) and self.changes == zones.changes


class ReportCollector(BatchCollector):
    """Regular calls are about the running day, month or year; others about the one that has ended."""

    rank = 5

    def __init__(
        self,
        name: CollectorName,
        context: AccountContext,
        limiter: RateLimiter,
        inventory: Inventory,
        answers: AcceptedAnswers,
        zones: PlantZones,
    ) -> None:
        super().__init__(context, limiter, inventory, answers)
        self.name = name
        self.interface = REPORT_INTERFACES[name]
        self.kind = REPORT_KINDS[name]
        self._zones = zones
        self._boundaries = Boundaries(self.kind.periods)
        self._counted: WeakKeyDictionary[Batch, _Counted] = WeakKeyDictionary()

    @abstractmethod
    def plant_of(self, key: str) -> Plant | None:
        """The plant of an id."""

    @abstractmethod
    def ask_about(self, client: Client, job: Job, at: float) -> Answer[Items[DatedReading]]:
        """Ask for the day, month or year of Unix seconds ``at``."""

    def kept(self) -> KeptReports:
        """What state keeps."""
        return KeptReports(self.kept_batches(), self._boundaries.kept())

    def restore(self, kept: KeptReports) -> None:
        """Take over what was kept."""
        self.restore_batches(kept.batches)
        self._boundaries.restore(kept.crossed)

    @override
    def fetched_at(self) -> Mapping[str, float]:
        return self.answers.reports_fetched_at(self.name)

    @override
    def next(self, now: float) -> Job | None:
        regular = super().next(now)
        if regular is None or not self.limiter.limit(self.interface).calls:
            return None
        self._plan_boundaries(now)
        about = min(self._boundaries.batches, key=lambda batch: batch.due(math.inf), default=None)
        if about is None or about.due(math.inf) > max(now, regular.due):
            return regular
        return Job(self.interface, about, about.due(math.inf), about.turn())

    @override
    def ask(self, client: Client, job: Job) -> Answer[Items[DatedReading]]:
        ended_at = self._boundaries.batches.get(job.batch)
        now = self._wall(self.context.clock.now())
        return self.ask_about(client, job, now if ended_at is None else ended_at - _INSIDE)

    @override
    def started(self, job: Job, moment: float) -> None:
        """What is asked about the past is no part of a sweep."""
        if job.batch in self._boundaries.batches:
            job.batch.started(moment)
        else:
            super().started(job, moment)

    @override
    def accept(self, job: Job, content: Items[DatedReading], started: float, ended: float) -> bool:
        ended_at = self._boundaries.batches.get(job.batch)
        rows: dict[str, list[DatedReading]] = {}
        for row in content.items:
            rows.setdefault(row.id, []).append(row)
        self._learn(rows)
        chosen = {key: found for key, some in rows.items() if (found := self._choose(key, some, started, ended))}
        freshness = self.freshness(started)
        self.answers.reports(self.name, chosen, freshness, running=ended_at is None, clock=self.context.clock)
        if ended_at is None:
            self.answered(job.batch)
            self._boundaries.seen(rows, self._wall(started))
        else:
            self._boundaries.asked(job.ids, ended_at, self._wall(started))
        return True

    @override
    def finished(self, job: Job, *, answered: bool, ended: float) -> None:
        if job.batch in self.batches():
            super().finished(job, answered=answered, ended=ended)

    @override
    def refused(self, job: Job, remedy: Remedy, error: NorthboundError, ended: float) -> Sequence[str]:
        """What is asked about the past is asked again an interval later."""
        if job.batch in self.batches():
            return super().refused(job, remedy, error, ended)
        job.batch.retry_at = ended + self.interval
        return ()

    @override
    def retry_later(self, batch: Batch, ended: float) -> None:
        """A daily quota has no room for a back-off that is quicker than regular calls."""
        batch.failures += 1
        batch.retry_at = max((batch.last_start or ended) + self.step, ended)

    @override
    def next_sweep_at(self) -> float | None:
        regular = super().next_sweep_at()
        if regular is None:
            return None
        return min((batch.due(math.inf) for batch in self._boundaries.batches), default=regular)

    @override
    def auto_interval(self) -> float:
        limit = self.limiter.limit(self.interface)
        return cadence.report_interval(limit, self.calls_needed(), self.boundary_calls(), self.kind.least_interval)

    @override
    def auto_ttl(self) -> float:
        return super().auto_ttl() + self.kind.periods.value

    def boundary_calls(self) -> int:
        """Calls that the end of a day (month, year) takes: each batch once for every zone in it, and all that twice."""
        if self.kind.periods.container is None:
            return 0
        return CALLS_AT_A_BOUNDARY * sum(map(self._zones_in, self.batches()))

    def _zones_in(self, batch: Batch) -> int:
        """Counted anew only where the batch or what is known of zones is another: the schedule asks all the time."""
        known = self._counted.get(batch)
        if known is None or not known.is_of(batch, self._zones):
            zones = max(len({self._offset(key) for key in batch.ids} - {None}), 1)
            known = self._counted[batch] = _Counted(batch.ids, len(batch.ids), self._zones.changes, zones)
        return known.zones

    def _plan_boundaries(self, now: float) -> None:
        clock = self.context.clock
        last = self.answers.last_reports(self.name)
        self._boundaries.plan(
            lambda: {key: batch.device_type for batch in self.batches() for key in batch.ids},
            self._learnt,
            lambda key: key not in last,
            clock.wall(now),
            lambda wall: moment_of(clock, wall),
        )

    def _learn(self, rows: Mapping[str, Sequence[DatedReading]]) -> None:
        for key, some in rows.items():
            plant = self.plant_of(key)
            if plant is not None:
                self._zones.learn(plant, self.kind.periods, some)

    def _choose(self, key: str, rows: Sequence[DatedReading], started: float, ended: float) -> Chosen | None:
        learnt = self._learnt(key)
        if learnt is None:
            return None
        return choose_periods(self.kind.periods, rows, learnt, self._wall(started), self._wall(ended))

    def _learnt(self, key: str) -> LearntOffset | None:
        plant = self.plant_of(key)
        return None if plant is None else self._zones.of(plant.code)

    def _offset(self, key: str) -> float | None:
        learnt = self._learnt(key)
        return None if learnt is None else learnt.offset

    def _wall(self, moment: float) -> float:
        return self.context.clock.wall(moment)
