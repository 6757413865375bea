"""One collector a kind of data: what to ask, how to batch, what to put into the cache."""

from dataclasses import dataclass

from fusionsolar_exporter.refresh.collectors.alarms import Alarms
from fusionsolar_exporter.refresh.collectors.base import Collector
from fusionsolar_exporter.refresh.collectors.device_list import DeviceList
from fusionsolar_exporter.refresh.collectors.device_realtime import DeviceRealtime
from fusionsolar_exporter.refresh.collectors.plant_list import PlantList
from fusionsolar_exporter.refresh.collectors.plant_realtime import PlantRealtime
from fusionsolar_exporter.refresh.context import AccountContext


@dataclass(frozen=True, slots=True)
class Collectors:
    """The collectors of one account; the lists are named because others make them due."""

    plant_list: PlantList
    device_list: DeviceList
    all: tuple[Collector, ...]


def make_collectors(desk: AccountContext) -> Collectors:
    """One of each kind."""
    plant_list, device_list = PlantList(desk), DeviceList(desk)
    return Collectors(
        plant_list, device_list, (PlantRealtime(desk), DeviceRealtime(desk), plant_list, device_list, Alarms(desk))
    )
