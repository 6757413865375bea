"""Refusals of an interface: too many calls, a busy system, no permission."""

from typing import Any

import pytest
from support.http_world import DAY, HOUR, MINUTE, HttpWorld, only

from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

SMALL = FleetPlan(plants=1, devices={1: 1})
INFO = "fusionsolar_plant_info"


def test_407_pauses_that_interface_for_its_window_and_no_other() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.order(FaultKind.FAIL_CODE, Interface.ALARMS, fail_code=407, times=2)
        world.run(2 * HOUR)
        scrape = world.scrape()
        gaps = world.gaps(Interface.ALARMS)
        others = world.gaps(Interface.DEVICE_REAL_TIME)

    assert gaps[:2] == pytest.approx([1803, 1803], abs=2)
    assert 1.9 * 1803 <= gaps[2] < gaps[0] + gaps[1]  # what was answered, and a little faster
    assert scrape.failures("getAlarmList") == {"rate_limited": 2}
    assert others == pytest.approx([303] * 23, abs=1.5)
    assert scrape.state == "ok"


def test_407_on_a_long_window_pauses_for_an_hour_then_longer_up_to_six() -> None:
    with HttpWorld(SMALL, collectors=only("device_list")) as world:
        world.order(FaultKind.FAIL_CODE, Interface.STATIONS, fail_code=407, times=6)
        world.run(2 * MINUTE)
        held = world.scrape()
        world.run(2.6 * DAY)
        scrape = world.scrape()
        world.order(FaultKind.FAIL_CODE, Interface.STATIONS, fail_code=407)
        world.run(0.2 * DAY)
        gaps = world.gaps(Interface.STATIONS)

    assert (held.up, held.state) == (1, "ok")  # an envelope with 407 is an answer
    assert gaps[:6] == pytest.approx([HOUR, 1.9 * HOUR, 3.61 * HOUR, 6 * HOUR, 6 * HOUR, 6 * HOUR], abs=10)
    assert max(gaps[6:]) < 12 * HOUR
    assert len(scrape.all(INFO)) == 1


@pytest.mark.parametrize(
    ("kind", "how", "reason"),
    [
        (FaultKind.GATEWAY, {}, "rate_limited"),
        (FaultKind.STATUS, {"status": 429}, "rate_limited"),
        (FaultKind.FAIL_CODE, {"fail_code": 20200}, "system_busy"),
    ],
)
def test_a_busy_far_side_is_asked_again_after_a_back_off(kind: FaultKind, how: dict[str, Any], reason: str) -> None:
    with HttpWorld(SMALL, collectors=only("device_list")) as world:
        world.order(kind, Interface.STATIONS, times=7, **how)
        world.run(90)
        held = world.scrape()
        world.run(2.7 * HOUR)
        gaps = world.gaps(Interface.STATIONS)
        scrape = world.scrape()

    # a list has few calls a day: from the maximum on it grows until it is as slow as regular refreshes
    assert gaps == pytest.approx([60, 120, 240, 480, 960, 1800, 3600], abs=2)
    assert scrape.failures("stations") == {reason: 7}
    assert held.up == (1 if kind is FaultKind.FAIL_CODE else 0)
    assert held.state == "ok"  # no envelope, but an answer
    assert len(scrape.all(INFO)) == 1


def test_back_off_is_configurable() -> None:
    rates = {"backoff": {"initial": "10m", "maximum": "25m"}}
    with HttpWorld(SMALL, account={"rate_limits": rates}, collectors=only("plant_realtime")) as world:
        world.order(FaultKind.GATEWAY, Interface.PLANT_REAL_TIME, times=4)
        world.run(1.5 * HOUR)
        gaps = world.gaps(Interface.PLANT_REAL_TIME)

    assert gaps[:4] == pytest.approx([600, 1200, 1500, 1500], abs=2)


def test_a_busy_interface_holds_up_no_other() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.order(FaultKind.GATEWAY, Interface.PLANT_REAL_TIME, times=None)
        world.run(HOUR)
        scrape = world.scrape()
        gaps = world.gaps(Interface.PLANT_REAL_TIME)
        others = world.gaps(Interface.DEVICE_REAL_TIME)

    assert gaps[:4] == pytest.approx([303, 303, 303, 303], abs=1)  # the window is longer than the first back-offs
    assert gaps[4] == pytest.approx(480, abs=1)
    assert others == pytest.approx([303] * 11, abs=1.5)
    assert len(scrape.all("fusionsolar_device_active_power_watts")) == 1


def test_the_limit_of_the_day_pauses_for_an_hour_at_least() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.order(FaultKind.FAIL_CODE, Interface.DEVICE_REAL_TIME, fail_code=20618)
        world.run(1.5 * HOUR)
        gaps = world.gaps(Interface.DEVICE_REAL_TIME)
        failures = world.scrape().failures("getDevRealKpi")

    assert gaps[1] == pytest.approx(HOUR, abs=5)
    assert failures == {"rate_limited": 1}


def test_what_is_not_permitted_is_tried_again_daily() -> None:
    collectors = only("device_list", "alarms", device_list={"interval": "12h"}, plant_list={"interval": "12h"})
    with HttpWorld(SMALL, collectors=collectors) as world:
        world.order(FaultKind.FAIL_CODE, Interface.ALARMS, fail_code=401, times=3)
        world.run(2.5 * DAY)
        denied = world.scrape()
        world.run(0.6 * DAY)
        gaps = world.gaps(Interface.ALARMS)[:3]
        scrape = world.scrape()

    assert denied.failures("getAlarmList") == {"permission": 3}
    assert denied.all("fusionsolar_plant_alarms") == []
    assert denied.value("fusionsolar_collector_success", collector="alarms") == 0
    assert denied.state == "ok"
    assert len(denied.all("fusionsolar_device_info")) == 1
    assert gaps == pytest.approx([DAY] * 3, abs=10)
    assert scrape.value("fusionsolar_collector_success", collector="alarms") == 1


@pytest.mark.parametrize(
    ("forbidden", "used"),
    [(Interface.STATIONS, Interface.STATION_LIST), (Interface.STATION_LIST, Interface.STATIONS)],
)
def test_where_one_plant_list_is_not_permitted_the_other_is_used(forbidden: Interface, used: Interface) -> None:
    with HttpWorld(SMALL, forbidden=frozenset({forbidden})) as world:
        world.run(20)
        scrape = world.scrape()
        watts = sum(plant.capacity_kw for plant in world.system.fleet.plants.values()) * 1000
        counts = world.system.log.counts

        assert len(scrape.all("fusionsolar_device_active_power_watts")) == 1
    assert scrape.value("fusionsolar_plant_capacity_watts") == pytest.approx(watts)
    assert counts[used] == 1
    assert counts[forbidden] == (1 if forbidden is Interface.STATIONS else 0)


def test_the_plant_list_that_is_taken_away_is_replaced_and_tried_again() -> None:
    with HttpWorld(SMALL, forbidden=frozenset({Interface.STATIONS}), collectors=only("device_list")) as world:
        world.run(6 * HOUR)
        world.system.forbidden = frozenset({Interface.STATION_LIST})
        world.run(1.5 * DAY)
        scrape = world.scrape()
        moments = world.arrivals(Interface.STATIONS)

    assert len(scrape.all(INFO)) == 1
    assert len(moments) > 5
    assert scrape.value("fusionsolar_cache_expired_total", collector="plant_list") == 0


def test_where_no_plant_list_is_permitted_each_is_tried_daily() -> None:
    forbidden = frozenset({Interface.STATIONS, Interface.STATION_LIST})
    with HttpWorld(SMALL, forbidden=forbidden) as world:
        world.run(3.5 * DAY)
        scrape = world.scrape()
        gaps = world.gaps(Interface.STATIONS), world.gaps(Interface.STATION_LIST)

    for each in gaps:
        assert each == pytest.approx([DAY] * 3, abs=MINUTE)
    assert scrape.state == "ok"
    assert scrape.value("fusionsolar_collector_success", collector="plant_list") == 0


@pytest.mark.parametrize("choice", ["stations", "getStationList"])
def test_a_configured_plant_list_is_the_only_one(choice: str) -> None:
    everything = frozenset({Interface.STATIONS, Interface.STATION_LIST})
    with HttpWorld(SMALL, account={"plant_list": choice}, forbidden=everything - {Interface(choice)}) as world:
        world.run(20)
        (other,) = everything - {Interface(choice)}

        assert world.requests(other) == []
        assert len(world.scrape().all(INFO)) == 1


def test_a_code_that_no_table_knows_is_rejected_and_asked_again() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.order(FaultKind.FAIL_CODE, Interface.ALARMS, fail_code=98765)
        world.run(HOUR)
        scrape = world.scrape()
        first = world.gaps(Interface.ALARMS)[0]

    assert first == pytest.approx(1803, abs=1)
    assert scrape.failures("getAlarmList") == {"rejected": 1}
    assert scrape.value("fusionsolar_api_fail_codes_total", interface="getAlarmList", fail_code="98765") == 1


def test_one_plant_whose_owner_has_not_agreed_hides_no_other() -> None:
    with HttpWorld(FleetPlan(plants=3, devices={1: 1}), collectors=only("plant_realtime")) as world:
        codes = list(world.system.fleet.plants)
        world.order(
            FaultKind.REFUSE_IDS, Interface.PLANT_REAL_TIME, times=None, ids=frozenset(codes[1:2]), fail_code=20056
        )
        world.run(HOUR)
        scrape = world.scrape()

    served = scrape.by("plant_code", "fusionsolar_plant_day_yield_watthours").keys()
    assert served == {codes[0], codes[2]}
    assert scrape.value("fusionsolar_collector_success", collector="plant_realtime") == 1


@pytest.mark.no_cover
def test_a_permission_for_nobody_is_the_interfaces_and_for_some_is_theirs() -> None:
    plan = FleetPlan(plants=150, devices={62: 1})
    with HttpWorld(plan, collectors=only("plant_realtime")) as world:
        world.run(3 * MINUTE)
        codes = list(world.system.fleet.plants)
        world.order(
            FaultKind.REFUSE_IDS, Interface.PLANT_REAL_TIME, times=None, ids=frozenset(codes[149:]), fail_code=401
        )
        world.run(3 * HOUR)
        some = world.scrape()
        world.system.faults.clear()
        world.order(FaultKind.FAIL_CODE, Interface.PLANT_REAL_TIME, times=None, fail_code=401)
        world.run(HOUR)
        before = len(world.requests(Interface.PLANT_REAL_TIME))
        world.run(5 * HOUR)
        after = len(world.requests(Interface.PLANT_REAL_TIME))

    assert len(some.by("plant_code", "fusionsolar_plant_day_yield_watthours")) == 149
    assert after == before
