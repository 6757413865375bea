"""A plant at one moment: everything that its devices' values have in common, worked out once a request."""

from functools import cached_property
from math import cos, pi

from fusionsolar_exporter.simulator.chance import fraction
from fusionsolar_exporter.simulator.flows import CONVERSION
from fusionsolar_exporter.simulator.inverter_states import DISCONNECTED, InverterState
from fusionsolar_exporter.simulator.local_year import STEP_SECONDS
from fusionsolar_exporter.simulator.plants import SimulatedDevice, SimulatedPlant
from fusionsolar_exporter.simulator.registers import Registers
from fusionsolar_exporter.simulator.site import CLIPPED_OUTPUT

_STANDBY_OUTPUT = 0.004
_STATES = (
    (CLIPPED_OUTPUT - 1e-9, InverterState.SELF_DERATING),
    (0.02, InverterState.GRID_CONNECTED),
    (_STANDBY_OUTPUT, InverterState.START),
    (0.003, InverterState.GRID_DETECTING),
    (0.002, InverterState.INSULATION_DETECTING),
    (0.0, InverterState.IRRADIATION_DETECTING),
)
"""From which activity on (kW per kWp, of sun or battery) an inverter is in which state."""


class Scene:
    """One plant at Unix seconds ``at``. Powers are in kW per kWp."""

    def __init__(self, plant: SimulatedPlant, at: float, registers: Registers | None = None) -> None:
        self.plant = plant
        self.at = at
        self.registers = Registers(plant) if registers is None else registers
        self.flows = self.registers.flows
        site = plant.site
        self.now = site.at(at)
        self.midnight = site.calendar.day(at)
        self.sun = self.flows.sun.value(self.now)
        """DC input of inverters."""
        self.output = self.sun * CONVERSION
        """What the sun alone would give on the AC side."""
        self.inverters = self.flows.inverters.value(self.now)
        """AC output of inverters."""
        steady = plant.installation.steady is not None
        self.irradiance = self.output * 1000 if steady else site.irradiance.value(self.now)
        """W/m²."""

    @cached_property
    def month_start(self) -> float:
        """The start of the local month, in Unix seconds."""
        return self.plant.site.calendar.month(self.at)

    @cached_property
    def effective_kw(self) -> float:
        """Peak power in kWp of the plant's inverters after dirt and age."""
        return self.plant.effective_kw

    @cached_property
    def working_kw(self) -> float:
        """The same of those inverters that are not stopped."""
        return sum(device.effective_kw for device in self.plant.inverters if device.outage_at(self.at) is None)

    @cached_property
    def activity(self) -> float:
        """How much an inverter has to do: what the sun or a battery gives, or what it takes from the grid."""
        return max(self.output, abs(self.inverters))

    @property
    def running(self) -> bool:
        """Whether inverters are out of standby."""
        return self.activity >= _STANDBY_OUTPUT

    @property
    def asleep(self) -> bool:
        """Whether inverters are switched off: the sun is down and nothing else keeps them awake."""
        return self.irradiance <= 0 and not self.running

    @cached_property
    def running_hours(self) -> tuple[float, float]:
        """When inverters last started and shut down, in Unix seconds: today, or yesterday before they start."""
        lit = [step for step, output in enumerate(self.plant.site.output.day(self.now)) if output > 0]
        first, last = (lit[0], lit[-1]) if lit else (0, 0)
        start, stop = ((self.midnight + step * STEP_SECONDS) for step in (first - 1, last + 1))
        if self.at < start:
            return start - 86400, stop - 86400
        return start, stop if self.at >= stop else stop - 86400

    @cached_property
    def ambient(self) -> float:
        """Air temperature in °C."""
        latitude, hour = self.plant.latitude, (self.at - self.midnight) / 3600
        season = cos(2 * pi * (self.now.step / 48 - 200) / 365) * (1 if latitude >= 0 else -1)
        return 26 - abs(latitude) / 4 + season * abs(latitude) / 5 + 4 * cos((hour - 15) * pi / 12)

    def flicker(self, *words: object) -> float:
        """Return a number from -1 to 1 that changes every five minutes."""
        return 2 * fraction(self.plant.code, int(self.at // 300), *words) - 1

    @cached_property
    def grid_voltage(self) -> float:
        """Phase to neutral, in volts."""
        return 230 + 3 * self.flicker("voltage")

    @cached_property
    def frequency(self) -> float:
        """Hertz."""
        return round(50 + 0.04 * self.flicker("frequency"), 2)

    def state(self, device: SimulatedDevice) -> InverterState:
        """Return the state of an inverter: its outage's, else what there is to do (Table 9-1)."""
        outage = device.outage_at(self.at)
        if outage is not None:
            return outage.state
        if self.asleep:
            return InverterState.NO_IRRADIATION
        return next(state for least, state in _STATES if self.activity >= least)

    def connected(self, device: SimulatedDevice) -> bool:
        """Return whether the management system hears an inverter."""
        outage = device.outage_at(self.at)
        return outage is None or outage.state not in DISCONNECTED

    def works(self, device: SimulatedDevice) -> bool:
        """Return whether an inverter converts; in standby none does, though energy counts the minutes of dawn."""
        return self.running and device.outage_at(self.at) is None

    def power(self, device: SimulatedDevice) -> float:
        """Return an inverter's AC power in kW; negative while its battery is charged from the grid."""
        return device.effective_kw * self.inverters if self.works(device) else 0.0

    def input_power(self, device: SimulatedDevice) -> float:
        """Return an inverter's DC power from its strings in kW."""
        return device.effective_kw * self.sun if self.works(device) else 0.0

    def day_energy(self, device: SimulatedDevice) -> float:
        """Return an inverter's yield of the local day in kWh, to a hundredth."""
        return self._yield_since(device, self.midnight)

    def month_energy(self, device: SimulatedDevice) -> float:
        """Return an inverter's yield of the local month in kWh, to a hundredth."""
        return self._yield_since(device, self.month_start)

    def total_energy(self, device: SimulatedDevice) -> float:
        """Return an inverter's yield since it was installed in kWh, to a hundredth."""
        return self.registers.yielded(device, self.at)

    def _yield_since(self, device: SimulatedDevice, begin: float) -> float:
        return round(self.registers.yielded(device, self.at) - self.registers.yielded(device, begin), 2)
