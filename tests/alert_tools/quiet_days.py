"""Days on which nothing is wrong, at three latitudes: no alert may fire."""

from datetime import date, timedelta
from pathlib import Path

from alert_tools.promtool import Fired, fired_alerts
from alert_tools.recording import Recording
from alert_tools.rule_files import read_metrics
from alert_tools.simulated_time import SimulatedTime
from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.local_year import DAY_SECONDS, day_start
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.site import Place

EQUATOR, MIDDLE, NORTH = Place(0.0, 37.0, 3), Place(48.14, 11.58, 1), Place(65.0, 25.5, 2)
PLACES = (EQUATOR, MIDDLE, NORTH, MIDDLE, MIDDLE)
"""Three plants at 48 degrees, so that yields are compared."""
_HOME = (DeviceType.RESIDENTIAL_INVERTER, DeviceType.BATTERY, DeviceType.POWER_SENSOR)


def names() -> frozenset[str]:
    """The exporter's metrics that rules read."""
    return frozenset(name for name in read_metrics() if name.startswith("fusionsolar_"))


def quiet_days(first: date, days: int, directory: Path, *, quirks: bool, step: int = 600) -> list[Fired]:
    """Alerts that fired from midnight UTC of ``first`` on, with scrapes and evaluations ``step`` seconds apart.

    With ``quirks`` inverters are silent at night and their values null, else they answer with zeros.
    """
    begin = day_start(first, 0)
    plan = FleetPlan(
        plants=len(PLACES), devices={DeviceType.RESIDENTIAL_INVERTER: 1}, start=begin, alarm_share=0, places=PLACES
    )
    world = SimulatedTime(plan, begin, names(), quirks=quirks)
    for code in [*world.fleet.plants][: len({*PLACES})]:
        for type_id in _HOME:
            world.fleet.add_device(code, type_id, begin - 100 * DAY_SECONDS)
    recording = Recording(step)
    world.run(days * DAY_SECONDS, recording)
    return fired_alerts(recording, begin, directory)


def days_of(first: date, days: int, at_once: int) -> list[tuple[date, int]]:
    """Runs of at most so many days that together are all of them."""
    return [(first + timedelta(days=start), min(at_once, days - start)) for start in range(0, days, at_once)]
