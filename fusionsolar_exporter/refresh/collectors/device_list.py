"""The device lists of the plants, 100 plants a call."""

from collections.abc import Iterable, Sequence

from typing_extensions import override

from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.model import Device
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.collectors.base import ANSWERS_BELIEVED, Job
from fusionsolar_exporter.refresh.collectors.by_plant import PlantBatchCollector
from fusionsolar_exporter.refresh.collectors.doubts import Doubts
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.status import CollectorName


class DeviceListCollector(PlantBatchCollector):
    """Plants that are newly listed are asked for at once, in a call for the new ones only."""

    name = CollectorName.DEVICE_LIST
    rank = 3
    interface = Interface.GET_DEV_LIST
    searches_at_once = False  # its quota is for a day

    def __init__(
        self, context: AccountContext, limiter: RateLimiter, inventory: Inventory, answers: AcceptedAnswers
    ) -> None:
        super().__init__(context, limiter, inventory, answers)
        self._doubts: dict[str, Doubts] = {}
        """By plant: answers in a row that lacked devices."""
        self._refused_at: dict[str, float] = {}
        """By plant: when ids of it were refused; an empty list confirms that."""

    @override
    def lists_changed(self, now: float) -> None:
        # a wider filter takes plants whose lists are known from before: these are not asked before their time
        self._plants.sync(self.inventory.plants, now, self.inventory.devices_listed_at)

    def make_due(self, plant_codes: Iterable[str], now: float) -> None:
        """Ask these plants' lists before their time, as far as the reserve of the quota allows: ids were refused."""
        doubtful = frozenset(plant_codes)
        self._refused_at.update((code, self._refused_at.get(code, now)) for code in doubtful)
        for batch in self.batches():
            if not doubtful.isdisjoint(batch.ids):
                batch.early_at = now

    @override
    def next(self, now: float) -> Job | None:
        regular = super().next(now)
        flagged = [batch for batch in self.batches() if batch.early_at is not None]
        if not flagged or self.limiter.reserve(self.interface, now) < 1:
            return regular
        batch = min(flagged, key=lambda batch: batch.early_at or now)
        early = Job(self.interface, batch, batch.early_at or now, batch.turn(), early=True)
        return early if regular is None or early.due < regular.due else regular

    @override
    def ask(self, client: Client, job: Job) -> Answer[Items[Device]]:
        return client.device_list(job.ids)

    @override
    def accept(self, job: Job, content: Items[Device], started: float, ended: float) -> bool:
        batch, inventory = job.batch, self.inventory
        listed = [code for code in job.ids if code in inventory.plants]
        devices = [device for device in content.items if device.plant_code in inventory.plants]
        doubted = self._doubted(listed, devices, content)
        kept = [code for code in doubted if not self._believed(code, job, started, others=bool(devices))]
        if kept and not content.items:
            return False
        for code in listed:
            if code not in kept:
                self._doubts.pop(code, None)
                self._refused_at.pop(code, None)
        self.answered(batch)
        if len(kept) < len(doubted):
            batch.early_at = ended  # asked again soon, from the reserve: a mistake must not last for an interval
        named = {device.id for device in devices}
        devices += [device for device in inventory.devices_of(kept) if device.id not in named]
        inventory.set_devices(listed, devices, started)
        # the cache takes entries only of devices that it knows
        self.answers.lists_changed(inventory)
        self.answers.device_list(listed, devices, self.freshness(started))
        return not kept or content.unreadable > 0

    def _doubted(self, listed: Sequence[str], devices: Iterable[Device], content: Items[Device]) -> list[str]:
        """The plants of which the answer may have left out something that there still is."""
        if content.unreadable:
            return [code for code in listed if self.inventory.device_count([code])]
        answered = {device.plant_code for device in devices}
        return [code for code in listed if code not in answered and self.inventory.device_count([code])]

    def _believed(self, code: str, job: Job, started: float, *, others: bool) -> bool:
        """Whether refused ids have said it before, or so many regular refreshes in a row."""
        refused_at = self._refused_at.get(code)
        if refused_at is not None and (others or self.answers.data_since(refused_at)):
            return True  # others are answered: a far side that knows nobody would not answer them
        doubts = self._doubts.setdefault(code, Doubts())
        return doubts.add(started, self.interval, early=job.early) >= ANSWERS_BELIEVED

    @override
    def auto_interval(self) -> float:
        return cadence.list_interval(self.limiter.limit(self.interface), self.calls_needed())

    def auto_ttl(self) -> float:
        """At least one window of the quota."""
        return max(super().auto_ttl(), self.limiter.limit(self.interface).window)
