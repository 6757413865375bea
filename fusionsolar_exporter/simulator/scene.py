"""A plant at one moment: everything that its devices' values have in common, worked out once a request."""

from datetime import date
from functools import cached_property
from math import cos, pi

from fusionsolar_exporter.simulator.chance import fraction
from fusionsolar_exporter.simulator.inverter_states import DISCONNECTED, InverterState
from fusionsolar_exporter.simulator.local_year import STEP_SECONDS, day_start, local_date
from fusionsolar_exporter.simulator.plants import SimulatedDevice, SimulatedPlant
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
"""From which output on (kW per kWp) an inverter is in which state while the sun is up."""


class Scene:
    """One plant at Unix seconds ``at``. Totals are integrals of the site's output, in kWh per kWp."""

    def __init__(self, plant: SimulatedPlant, at: float) -> None:
        self.plant = plant
        self.at = at
        site = plant.site
        today = local_date(at, site.utc_offset)
        self.midnight = day_start(today, site.utc_offset)
        self.now = site.at(at)
        self.output = site.output.value(self.now)
        """AC power in kW per kWp."""
        self.irradiance = site.irradiance.value(self.now)
        """W/m²."""
        self.total = site.output.integral(self.now)
        self.total_midnight = site.output_total(self.midnight)
        self._today = today

    @cached_property
    def total_month(self) -> float:
        """The total at the start of the local month."""
        first = date(self._today.year, self._today.month, 1)
        return self.plant.site.output_total(day_start(first, self.plant.site.utc_offset))

    @cached_property
    def effective_kw(self) -> float:
        """Peak power in kWp of the plant's inverters after dirt and age."""
        return self.plant.effective_kw

    @property
    def night(self) -> bool:
        """Whether the sun is down."""
        return self.irradiance <= 0

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
        """Return the state of an inverter: its outage's, else what the sun lets it do (Table 9-1)."""
        if device.outage is not None:
            return device.outage.state
        if self.night:
            return InverterState.NO_IRRADIATION
        return next(state for least, state in _STATES if self.output >= least)

    def connected(self, device: SimulatedDevice) -> bool:
        """Return whether the management system hears an inverter."""
        return device.outage is None or device.outage.state not in DISCONNECTED

    def power(self, device: SimulatedDevice) -> float:
        """Return an inverter's AC power in kW; in standby none, though energy counts the minutes of dawn and dusk."""
        producing = device.outage is None and self.output >= _STANDBY_OUTPUT
        return device.effective_kw * self.output if producing else 0.0

    def day_energy(self, device: SimulatedDevice) -> float:
        """Return an inverter's yield of the local day in kWh, to a hundredth."""
        return round(device.energy(self.total_midnight, self.total), 2)

    def month_energy(self, device: SimulatedDevice) -> float:
        """Return an inverter's yield of the local month in kWh, to a hundredth."""
        return round(device.energy(self.total_month, self.total), 2)

    def total_energy(self, device: SimulatedDevice) -> float:
        """Return an inverter's yield since it was installed in kWh, to a hundredth."""
        return round(device.energy(device.installed_total, self.total), 2)
