"""A site: its weather over a year, and what one kilowatt peak of modules does there.

Every quantity is per kWp, so that a plant's is a multiplication. The weather repeats each year: a plant of any age has
its lifetime totals at no cost, and two runs with one seed agree.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from math import exp
from random import Random
from zoneinfo import ZoneInfo

from fusionsolar_exporter.simulator.flows import CONVERSION, Flows, StorageShares
from fusionsolar_exporter.simulator.installation import SteadyFlows
from fusionsolar_exporter.simulator.local_calendar import LocalCalendar
from fusionsolar_exporter.simulator.local_year import STEP_HOURS, STEPS_PER_DAY, LocalYear, place_in_year
from fusionsolar_exporter.simulator.series import YearSeries
from fusionsolar_exporter.simulator.storage import StorageYear, storage_year
from fusionsolar_exporter.simulator.sun import SunPath

CLIPPED_OUTPUT = 0.8
"""kW per kWp at which inverters derate themselves."""
_PERFORMANCE = 0.9
_YEAR_DAYS = 366
_STEADY_LEVEL = 0.6


@dataclass(frozen=True, slots=True)
class Place:
    """A place on earth, with the standard offset of its clocks from UTC in hours, and their zone where they change."""

    latitude: float
    longitude: float
    utc_offset_hours: float
    zone: str | None = field(default=None, repr=False)
    """Of the IANA database; the weather is the same with and without."""


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


_DEMANDS = array("d", [_demand(step * STEP_HOURS) for step in range(STEPS_PER_DAY)]) * _YEAR_DAYS


class Site:
    """The sun, clouds and self-consumption at one place. Times are :class:`LocalYear`, from :meth:`at`."""

    def __init__(self, place: Place, *, clouds: bool, seed: int) -> None:
        self.place = place
        self.utc_offset = place.utc_offset_hours * 3600
        self.calendar = LocalCalendar(self.utc_offset, None if place.zone is None else ZoneInfo(place.zone))
        samples = array("d", self._irradiances(clouds=clouds, seed=seed))
        self.irradiance = YearSeries(samples)
        """W/m² in the plane of the modules; its integral is in Wh/m²."""
        self._outputs = array("d", (min(value / 1000 * _PERFORMANCE, CLIPPED_OUTPUT) for value in samples))
        self.output = YearSeries(self._outputs)
        """AC power that the sun alone gives, in kW per kWp."""
        self._flows: dict[tuple[StorageShares, bool], Flows] = {}

    def at(self, moment: float) -> LocalYear:
        """Return the local time of Unix seconds, by standard time."""
        return place_in_year(moment, self.utc_offset)

    def flows(self, shares: StorageShares, *, from_grid: bool) -> Flows:
        """Return where energy flows with this storage, made once: a year of it takes a moment."""
        key = shares, from_grid
        if key not in self._flows:
            storage = self._grid_storage if from_grid else self._sun_storage
            suns = array("d", (output / CONVERSION for output in self._outputs))
            self._flows[key] = Flows(suns, _DEMANDS, storage, shares)
        return self._flows[key]

    @cached_property
    def _sun_storage(self) -> StorageYear:
        return storage_year(self._outputs, _DEMANDS, from_grid=False)

    @cached_property
    def _grid_storage(self) -> StorageYear:
        return storage_year(self._outputs, _DEMANDS, from_grid=True)

    def _irradiances(self, *, clouds: bool, seed: int) -> Iterator[float]:
        chance = Random(f"{seed}/{self.place}")  # noqa: S311 -- weather, not secrets
        for day in range(_YEAR_DAYS):
            sun = SunPath(self.place.latitude, self.place.longitude, self.place.utc_offset_hours, day)
            cover = chance.random() ** 2 if clouds else 0.0
            for step in range(STEPS_PER_DAY):
                height = sun.height(step * STEP_HOURS)
                passing = 1 - cover * (0.5 + 0.4 * chance.random()) if clouds else 1.0
                yield 1050 * height * passing if height > 0 else 0.0


@lru_cache(maxsize=64)
def site_of(place: Place, *, clouds: bool, seed: int) -> Site:
    """Return the site, made once: a year of weather takes a moment to draw up."""
    return Site(place, clouds=clouds, seed=seed)


@lru_cache(maxsize=64)
def steady_flows(steady: SteadyFlows, effective_kw: float, shares: StorageShares) -> Flows:
    """Return flows that never change, for a plant of so many kWp."""
    steps = STEPS_PER_DAY * _YEAR_DAYS

    def always(power: float) -> "array[float]":
        return array("d", [power / effective_kw]) * steps

    level = array("d", [_STEADY_LEVEL]) * steps
    storage = StorageYear(always(max(steady.stored, 0.0)), always(max(-steady.stored, 0.0)), level)
    return Flows(always(steady.sun), always(steady.demand), storage, shares)
