"""Daily, monthly and yearly data of inverters and storage, each call for one type."""

from collections.abc import Iterable, Mapping, Sequence

from typing_extensions import override

from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.interfaces import REPORT_TYPES
from fusionsolar_exporter.northbound.model import DatedReading, Plant
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.batches.batches import Batches
from fusionsolar_exporter.refresh.collectors.base import Job
from fusionsolar_exporter.refresh.collectors.reports import ReportCollector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.reports.zones import PlantZones
from fusionsolar_exporter.report_interfaces import REPORT_INTERFACES
from fusionsolar_exporter.status import CollectorName


class DeviceReportCollector(ReportCollector):
    """A kind of batches for each type."""

    def __init__(
        self,
        context: AccountContext,
        limiter: RateLimiter,
        inventory: Inventory,
        answers: AcceptedAnswers,
        zones: PlantZones,
    ) -> None:
        super().__init__(context, limiter, inventory, answers, zones)
        self._kinds: dict[int, Batches] = {}

    @override
    def kinds(self) -> Iterable[Batches]:
        return self._kinds.values()

    @override
    def plants_of(self, ids: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(plant.code for plant in map(self.plant_of, ids) if plant is not None))

    @override
    def plant_of(self, key: str) -> Plant | None:
        device = self.inventory.devices.get(key)
        return None if device is None else self.inventory.plants.get(device.plant_code)

    @override
    def device_types_of_ids(self) -> Mapping[str, int]:
        return {key: batch.device_type for batch in self.batches() for key in batch.ids}

    @override
    def ask_about(self, client: Client, job: Job, at: float) -> Answer[Items[DatedReading]]:
        return client.device_report(self.interface, job.batch.device_type, job.ids, at)

    @override
    def resume(self, now: float) -> None:
        asked_at = self.asked_at()
        for type_id, ids in self._by_type().items():
            self._kinds[type_id].resume(ids, asked_at, self.kept_left_out, now)

    @override
    def lists_changed(self, now: float) -> None:
        for type_id, ids in self._by_type().items():
            self._kinds[type_id].sync(ids, now)

    def _by_type(self) -> Mapping[int, Sequence[str]]:
        wanted = self.context.settings.account.device_types
        by_type: dict[int, list[str]] = {}
        for device in self.inventory.devices.values():
            if device.type_id in REPORT_TYPES and (wanted is None or device.type_id in wanted):
                by_type.setdefault(device.type_id, []).append(device.id)
        self._kinds = {type_id: self._kinds.get(type_id, Batches(type_id)) for type_id in by_type}
        return by_type


class DeviceDailyCollector(DeviceReportCollector):
    """Days of devices."""

    name = CollectorName.DEVICE_DAILY
    interface = REPORT_INTERFACES[name]


class DeviceMonthlyCollector(DeviceReportCollector):
    """Months of devices."""

    name = CollectorName.DEVICE_MONTHLY
    interface = REPORT_INTERFACES[name]


class DeviceYearlyCollector(DeviceReportCollector):
    """Years of devices."""

    name = CollectorName.DEVICE_YEARLY
    interface = REPORT_INTERFACES[name]
