"""One collector a kind of data: what to ask, how to batch, what to put into the cache."""

from dataclasses import dataclass

from fusionsolar_exporter.refresh.collectors.alarms import AlarmsCollector
from fusionsolar_exporter.refresh.collectors.base import Collector
from fusionsolar_exporter.refresh.collectors.device_list import DeviceListCollector
from fusionsolar_exporter.refresh.collectors.device_realtime import DeviceRealtimeCollector
from fusionsolar_exporter.refresh.collectors.plant_list import PlantListCollector
from fusionsolar_exporter.refresh.collectors.plant_realtime import PlantRealtimeCollector
from fusionsolar_exporter.refresh.context import AccountContext


@dataclass(frozen=True, slots=True)
class Collectors:
    """The collectors of one account; the lists are named because others make them due."""

    plant_list: PlantListCollector
    device_list: DeviceListCollector
    all: tuple[Collector, ...]


def make_collectors(desk: AccountContext) -> Collectors:
    """One of each kind."""
    plant_list, device_list = PlantListCollector(desk), DeviceListCollector(desk)
    return Collectors(
        plant_list,
        device_list,
        (PlantRealtimeCollector(desk), DeviceRealtimeCollector(desk), plant_list, device_list, AlarmsCollector(desk)),
    )
