"""The start: what is known is asked for at once, nothing waits for other plants' lists, and scrapes never wait."""

import threading

import pytest
from support.http_world import HttpWorld

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

QUICK = Rules(constant_bodies=True)
DEADLINE = 10.0
YIELD = "fusionsolar_plant_day_yield_watthours"
POWER = "fusionsolar_device_active_power_watts"
ALARMS = "fusionsolar_plant_alarms"


@pytest.mark.no_cover
def test_a_hundred_plants_with_ten_device_batches_are_complete_within_20_seconds() -> None:
    with HttpWorld(FleetPlan(plants=100, devices={1: 4, 17: 3, 47: 3})) as world:
        world.run(20)
        scrape = world.scrape(YIELD, POWER, ALARMS, "fusionsolar_collector_success")

        assert len(world.requests(Interface.DEVICE_REAL_TIME)) == 10
        assert len(scrape.by("plant_code", YIELD)) == 100
        assert scrape.by("device_id", POWER).keys() == world.system.fleet.devices.keys()
        assert len(scrape.by("plant_code", ALARMS, severity="major")) == 100
        for collector in ("plant_list", "device_list", "plant_realtime", "device_realtime", "alarms"):
            assert scrape.value("fusionsolar_collector_success", collector=collector) == 1


def test_nothing_waits_for_the_lists_of_other_plants() -> None:
    with HttpWorld(FleetPlan(plants=230, devices={1: 1})) as world:
        world.run(12)
        first = world.scrape(YIELD, POWER, ALARMS)
        world.run_until(63 + 12)
        second = world.scrape(YIELD, POWER, ALARMS)
        world.run_until(126 + 12)
        third = world.scrape(YIELD, POWER, ALARMS)
        order = [request.interface for request in world.system.log.requests]

    # the second page of the plant list comes after what is more urgent for the plants of the first
    assert order[:3] == [Interface.LOGIN, Interface.STATIONS, Interface.PLANT_REAL_TIME]
    for scrape, plants in ((first, 100), (second, 200), (third, 230)):
        assert len(scrape.by("plant_code", YIELD)) == plants
        assert len(scrape.by("device_id", POWER)) == plants
        assert len(scrape.by("plant_code", ALARMS, severity="major")) >= plants


def test_requests_follow_each_other_as_soon_as_they_may() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1, 39: 1})) as world:
        world.run(20)
        moments = [request.at - world.started_at for request in world.system.log.requests]
        order = [request.interface for request in world.system.log.requests]

    assert moments == pytest.approx([0, 1, 2, 3, 4, 5, 6], abs=0.1)
    assert order == [
        Interface.LOGIN,
        Interface.STATIONS,
        Interface.PLANT_REAL_TIME,
        Interface.DEVICES,
        Interface.DEVICE_REAL_TIME,
        Interface.DEVICE_REAL_TIME,
        Interface.ALARMS,
    ]


def test_a_scrape_never_waits_for_the_far_side() -> None:
    with HttpWorld() as world:
        held = world.order(FaultKind.HOLD, Interface.LOGIN)
        before = world.scrape()
        stepping = threading.Thread(target=world.account.step)
        stepping.start()
        meanwhile = world.scrape()
        assert not world.exporter.ready()
        held.release.set()
        stepping.join(DEADLINE)
        assert not stepping.is_alive()
        world.run(1)
        after = world.scrape()
        assert world.exporter.ready()

    for scrape in (before, meanwhile):
        assert (scrape.up, scrape.state) == (0, "starting")
        assert scrape.value("fusionsolar_api_requests_total", interface="getAlarmList") == 0
        assert scrape.all("fusionsolar_plant_info") == []
    assert (after.up, after.state) == (1, "ok")


def test_a_far_side_that_is_down_at_the_start_is_normal() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1})) as world:
        world.order(FaultKind.RESET, Interface.LOGIN)
        world.run(30)
        down = world.scrape()
        ready = world.exporter.ready()
        world.run(60)
        up = world.scrape()

    assert (down.up, down.state) == (0, "starting")
    assert down.failures("login") == {"connection": 1}
    assert ready
    assert (up.up, up.state) == (1, "ok")
    assert len(up.all(POWER)) == 1


def test_an_account_that_is_never_answered_is_ready_after_a_minute() -> None:
    with HttpWorld() as world:
        assert not world.exporter.ready()
        world.sleep(59)
        assert not world.exporter.ready()
        world.sleep(1)
        assert world.exporter.ready()


@pytest.mark.parametrize("plants", [1, 120])
def test_the_first_sweep_of_each_collector_is_told(plants: int) -> None:
    with HttpWorld(FleetPlan(plants=plants, devices={1: 1}), rules=QUICK) as world:
        before = world.scrape()
        world.run(150)
        scrape = world.scrape()

    names = {"plant_list", "device_list", "plant_realtime", "device_realtime", "alarms"}
    enabled = before.by("collector", "fusionsolar_collector_enabled")
    assert {name for name, value in enabled.items() if value} == names
    assert before.by("collector", "fusionsolar_collector_success") == dict.fromkeys(names, 0)
    assert before.all("fusionsolar_collector_last_success_timestamp_seconds") == []
    assert scrape.by("collector", "fusionsolar_collector_success") == dict.fromkeys(names, 1)
    ends = scrape.by("collector", "fusionsolar_collector_last_success_timestamp_seconds")
    durations = scrape.by("collector", "fusionsolar_collector_last_sweep_duration_seconds")
    upcoming = scrape.by("collector", "fusionsolar_collector_next_sweep_timestamp_seconds")
    assert ends.keys() == durations.keys() == upcoming.keys() == names
    assert max(ends.values()) <= world.clock.now() < min(upcoming.values())
    assert min(durations.values()) > 0.09
