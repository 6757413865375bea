"""Dawn and dusk at three latitudes at once: a day's two delicate hours in one short run."""

from datetime import date
from math import acos, asin, cos, degrees, radians, sin
from pathlib import Path

from alert_tools.promtool import Fired, fired_alerts
from alert_tools.quiet_days import names
from alert_tools.recording import Recording
from alert_tools.simulated_time import SimulatedTime
from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.local_year import DAY_SECONDS, day_start
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.site import Place
from fusionsolar_exporter.simulator.sun import SunPath

LATITUDES = (0.0, 48.0, 65.0)
_NEIGHBOURS = 2  # more plants where it is dawn at 48 degrees, so that yields are compared
_ELEVATION = radians(3)  # about where inverters wake; the run is as long before as after
_HALF = 2.0 * 3600
_STEP = 600
_SEEN_BEFORE = (DAY_SECONDS, 11.5 * 3600 + _HALF)  # when strings were seen to carry current, before the middle
_STRINGS = frozenset({"fusionsolar_device_info", "fusionsolar_device_pv_current_amperes"})
_HOME = (DeviceType.BATTERY, DeviceType.POWER_SENSOR)


def places(day: date) -> list[Place]:
    """For every latitude a place where it is dawn at noon UTC, and one where it is dusk; noon where it stays dark."""
    found = []
    for latitude in LATITUDES:
        angle = _hour_angle(latitude, day)
        found += [Place(latitude, longitude, round(longitude / 15)) for longitude in (-angle, angle)]
    return found


def twilight(
    day: date, sites: list[Place], directory: Path, *, quirks: bool, thresholds: dict[str, float] | None = None
) -> list[Fired]:
    """Alerts that fired at the places of that day, or of one near it.

    With ``quirks`` inverters are silent at night and their values null, else they answer zeros.
    """
    noon = day_start(day, 0) + DAY_SECONDS / 2
    dawn = sites[2 * LATITUDES.index(48.0)]
    everywhere = (*sites, *[dawn] * _NEIGHBOURS)
    plan = FleetPlan(
        plants=len(everywhere),
        devices={DeviceType.RESIDENTIAL_INVERTER: 1},
        start=noon - DAY_SECONDS,
        alarm_share=0,
        places=everywhere,
    )
    first, second = (noon - before for before in _SEEN_BEFORE)
    world = SimulatedTime(plan, first - _STEP, names(), quirks=quirks)
    for code in [*world.fleet.plants][: len(sites)]:
        for type_id in _HOME:
            world.fleet.add_device(code, type_id, noon - 100 * DAY_SECONDS)
    recording = Recording(_STEP)
    for moment in (first, second):
        world.pass_over(moment - _STEP)
        world.run(_STEP, Recording(_STEP))
        world.scrape(recording, _STRINGS)
    world.pass_over(noon - _HALF - _STEP)
    world.run(_STEP, Recording(_STEP))
    world.run(2 * _HALF, recording)
    return fired_alerts(recording, noon - _HALF - len(_SEEN_BEFORE) * _STEP, directory, thresholds)


def _hour_angle(latitude: float, day: date) -> float:
    """Degrees between noon and the moment at which the sun is at that elevation; 0 where it never is."""
    day_of_year = day.timetuple().tm_yday - 1
    declination = asin(SunPath(90.0, 0.0, 0.0, day_of_year).height(0.0))
    north, height = radians(latitude), sin(_ELEVATION)
    cosine = (height - sin(north) * sin(declination)) / (cos(north) * cos(declination))
    return degrees(acos(min(max(cosine, -1.0), 1.0)))
