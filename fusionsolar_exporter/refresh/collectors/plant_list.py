"""The plant list: pages of 100 plants, from the newer interface or the older one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from typing_extensions import override

from fusionsolar_exporter.config import PlantListChoice
from fusionsolar_exporter.moments import Moment
from fusionsolar_exporter.northbound.answers import Page
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.model import Plant
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.batches.sweep import KeptSweeps
from fusionsolar_exporter.refresh.blame import Work
from fusionsolar_exporter.refresh.collectors.base import ANSWERS_BELIEVED, Collector, Job
from fusionsolar_exporter.refresh.collectors.doubts import Doubts
from fusionsolar_exporter.refresh.collectors.page_turn import PageTurn
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.status import CollectorName

_CANDIDATES = {
    PlantListChoice.AUTO: (Interface.STATIONS, Interface.GET_STATION_LIST),
    PlantListChoice.STATIONS: (Interface.STATIONS,),
    PlantListChoice.GET_STATION_LIST: (Interface.GET_STATION_LIST,),
}


@dataclass(frozen=True, slots=True)
class KeptPlantList:
    """What state keeps of it."""

    sweeps: KeptSweeps
    denied: Mapping[Interface, Moment]
    """Until when an interface counts as not permitted."""
    pages: int


class PlantListCollector(Collector):
    """A turn is all pages. Every page is used as it comes; only the last one makes plants disappear."""

    name = CollectorName.PLANT_LIST
    rank = 3

    def __init__(
        self, context: AccountContext, limiter: RateLimiter, inventory: Inventory, answers: AcceptedAnswers
    ) -> None:
        super().__init__(context, limiter)
        self.inventory = inventory
        self.answers = answers
        self._batch = Batch([], created=context.clock.now())
        self._doubts = Doubts()
        self._denied: dict[Interface, float] = {}
        self._early_at: float | None = None
        self._early_turn: float | None = None  # when the present turn was made due, if it came before its time
        self._turn_started: float | None = None
        self._turn = PageTurn()
        self._pages = 0  # not known before the first answer

    def make_due(self, now: float) -> None:
        """Ask before its time, as far as the reserve of the quota allows."""
        self._early_at = now

    def kept(self) -> KeptPlantList:
        """What state keeps."""
        return KeptPlantList(self.sweeps.kept(), dict(self._denied), self._pages)

    def restore(self, kept: KeptPlantList) -> None:
        """Take over what was kept."""
        self.sweeps.restore(kept.sweeps)
        self._denied = dict(kept.denied)
        self._pages = kept.pages

    @override
    def resume(self, now: float) -> None:
        self._batch = Batch([], created=now)
        self._turn_started = self.inventory.plants_listed_at
        self._early_at = self._early_turn = None
        self._turn = PageTurn()

    @property
    def candidates(self) -> Sequence[Interface]:
        """The interfaces of the configured choice, the preferred one first."""
        return _CANDIDATES[self.context.settings.account.plant_list]

    def planned_interface(self) -> Interface:
        """The first permitted one of the configured choice."""
        now = self.context.clock.now()
        return min(self.candidates, key=lambda interface: max(self._denied.get(interface, now) - now, 0.0))

    @override
    def next(self, now: float) -> Job | None:
        interface = self.planned_interface()
        due = self._due()
        if self._turn.page > 1:
            return Job(interface, self._batch, due, early=self._early_turn is not None)
        early = self._early_at
        if early is not None and early < due and self.limiter.reserve(interface, now) >= self.calls_needed():
            return Job(interface, self._batch, early, early=True)
        return Job(interface, self._batch, due, retry=self._batch.failures > 0)

    @override
    def ask(self, client: Client, job: Job) -> Answer[Page[Plant]]:
        if job.interface is Interface.STATIONS:
            return client.stations(self._turn.page)
        return client.station_list(None if self._turn.whole else self._turn.page)

    @override
    def started(self, job: Job, moment: float) -> None:
        super().started(job, moment)
        if self._turn.page == 1:
            self._turn_started = moment
            self._early_turn = job.due if job.early else None
            self._early_at = None

    @override
    def accept(self, job: Job, content: Page[Plant], started: float, ended: float) -> bool:
        turn = self._turn
        empty_first = not content.items and turn.page == 1 and self.inventory.fleet.plants > 0
        if empty_first and not self._believed(job, started):
            self._turn = PageTurn()
            return False
        if not content.items and turn.page > 1 and not turn.has_all(content):
            # the pages before it have said that there is more: nothing is taken away for want of an answer
            self._turn = PageTurn()
            self.retry_later(self._batch, ended)
            return False
        brought_new = turn.take(content)
        self.inventory.add_plants(content.items)
        more = turn.go_on(content, brought_new=brought_new, most_pages=self._most_pages(job.interface))
        self._pages = turn.pages
        if more:
            self._serve(content, started)
            # device lists that were made due with it wait for its end, and so leave out the plants that are gone
            self._batch.retry_at = ended if self._early_turn is None else self._early_turn
            return True
        return self._end_turn(turn, job, content, empty=empty_first, started=started, ended=ended)

    def _end_turn(
        self, turn: PageTurn, job: Job, content: Page[Plant], *, empty: bool, started: float, ended: float
    ) -> bool:
        """The last page has come: a doubtful turn only adds to what is known, until it is believed."""
        self._turn = PageTurn()
        complete = turn.is_complete(content)
        doubtful = empty or turn.unreadable > 0 or not complete
        believed = not doubtful or self._believed(job, started)
        if complete or believed:
            listed_at = self._turn_started or started
            codes = turn.codes if believed else {**dict.fromkeys(self.inventory.listed), **turn.codes}
            self.inventory.keep_plants(codes, listed_at)
            self.answers.plant_list(self.inventory, self.freshness(listed_at))
            self._batch.failures = 0
        if believed:
            self._doubts.clear()
            if doubtful:
                self._early_at = ended  # asked again soon, from the reserve: a mistake must not last for an interval
        self._serve(content, started)
        if not (complete or believed):
            self.retry_later(self._batch, ended)
        return complete or believed

    @override
    def finished(self, job: Job, *, answered: bool, ended: float) -> None:
        if not answered or self._turn.page == 1:
            super().finished(job, answered=answered, ended=ended)

    def _most_pages(self, interface: Interface) -> float:
        """The old list is asked whole where its pages would cost more than half of its calls."""
        return self.limiter.limit(interface).calls / 2 if interface is Interface.GET_STATION_LIST else inf

    def _believed(self, job: Job, started: float) -> bool:
        """Whether so many regular refreshes in a row said it that it has to be true."""
        return self._doubts.add(started, self.interval, early=job.early) >= ANSWERS_BELIEVED

    @override
    def work_of(self, job: Job) -> Work:
        return Work.PAGE

    def alternative(self, interface: Interface, now: float) -> Interface | None:
        """Another interface with the plant list, where one is configured and was not denied."""
        others = (other for other in self.candidates if other is not interface and self._denied.get(other, now) <= now)
        return next(others, None)

    def allow_all(self) -> None:
        """Nothing that was denied stays denied."""
        self._denied.clear()

    def allow(self, interfaces: Iterable[Interface]) -> None:
        """These are no longer denied."""
        for interface in interfaces:
            self._denied.pop(interface, None)

    def deny(self, interface: Interface, until: float, ended: float) -> None:
        """The interface is not to be had until a moment: fall back to the other plant list."""
        self._denied[interface] = until
        self._turn = PageTurn()
        self._batch.retry_at = ended

    @override
    def batches(self) -> Sequence[Batch]:
        return (self._batch,)

    @override
    def calls_needed(self) -> int:
        return self._pages or max(1, self.inventory.fleet.plant_calls())

    @override
    def auto_interval(self) -> float:
        return cadence.list_interval(self.limiter.limit(self.planned_interface()), self.calls_needed())

    def auto_ttl(self) -> float:
        """At least one window of the quota."""
        return max(super().auto_ttl(), self.limiter.limit(self.planned_interface()).window)

    @override
    def next_sweep_at(self) -> float | None:
        return self._due()

    def _due(self) -> float:
        if self._batch.retry_at is not None:
            return self._batch.retry_at
        return self._batch.created if self._turn_started is None else self._turn_started + self.interval

    def _serve(self, content: Page[Plant], started: float) -> None:
        # the cache takes entries only of plants that it knows
        self.answers.lists_changed(self.inventory)
        selected = [plant.code for plant in content.items if plant.code in self.inventory.plants]
        self.answers.plant_page(selected, self.freshness(started))
