"""Whether an inverter is awake, from the newest readings, and which part of the last day one was."""

from collections.abc import Mapping

import pytest
from support.manual_clock import ManualClock

from fusionsolar_exporter.cache import Cache, Freshness
from fusionsolar_exporter.northbound.model import Device, Plant, Reading
from fusionsolar_exporter.refresh.daylight import Daylight

HOUR, DAY = 3600.0, 86400.0
DEVICES = {
    "1": Device("1", "inverter", "A", 1),
    "2": Device("2", "household", "A", 38),
    "3": Device("3", "meter", "A", 47),
}


class Sky:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.cache = Cache(self.clock)
        self.cache.know({"A": Plant("A", "A")}, DEVICES)
        self.daylight = Daylight(self.cache)

    def read(self, **values: Mapping[str, float]) -> bool:
        """Readings by device id, an underscore before it."""
        self.clock.advance(60.0)
        readings = [Reading(key.removeprefix("_"), given) for key, given in values.items()]
        self.cache.read_devices(readings, Freshness(self.clock.now(), 10 * DAY))
        self.daylight.look(self.clock.now())
        return self.daylight.awake


def test_awake_is_who_gives_power() -> None:
    sky = Sky()
    assert sky.read()
    assert sky.read(_3={"active_power": 0.0})  # a meter says nothing of the sun
    assert not sky.read(_1={"active_power": 0.0, "mppt_power": 0.0}, _2={})
    assert sky.read(_1={"active_power": 0.2})
    assert not sky.read(_1={"active_power": 0.0})
    assert sky.read(_2={"mppt_power": 0.1})


def test_it_looks_once_a_minute() -> None:
    sky = Sky()
    assert sky.read(_1={"active_power": 1.0})
    sky.cache.read_devices([Reading("1", {"active_power": 0.0})], Freshness(sky.clock.now(), DAY))
    sky.daylight.look(sky.clock.now() + 59)
    assert sky.daylight.awake


def test_the_share_of_the_day_is_known_after_a_day() -> None:
    sky = Sky()
    assert sky.daylight.awake_share(sky.clock.now()) == 1.0
    for hour in range(48):
        sky.read(_1={"active_power": float(hour % 24 < 9)})
        if hour < 23:
            assert sky.daylight.awake_share(sky.clock.now()) == 1.0
        sky.clock.advance(HOUR - 60)
    assert sky.daylight.awake_share(sky.clock.now()) == pytest.approx(9 / 24, abs=0.01)
    assert len(sky.daylight._since) <= 4
