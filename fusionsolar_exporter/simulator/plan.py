"""What a fleet is to be: how many plants, with which devices, where, and how odd."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.installation import Installation
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
class PlantKind:
    """What a plant is made of and how it is wired."""

    devices: Mapping[int, int] | None = None
    """Number of devices by type id; None means the plan's."""
    installation: Installation = field(default_factory=Installation)


PLANT_KINDS: Mapping[str, PlantKind] = {
    "home with a battery": PlantKind({38: 1, 39: 1, 47: 1, 62: 1}),
    "home without a battery": PlantKind({38: 1, 47: 1, 62: 1}),
    "home that charges from the grid": PlantKind({38: 2, 39: 2, 47: 1}, Installation(charges_from_grid=True)),
    "home with a foreign battery": PlantKind({38: 1, 47: 1, 62: 1}, Installation(foreign_battery=True)),
    "home with a battery of each": PlantKind({38: 1, 39: 1, 47: 1}, Installation(foreign_battery=True)),
    "works without storage": PlantKind({1: 2, 17: 1, 10: 1}),
    "works with AC storage": PlantKind({1: 2, 41: 1, 17: 1, 10: 1}),
    "works with the other signs": PlantKind({1: 1, 41: 2, 17: 1}, Installation(meter_sign=-1, storage_sign=-1)),
}
"""Every way in which a plant can be wired."""


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """The size and the nature of a fleet. One plan gives one fleet, always."""

    plants: int = 2
    devices_per_plant: int = 8
    """Devices of each plant, mixed as :func:`usual_devices` says."""
    devices: Mapping[int, int] | None = None
    """Instead of the mix: devices of each plant by type id; types beyond the reference are welcome."""
    kinds: tuple[PlantKind, ...] = (PlantKind(),)
    """In turn."""
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
        own = self.kind_of(plant_index).devices
        if own is not None:
            return own
        return usual_devices(plant_index, self.devices_per_plant) if self.devices is None else self.devices

    def kind_of(self, plant_index: int) -> PlantKind:
        """Return the kind of the plant that is built as number ``plant_index``."""
        return self.kinds[plant_index % len(self.kinds)]
