"""Daily, monthly and yearly data of inverters and storage, each call for one type."""

from collections.abc import Collection, Mapping, Sequence

from typing_extensions import override

from fusionsolar_exporter.northbound.answers import Items
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.interfaces import REPORT_TYPES
from fusionsolar_exporter.northbound.model import DatedReading, Plant
from fusionsolar_exporter.refresh.collectors.base import Job
from fusionsolar_exporter.refresh.collectors.by_device import DeviceBatchCollector
from fusionsolar_exporter.refresh.collectors.reports import ReportCollector


class DeviceReportCollector(ReportCollector, DeviceBatchCollector):
    """A kind of batches for each type."""

    @override
    def types_to_ask(self, listed: Mapping[int, Sequence[str]], now: float) -> Collection[int]:
        del now
        return [type_id for type_id in listed if type_id in REPORT_TYPES]

    @override
    def plant_of(self, key: str) -> Plant | None:
        device = self.inventory.devices.get(key)
        return None if device is None else self.inventory.plants.get(device.plant_code)

    @override
    def ask_about(self, client: Client, job: Job, at: float) -> Answer[Items[DatedReading]]:
        return client.device_report(self.interface, job.batch.device_type, job.ids, at)
