"""Values of inverters by serial number: a restricted interface that fills what real-time data leaves out."""

from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import override

from fusionsolar_exporter.config import ConvergenceConfig
from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.interfaces import IDS_PER_CALL, INVERTER_TYPES, Interface
from fusionsolar_exporter.northbound.model import Reading
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.batches import Batches
from fusionsolar_exporter.refresh.collectors.base import Job
from fusionsolar_exporter.refresh.collectors.batched import BatchCollector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.status import CollectorName


class ConvergenceCollector(BatchCollector):
    """Batches of serial numbers; what is served goes by device ids."""

    name = CollectorName.INVERTER_CONVERGENCE
    rank = 6
    interface = Interface.GET_INVENTER_REAL_KPI

    def __init__(
        self, context: AccountContext, limiter: RateLimiter, inventory: Inventory, answers: AcceptedAnswers
    ) -> None:
        super().__init__(context, limiter, inventory, answers)
        self._inverters = Batches()
        self._ids: Mapping[str, str] = {}
        self._told_to_choose = False

    @property
    def must_choose(self) -> bool:
        """Whether there are more inverters than one call takes, and the configuration names none of them."""
        return not self._settings.serial_numbers and len(self._ids) > IDS_PER_CALL

    @override
    def kinds(self) -> Sequence[Batches]:
        return (self._inverters,)

    @override
    def plants_of(self, ids: Iterable[str]) -> list[str]:
        devices = self.inventory.devices
        found = (devices.get(self._ids.get(number, "")) for number in ids)
        return list(dict.fromkeys(device.plant_code for device in found if device is not None))

    @override
    def fetched_at(self) -> Mapping[str, float]:
        fetched_at = self.answers.reports_fetched_at(self.name)
        return {number: fetched_at[key] for number, key in self._ids.items() if key in fetched_at}

    @override
    def ask(self, client: Client, job: Job) -> Answer[Items[Reading]]:
        return client.convergence(job.ids)

    @override
    def accept(self, job: Job, content: Items[Reading], started: float, ended: float) -> bool:
        del ended
        self.answered(job.batch)
        readings = [Reading(self._ids[item.id], item.values) for item in content.items if item.id in self._ids]
        asked = [self._ids[number] for number in job.ids if number in self._ids]
        self.answers.convergence(asked, readings, self.freshness(started))
        return True

    @override
    def auto_interval(self) -> float:
        return cadence.real_time_interval(self.limiter.limit(self.interface), self.calls_needed())

    @override
    def resume(self, now: float) -> None:
        self._inverters.resume(self._wanted(), self.asked_at(), self.kept_left_out, now)

    @override
    def lists_changed(self, now: float) -> None:
        self._inverters.sync(self._wanted(), now)

    @property
    def _settings(self) -> ConvergenceConfig:
        return self.context.settings.collectors.inverter_convergence

    def _wanted(self) -> Sequence[str]:
        """The serial numbers to ask for: those named, as far as they are listed, else all."""
        inverters = (device for device in self.inventory.devices.values() if device.type_id in INVERTER_TYPES)
        self._ids = {device.serial_number: device.id for device in inverters if device.serial_number}
        if not self.must_choose:
            named = self._settings.serial_numbers
            return [number for number in named if number in self._ids] if named else list(self._ids)
        if self.enabled and not self._told_to_choose:
            self._told_to_choose = True
            self.context.log.warning(
                "inverter_convergence asks for 100 inverters an hour: name those that matter in its serial_numbers",
                account=self.context.settings.name,
                inverters=len(self._ids),
            )
        return ()
