"""Times to live: old values vanish by themselves, keys that became null at once."""

from typing import Any

import pytest
from support.http_world import DAY, HOUR, HttpWorld, only

from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

SMALL = FleetPlan(plants=1, devices={1: 1})
INFO = "fusionsolar_plant_info"
DEVICE_INFO = "fusionsolar_device_info"
POWER = "fusionsolar_device_active_power_watts"
YIELD = "fusionsolar_plant_day_yield_watthours"
ALARMS = "fusionsolar_plant_alarms"


def served(world: HttpWorld, *names: str) -> set[str]:
    """Which of these metrics have samples now."""
    scrape = world.scrape(*names)
    return {name for name in names if scrape.all(name)}


@pytest.mark.parametrize("leg", [0.05, 10.0])
def test_values_expire_without_new_answers_three_intervals_after_their_request_began(leg: float) -> None:
    with HttpWorld(SMALL) as world:
        world.run(10)
        world.system.leg = leg
        world.run_to_request(Interface.PLANT_REAL_TIME)
        arrival = world.arrivals(Interface.PLANT_REAL_TIME)[-1]
        interval = world.scrape().interval("plant_realtime")
        expires = arrival - leg + 3 * interval
        world.clock.advance_to(world.started_at + expires - 0.01)  # nothing runs: the far side hangs
        before = served(world, YIELD)
        world.clock.advance(0.02)
        after = served(world, YIELD)
        expired = world.scrape().value("fusionsolar_cache_expired_total", collector="plant_realtime")

    assert before == {YIELD}
    assert after == set()
    assert expired == 1


def test_each_kind_of_data_has_its_own_time() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        scrape = world.scrape()
        world.order(FaultKind.STATUS, times=None, status=503)
        world.sleep(3 * 303 + 1)
        readings_gone = served(world, YIELD, POWER, ALARMS, INFO, DEVICE_INFO)
        world.sleep(3 * 1803 - 3 * 303)
        alarms_too = served(world, YIELD, POWER, ALARMS, INFO, DEVICE_INFO)
        world.sleep(86403 - 3 * 1803 - 60)
        lists = served(world, INFO, DEVICE_INFO)
        world.sleep(60)
        nothing = served(world, INFO, DEVICE_INFO)
        entries = world.scrape().by("collector", "fusionsolar_cache_entries")

    assert scrape.interval("alarms") == 1803
    assert readings_gone == {ALARMS, INFO, DEVICE_INFO}
    assert alarms_too == {INFO, DEVICE_INFO}
    assert lists == {INFO, DEVICE_INFO}  # at least one window of their quota
    assert nothing == set()
    assert set(entries.values()) == {0}


def test_a_configured_time_to_live() -> None:
    collectors = only("plant_realtime", plant_realtime={"ttl": "100s"}, plant_list={"ttl": "200s"})
    with HttpWorld(SMALL, collectors=collectors) as world:
        world.run(90)
        both = served(world, YIELD, INFO)
        world.run(30)
        one = served(world, YIELD, INFO)
        world.run(100)
        none = served(world, YIELD, INFO)
        world.run(100)
        again = served(world, YIELD, INFO)

    assert both == {YIELD, INFO}
    assert one == {INFO}
    assert none == set()
    assert again == {YIELD}


def test_a_plan_that_changes_does_not_change_the_time_of_what_is_there() -> None:
    with HttpWorld(SMALL, collectors=only("plant_realtime", plant_realtime={"interval": "20m"})) as world:
        world.run(20)
        world.reload(collectors=only("plant_realtime", plant_realtime={"interval": "10m"}))
        world.order(FaultKind.STATUS, Interface.PLANT_REAL_TIME, times=None, status=503)
        world.run(55 * 60)
        before = served(world, YIELD)
        world.run(6 * 60)

        assert before == {YIELD}
        assert served(world, YIELD) == set()


def without_power(envelope: dict[str, Any]) -> None:
    for number, item in enumerate(envelope["data"]):
        if number == 0:
            item["dataItemMap"]["active_power"] = None
        else:
            del item["dataItemMap"]["active_power"]


def test_a_key_that_is_null_or_missing_in_a_newer_answer_goes_at_once() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 2})) as world:
        world.run(20)
        before = world.scrape()
        world.system.rewrites[Interface.DEVICE_REAL_TIME] = without_power
        world.run_to_request(Interface.DEVICE_REAL_TIME)
        after = world.scrape()

    assert len(before.all(POWER)) == 2
    assert after.all(POWER) == []
    assert len(after.all("fusionsolar_device_day_yield_watthours")) == 2


def first_item_only(envelope: dict[str, Any]) -> None:
    del envelope["data"][1:]


def test_a_device_that_its_batchs_answer_leaves_out_keeps_its_values_until_their_time_is_over() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 2})) as world:
        world.run(20)
        first, second = world.system.fleet.devices
        before = world.scrape().by("device_id", "fusionsolar_device_total_yield_watthours")
        world.system.rewrites[Interface.DEVICE_REAL_TIME] = first_item_only
        world.run(2 * 303)
        kept = world.scrape()
        world.run(303)
        over = world.scrape()

    name = "fusionsolar_device_total_yield_watthours"
    assert kept.by("device_id", name)[second] == before[second]
    assert kept.by("device_id", name)[first] > before[first]
    assert over.by("device_id", name).keys() == {first}
    # when it was last fetched is told on
    moments = over.by("device_id", "fusionsolar_device_last_success_timestamp_seconds")
    assert moments[first] - moments[second] >= 2 * 303


def test_alarms_expire_too() -> None:
    plan = FleetPlan(plants=1, devices={1: 1}, alarm_share=0)
    with HttpWorld(plan, collectors=only("device_list", "alarms")) as world:
        world.run(20)
        assert served(world, ALARMS) == {ALARMS}
        world.order(FaultKind.STATUS, Interface.ALARMS, times=None, status=503)
        world.run(3 * 1803)
        scrape = world.scrape()

    assert scrape.all(ALARMS) == []
    assert scrape.value("fusionsolar_cache_expired_total", collector="alarms") == 1


@pytest.mark.no_cover
def test_lists_that_answer_on_never_expire() -> None:
    with HttpWorld(SMALL, collectors=only("device_list")) as world:
        for _ in range(6):
            world.run(DAY / 2)
            assert served(world, INFO, DEVICE_INFO) == {INFO, DEVICE_INFO}
        world.run(HOUR)
