"""The device lists of the plants, 100 plants a call."""

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from typing_extensions import override

from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.model import Device
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.collectors.base import EMPTY_ANSWERS_BELIEVED, Job
from fusionsolar_exporter.refresh.collectors.by_plant import PlantBatchCollector
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
        # empty answers in a row where there were devices; an entry goes with its batch
        self._empty_answers: WeakKeyDictionary[Batch, int] = WeakKeyDictionary()

    def make_due(self, plant_codes: Iterable[str], now: float) -> None:
        """Ask these plants' lists before their time, as far as the reserve of the quota allows."""
        doubtful = frozenset(plant_codes)
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
    def ask(self, client: Client, token: str, job: Job) -> Answer[Items[Device]]:
        return client.device_list(token, job.ids)

    @override
    def accept(self, job: Job, content: Items[Device], started: float, ended: float) -> bool:
        del ended
        batch, inventory = job.batch, self.inventory
        if not content.items and inventory.device_count(job.ids):
            times = self._empty_answers[batch] = self._empty_answers.get(batch, 0) + 1
            if times < EMPTY_ANSWERS_BELIEVED:
                return False
        self._empty_answers.pop(batch, None)
        self.answered(batch)
        listed = [code for code in job.ids if code in inventory.plants]
        devices = [device for device in content.items if device.plant_code in inventory.plants]
        inventory.set_devices(listed, devices, started)
        # the cache takes entries only of devices that it knows
        self.answers.lists_changed(inventory)
        self.answers.device_list(listed, devices, self.freshness(started))
        return True

    @override
    def auto_interval(self) -> float:
        return cadence.list_interval(self.limiter.limit(self.interface), self.calls_needed())

    def auto_ttl(self) -> float:
        """At least one window of the quota."""
        return max(super().auto_ttl(), self.limiter.limit(self.interface).window)
