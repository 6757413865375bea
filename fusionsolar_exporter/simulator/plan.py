"""What a fleet is to be: how many plants, with which devices, where, and how odd."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.site import PLACES, Place

START = 1750000000.0
"""15 June 2025, 15:06:40 UTC: a reference moment; plants are older."""
PLANT_NAMES = (
    "Alder Farm",
    "Birch Lane",
    "Cedar Works",
    "Dune Park",
    "Elm Street",
    "Fern Hill",
    "Gorse Field",
    "Hazel Court",
)
ODD_NAMES = ('Quote "Q"', "Back\\slash", "New\nline", "Sun ☀️ 🌞", "<b>Bold</b> & co", "  spaces  ", "Ünïcødé 光伏")

_RESIDENTIAL = (
    DeviceType.RESIDENTIAL_INVERTER,
    DeviceType.DONGLE,
    DeviceType.POWER_SENSOR,
    DeviceType.BATTERY,
    DeviceType.BACKUP_BOX,
    DeviceType.SAFETY_BOX,
)
_COMMERCIAL = (
    DeviceType.STRING_INVERTER,
    DeviceType.SMARTLOGGER,
    DeviceType.GRID_METER,
    DeviceType.EMI,
    DeviceType.STRING_INVERTER,
    DeviceType.ESS,
    DeviceType.STRING_INVERTER,
    DeviceType.PID,
    DeviceType.PLC,
    DeviceType.DISTRIBUTED_SMARTLOGGER,
    DeviceType.PINNET_DATA_LOGGER,
    DeviceType.STS,
    DeviceType.PROTOCOL_CONVERTER,
    DeviceType.GENERAL_DEVICE,
)


def usual_devices(plant_index: int, count: int) -> Mapping[int, int]:
    """Return how many devices of each type a plant of ``count`` devices usually has: every other one is a home."""
    home = plant_index % 2 == 0
    listed = _RESIDENTIAL if home else _COMMERCIAL
    filler = DeviceType.OPTIMIZER if home else DeviceType.STRING_INVERTER
    counts = Counter[int](islice(listed, count))
    counts[filler] += max(count - len(listed), 0)
    return +counts


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """The size and the nature of a fleet. One plan gives one fleet, always."""

    plants: int = 2
    devices_per_plant: int = 8
    """Devices of each plant, mixed as :func:`usual_devices` says."""
    devices: Mapping[int, int] | None = None
    """Instead of the mix: devices of each plant by type id; types beyond the reference are welcome."""
    seed: int = 1
    start: float = START
    """Unix seconds; every plant is connected between a month and six years before."""
    clouds: bool = True
    places: tuple[Place, ...] = PLACES
    alarm_share: float = 0.1
    """Share of the devices that raise alarms from time to time."""
    odd_names: bool = False
    """Plant names with quotes, line breaks and pictures."""
    quirks: bool = False
    """Ids, codes and serial numbers as odd as on real servers."""

    def devices_of(self, plant_index: int) -> Mapping[int, int]:
        """Return the number of devices of each type for the plant that is built as number ``plant_index``."""
        return usual_devices(plant_index, self.devices_per_plant) if self.devices is None else self.devices
