"""Plants and devices of a simulated fleet."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from fusionsolar_exporter.simulator.alarms import AlarmCycle, RaisedAlarm
from fusionsolar_exporter.simulator.device_types import INVERTERS, METERS, STORAGE
from fusionsolar_exporter.simulator.inverter_states import InverterState
from fusionsolar_exporter.simulator.site import Site


@dataclass(slots=True)
class Outage:
    """A time in which an inverter yields nothing, in totals of the site's output; ``until`` is None while it lasts."""

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
    installed_total: float
    """The site's output total then."""
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

    def energy(self, since: float, until: float) -> float:
        """Return an inverter's yield in kWh between two totals of the site's output, without its outages."""
        since = max(since, self.installed_total)
        if until <= since:
            return 0.0
        whole = until - since
        for outage in self.outages:
            end = until if outage.until is None else min(outage.until, until)
            whole -= max(end - max(outage.since, since), 0.0)
        return self.effective_kw * whole


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

    @property
    def batteries(self) -> int:
        """How many batteries share the plant's storage."""
        return sum(1 for _ in self.of_types(STORAGE))
