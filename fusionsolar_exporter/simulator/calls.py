"""A call of an interface: what is asked, of which fleet, under which rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fusionsolar_exporter.simulator.faults import Faults
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plants import SimulatedDevice, SimulatedPlant
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal
from fusionsolar_exporter.simulator.registers import Registers
from fusionsolar_exporter.simulator.scene import Scene


@dataclass(frozen=True, slots=True)
class Rules:
    """How the simulated system behaves."""

    quirks: bool = False
    """Answers as real servers send them, where they differ from the reference."""
    constant_bodies: bool = False
    """Real-time data and alarms are checked as ever, but answered with an empty list."""
    alarm_time_limits: bool = False
    """Alarms are refused from more than 365 days ago (20026) and over more than 31 days (20027)."""


@dataclass(slots=True)
class Call:
    """One call; ``user`` and ``ids`` become known on the way."""

    interface: Interface
    at: float
    parameters: Mapping[str, object]
    fleet: SimulatedFleet
    rules: Rules
    faults: Faults
    user: str = ""
    """Whose token it brings, or who logs in; empty where that is nobody."""
    owner: bool = False
    """Whether it comes with an owner's Bearer token."""
    ids: tuple[str, ...] = ()
    _scenes: dict[tuple[str, float], Scene] = field(default_factory=dict)
    _registers: dict[str, Registers] = field(default_factory=dict)

    @property
    def now_ms(self) -> int:
        """The simulated system's time in milliseconds."""
        return int(self.at * 1000)

    def echo(self, *names: str) -> dict[str, object]:
        """Return ``params`` of the answer: the request's parameters and the time."""
        if self.rules.constant_bodies:
            return {"currentTime": self.now_ms}
        return {name: self.parameters.get(name) for name in names} | {"currentTime": self.now_ms}

    def registers(self, plant: SimulatedPlant) -> Registers:
        """Return the plant's registers."""
        registers = self._registers.get(plant.code)
        if registers is None:
            registers = self._registers[plant.code] = Registers(plant)
        return registers

    def scene(self, plant: SimulatedPlant, at: float | None = None) -> Scene:
        """Return the plant at Unix seconds ``at``, by default at the moment of the call."""
        key = plant.code, self.at if at is None else at
        scene = self._scenes.get(key)
        if scene is None:
            scene = self._scenes[key] = Scene(plant, key[1], self.registers(plant))
        return scene

    def plants(self, codes: tuple[str, ...]) -> list[SimulatedPlant]:
        """Return the plants of these codes; refuses with 20007 where one is unknown."""
        self._ask(codes)
        try:
            return [self.fleet.plants[code] for code in codes]
        except KeyError:
            raise Refusal(FailCode.UNKNOWN_PLANT) from None

    def devices(self, ids: tuple[str, ...], known: Mapping[str, SimulatedDevice]) -> list[SimulatedDevice]:
        """Return the devices that ``known`` names so; refuses with 20008 where one is unknown."""
        self._ask(ids)
        try:
            return [known[name] for name in ids]
        except KeyError:
            raise Refusal(FailCode.UNKNOWN_DEVICE) from None

    def _ask(self, ids: tuple[str, ...]) -> None:
        self.ids = ids
        code = self.faults.refused_ids(self.interface, ids)
        if code is not None:
            raise Refusal(code)
