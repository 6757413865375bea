"""The device lists of the plants, 100 plants a call."""

from collections.abc import Iterable

from typing_extensions import override

from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.model import Device
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.collectors.base import EMPTY_ANSWERS_BELIEVED, Job
from fusionsolar_exporter.refresh.collectors.by_plant import PlantBatchCollector
from fusionsolar_exporter.status import CollectorName


class DeviceListCollector(PlantBatchCollector):
    """Plants that are newly listed are asked for at once, in a call for the new ones only."""

    name = CollectorName.DEVICE_LIST
    rank = 3
    interface = Interface.GET_DEV_LIST
    searches_at_once = False  # its quota is for a day

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
        if not flagged or self.desk.reserve(self.interface, now) < 1:
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
        batch, roster = job.batch, self.desk.roster
        if not content.items and roster.device_count(job.ids):
            batch.empty_answers += 1
            if batch.empty_answers < EMPTY_ANSWERS_BELIEVED:
                return False
        batch.empty_answers = 0
        self.answered(batch)
        listed = [code for code in job.ids if code in roster.plants]
        devices = [device for device in content.items if device.plant_code in roster.plants]
        roster.set_devices(listed, devices, started)
        self.desk.lists_changed()
        freshness = self.freshness(started)
        self.desk.cache.list_devices(listed, [device.id for device in devices], freshness)
        self.desk.journal.device_list(listed, devices, freshness)
        return True

    @override
    def auto_interval(self) -> float:
        return cadence.list_interval(self.desk.limit(self.interface), self.calls_needed())

    def auto_ttl(self) -> float:
        """At least one window of the quota."""
        return max(super().auto_ttl(), self.desk.limit(self.interface).window)
