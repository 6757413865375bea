"""A site: its weather over a year, and what one kilowatt peak of modules does there.

Every quantity is per kWp, so that a plant's is a multiplication. The weather repeats each year: a plant of any age has
its lifetime totals at no cost, and two runs with one seed agree.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import cycle
from math import exp
from random import Random

from fusionsolar_exporter.simulator.local_year import STEP_HOURS, STEPS_PER_DAY, LocalYear, place_in_year
from fusionsolar_exporter.simulator.series import YearSeries
from fusionsolar_exporter.simulator.sun import SunPath

CLIPPED_OUTPUT = 0.8
"""kW per kWp at which inverters derate themselves."""
STORAGE_KWH = 1.0
"""Capacity of a plant's batteries, per kWp."""
STORAGE_FLOOR = 0.2
"""State of charge that batteries keep overnight."""
STORAGE_EFFICIENCY = 0.95
STORAGE_KW = 0.4
"""Largest charge and discharge power, per kWp."""
_PERFORMANCE = 0.9
_DISCHARGE_FROM = 18 * STEPS_PER_DAY // 24
_YEAR_DAYS = 366


@dataclass(frozen=True, slots=True)
class Place:
    """A place on earth, with the offset of its clocks from UTC in hours."""

    latitude: float
    longitude: float
    utc_offset_hours: float


PLACES = (
    Place(40.42, -3.70, 1),
    Place(37.39, -5.99, 1),
    Place(48.14, 11.58, 1),
    Place(38.72, -9.14, 0),
    Place(37.98, 23.73, 2),
    Place(45.46, 9.19, 1),
    Place(22.54, 114.06, 8),
    Place(36.65, 117.12, 8),
    Place(-26.20, 28.05, 2),
    Place(-23.55, -46.63, -3),
    Place(13.76, 100.50, 7),
    Place(-33.87, 151.21, 10),
)


def _demand(hour: float) -> float:
    """Return the power that people at the plant draw, in kW per kWp: a base, a morning and an evening peak."""
    return 0.08 + 0.1 * exp(-((hour - 7.5) ** 2) / 2) + 0.22 * exp(-((hour - 20) ** 2) / 4)


_DEMAND = tuple(_demand(step * STEP_HOURS) for step in range(STEPS_PER_DAY))


class Site:
    """The sun, clouds and self-consumption at one place. Times are :class:`LocalYear`, from :meth:`at`."""

    def __init__(self, place: Place, *, clouds: bool, seed: int) -> None:
        self.place = place
        self.utc_offset = place.utc_offset_hours * 3600
        samples = array("d", self._irradiances(clouds=clouds, seed=seed))
        self.irradiance = YearSeries(samples)
        """W/m² in the plane of the modules; its integral is in Wh/m²."""
        self._outputs = array("d", (min(value / 1000 * _PERFORMANCE, CLIPPED_OUTPUT) for value in samples))
        self.output = YearSeries(self._outputs)
        """AC power in kW per kWp; its integral is in kWh per kWp."""

    def at(self, moment: float) -> LocalYear:
        """Return the local time of Unix seconds."""
        return place_in_year(moment, self.utc_offset)

    def output_total(self, moment: float) -> float:
        """Return the integral of the output up to Unix seconds; only differences mean something."""
        return self.output.integral(self.at(moment))

    @cached_property
    def demand(self) -> YearSeries:
        """What people at the plant draw, in kW per kWp."""
        return YearSeries(_DEMAND * _YEAR_DAYS)

    @cached_property
    def charge(self) -> YearSeries:
        """Power into batteries, in kW per kWp: the surplus of the day, as far as there is room."""
        return YearSeries(value for charge, _ in self._battery_days() for value in charge)

    @cached_property
    def discharge(self) -> YearSeries:
        """Power out of batteries, in kW per kWp: in the evening, down to the floor."""
        return YearSeries(value for _, discharge in self._battery_days() for value in discharge)

    @cached_property
    def surplus(self) -> YearSeries:
        """What flows to the grid without batteries, in kW per kWp."""
        return YearSeries(max(output - demand, 0.0) for output, demand in self._outputs_and_demand())

    @cached_property
    def stored_surplus(self) -> YearSeries:
        """What flows to the grid with batteries, in kW per kWp."""
        moved = (
            discharge - charge
            for charges, discharges in self._battery_days()
            for charge, discharge in zip(charges, discharges, strict=True)
        )
        return YearSeries(
            max(output - demand + battery, 0.0)
            for (output, demand), battery in zip(self._outputs_and_demand(), moved, strict=True)
        )

    def _outputs_and_demand(self) -> Iterator[tuple[float, float]]:
        return zip(self._outputs, cycle(_DEMAND), strict=False)

    def _irradiances(self, *, clouds: bool, seed: int) -> Iterator[float]:
        chance = Random(f"{seed}/{self.place}")  # noqa: S311 -- weather, not secrets
        for day in range(_YEAR_DAYS):
            sun = SunPath(self.place.latitude, self.place.longitude, self.place.utc_offset_hours, day)
            cover = chance.random() ** 2 if clouds else 0.0
            for step in range(STEPS_PER_DAY):
                height = sun.height(step * STEP_HOURS)
                passing = 1 - cover * (0.5 + 0.4 * chance.random()) if clouds else 1.0
                yield 1050 * height * passing if height > 0 else 0.0

    def _battery_days(self) -> Iterator[tuple[list[float], list[float]]]:
        evening = STEPS_PER_DAY - _DISCHARGE_FROM
        shape = [min(step, evening - step, 2) for step in range(evening)]
        room = STORAGE_KWH * (1 - STORAGE_FLOOR)
        for day in range(_YEAR_DAYS):
            outputs = self._outputs[day * STEPS_PER_DAY : (day + 1) * STEPS_PER_DAY]
            charge = [
                min(max(output - demand, 0.0), STORAGE_KW) if step < _DISCHARGE_FROM else 0.0
                for step, (output, demand) in enumerate(zip(outputs, _DEMAND, strict=True))
            ]
            surplus = sum(charge) * STEP_HOURS
            stored = min(surplus, room)
            scale = stored / surplus if surplus else 0.0
            unit = stored * STORAGE_EFFICIENCY / (sum(shape) * STEP_HOURS)
            yield [value * scale for value in charge], [0.0] * _DISCHARGE_FROM + [value * unit for value in shape]


@lru_cache(maxsize=64)
def site_of(place: Place, *, clouds: bool, seed: int) -> Site:
    """Return the site, made once: a year of weather takes a moment to draw up."""
    return Site(place, clouds=clouds, seed=seed)
