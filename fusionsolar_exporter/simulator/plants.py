"""Plants and devices of a simulated fleet."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from fusionsolar_exporter.simulator.alarms import AlarmCycle, RaisedAlarm
from fusionsolar_exporter.simulator.device_types import INVERTERS, METERS, DeviceType
from fusionsolar_exporter.simulator.flows import Flows, StorageShares
from fusionsolar_exporter.simulator.installation import Installation
from fusionsolar_exporter.simulator.inverter_states import InverterState
from fusionsolar_exporter.simulator.site import Site, steady_flows


@dataclass(slots=True)
class Outage:
    """A time in which an inverter does nothing, in Unix seconds; ``until`` is None while it lasts."""

    state: InverterState
    since: float
    until: float | None = None


@dataclass(slots=True, eq=False)
class SimulatedDevice:
    """A device. ``chance`` is a number of its own from 0 up to 1, from which its small differences come."""

    id: str
    type_id: int
    name: str
    plant: "SimulatedPlant"
    serial_number: str
    model: str
    software_version: str
    chance: float
    installed_at: float
    """Unix seconds."""
    capacity_kw: float = 0.0
    """Rated power (kWp) of an inverter, else 0."""
    effective_kw: float = 0.0
    """The same after dirt and age."""
    strings: int = 0
    """Fitted PV strings of an inverter."""
    outages: list[Outage] = field(default_factory=list)
    alarm_cycle: AlarmCycle | None = None
    raised_alarms: list[RaisedAlarm] = field(default_factory=list)

    @property
    def outage(self) -> Outage | None:
        """The outage that lasts, if one does."""
        return self.outages[-1] if self.outages and self.outages[-1].until is None else None

    def outage_at(self, moment: float) -> Outage | None:
        """Return the outage of Unix seconds ``moment``, if there is one."""
        for outage in reversed(self.outages):
            if outage.since <= moment and (outage.until is None or moment < outage.until):
                return outage
        return None


@dataclass(slots=True, eq=False)
class SimulatedPlant:
    """A plant and its devices, in the order in which lists show them."""

    code: str
    name: str
    site: Site
    latitude: float
    longitude: float
    connected_at: float
    """Grid connection, Unix seconds."""
    tariff: float
    """Income for a kWh; 0 where none is set."""
    chance: float
    installation: Installation = field(default_factory=Installation)
    devices: list[SimulatedDevice] = field(default_factory=list)

    def of_types(self, types: frozenset[int]) -> Iterator[SimulatedDevice]:
        """Yield the devices of some types."""
        return (device for device in self.devices if device.type_id in types)

    @property
    def inverters(self) -> Iterator[SimulatedDevice]:
        """The string and residential inverters."""
        return self.of_types(INVERTERS)

    @property
    def capacity_kw(self) -> float:
        """Peak power in kWp of all inverters; 0 for a plant that is being built."""
        return round(sum(device.capacity_kw for device in self.inverters), 3)

    @property
    def effective_kw(self) -> float:
        """Peak power in kWp of all inverters after dirt and age."""
        return sum(device.effective_kw for device in self.inverters)

    @property
    def meters(self) -> int:
        """How many meters share the plant's balance."""
        return sum(1 for _ in self.of_types(METERS))

    def count(self, type_id: int) -> int:
        """Return the number of devices of a type."""
        return sum(device.type_id == type_id for device in self.devices)

    @property
    def flows(self) -> Flows:
        """Where its energy flows; residential batteries and AC storage share one storage, a foreign one has its own."""
        batteries, storages = self.count(DeviceType.BATTERY), self.count(DeviceType.ESS)
        listed, foreign = batteries + storages, self.installation.foreign_battery
        each = 1 / (bool(listed) + foreign) if listed or foreign else 0.0
        shares = StorageShares(
            dc=each * batteries / listed if listed else 0.0,
            ac=each * storages / listed if listed else 0.0,
            foreign=each if foreign else 0.0,
        )
        effective_kw = self.effective_kw
        if self.installation.steady is not None and effective_kw:
            return steady_flows(self.installation.steady, effective_kw, shares)
        return self.site.flows(shares, from_grid=self.installation.charges_from_grid)
