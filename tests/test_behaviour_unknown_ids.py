"""Ids that the far side refuses: new lists first, then a search that leaves out the one and keeps the others."""

from collections.abc import Iterable
from enum import StrEnum

import pytest
from support.http_world import DAY, HOUR, MINUTE, HttpWorld, differences, only

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

QUICK = Rules(constant_bodies=True)
POWER = "fusionsolar_device_active_power_watts"
FETCHED = "fusionsolar_device_last_success_timestamp_seconds"
YIELD = "fusionsolar_plant_day_yield_watthours"


def test_a_plant_that_is_gone_makes_the_lists_due_and_the_others_are_asked_again() -> None:
    with HttpWorld(FleetPlan(plants=3, devices={1: 1})) as world:
        world.run(20)
        gone, *others = list(world.system.fleet.plants)
        world.system.fleet.remove_plant(gone)
        world.run(290)
        refused_at = world.arrivals(Interface.PLANT_REAL_TIME)[-1]
        world.run(70)
        lists = world.arrivals(Interface.STATIONS)[1:], world.arrivals(Interface.DEVICES)[1:]
        scrape = world.scrape()
        world.run(4 * MINUTE)
        again = world.requests(Interface.PLANT_REAL_TIME)[-1]
        later = world.scrape()

    for (moment,) in lists:
        assert refused_at < moment < refused_at + 70
    assert scrape.by("plant_code", "fusionsolar_plant_info").keys() == set(others)
    assert scrape.by("plant_code", YIELD).keys() == set(others)
    assert scrape.by("plant_code", POWER).keys() == set(others)
    assert set(again.ids) == set(others)
    assert again.at - world.started_at == pytest.approx(refused_at + 303, abs=1)
    assert later.failures("getStationRealKpi") == {"rejected": 1}
    assert later.value("fusionsolar_collector_success", collector="plant_realtime") == 1


def test_a_device_that_is_gone_makes_the_lists_due() -> None:
    with HttpWorld(FleetPlan(plants=2, devices={1: 2})) as world:
        world.run(20)
        gone, *others = list(world.system.fleet.devices)
        world.system.fleet.remove_device(gone)
        world.run(380)
        scrape = world.scrape()
        lists = len(world.requests(Interface.STATIONS)), len(world.requests(Interface.DEVICES))
        world.run(5 * MINUTE)
        again = world.requests(Interface.DEVICE_REAL_TIME)[-1]

    assert lists == (2, 2)
    assert scrape.by("device_id", "fusionsolar_device_info").keys() == set(others)
    assert scrape.by("device_id", POWER).keys() == set(others)
    assert set(again.ids) == set(others)
    assert again.fail_code == 0


@pytest.mark.parametrize("code", [20007, 20008, 20045, 20046])
def test_an_id_that_is_refused_although_it_is_listed_is_found_and_left_out_for_a_day(code: int) -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 9}), collectors=only("device_list", "device_realtime")) as world:
        world.run(20)
        bad = list(world.system.fleet.devices)[4]
        world.order(FaultKind.REFUSE_IDS, Interface.DEVICE_REAL_TIME, times=None, ids=frozenset({bad}), fail_code=code)
        world.run(HOUR)
        found = world.scrape()
        gaps = world.gaps(Interface.DEVICE_REAL_TIME)
        last = world.requests(Interface.DEVICE_REAL_TIME)[-1]
        (line,) = world.log_lines("left out for a day: the far side refuses this id although it lists it")
        lists = len(world.requests(Interface.STATIONS))

    good = world.system.fleet.devices.keys() - {bad}
    assert set(last.ids) == good
    assert found.by("device_id", POWER).keys() == good  # the bad one's time to live is over
    assert found.by("device_id", "fusionsolar_device_info").keys() == good | {bad}
    assert lists == 2
    assert (line["collector"], line["id"]) == ("device_realtime", bad)
    # turn by turn, in the place of regular calls
    assert gaps == pytest.approx([303] * 11, abs=1.5)
    assert found.value("fusionsolar_collector_success", collector="device_realtime") == 1


def test_while_the_search_goes_on_the_good_ones_are_served() -> None:
    plan = FleetPlan(plants=1, devices={1: 16})
    collectors = only("device_list", "device_realtime", device_realtime={"ttl": "40m"})
    with HttpWorld(plan, collectors=collectors) as world:
        world.run(20)
        bad = list(world.system.fleet.devices)[11]
        good = world.system.fleet.devices.keys() - {bad}
        world.order(FaultKind.REFUSE_IDS, Interface.DEVICE_REAL_TIME, times=None, ids=frozenset({bad}))
        served = []
        for _ in range(12):
            world.run(303)
            served.append(len(world.scrape(POWER).by("device_id", POWER).keys() & good))
        turns = [(len(request.ids), request.fail_code) for request in world.requests(Interface.DEVICE_REAL_TIME)]

    assert served == [len(good)] * 12
    # all of them twice, then one half after the other together with what is known to be good; the last one alone
    refused = 20007
    assert turns[1:5] == [(16, refused), (16, refused), (8, 0), (12, refused)]
    assert turns[5:10] == [(12, 0), (14, 0), (15, 0), (1, refused), (15, 0)]


def test_what_was_left_out_is_asked_again_after_a_day() -> None:
    collectors = only("device_list", "device_realtime", device_realtime={"interval": "1h"})
    with HttpWorld(FleetPlan(plants=1, devices={1: 3}), collectors=collectors) as world:
        world.run(20)
        bad = list(world.system.fleet.devices)[1]
        world.order(FaultKind.REFUSE_IDS, Interface.DEVICE_REAL_TIME, times=None, ids=frozenset({bad}))
        world.run(8 * HOUR)
        asked = [request for request in world.requests(Interface.DEVICE_REAL_TIME) if bad in request.ids]
        world.system.faults.clear()
        world.run(DAY)
        back = [request for request in world.requests(Interface.DEVICE_REAL_TIME) if bad in request.ids]
        moments = world.scrape(FETCHED).by("device_id", FETCHED)

    first_again = back[len(asked)]
    assert first_again.at - asked[-1].at == pytest.approx(DAY, abs=HOUR + MINUTE)
    assert first_again.fail_code == 0
    assert max(moments.values()) - moments[bad] < 2 * HOUR


def test_two_bad_plants_never_hide_the_others() -> None:
    collectors = only("plant_realtime", "device_list", plant_realtime={"ttl": "1d"})
    with HttpWorld(FleetPlan(plants=12, devices={62: 1}), collectors=collectors) as world:
        codes = list(world.system.fleet.plants)
        bad = frozenset({codes[0], codes[7]})
        world.order(FaultKind.REFUSE_IDS, Interface.PLANT_REAL_TIME, times=None, ids=bad)
        world.run(2 * HOUR)
        scrape = world.scrape()
        last = world.requests(Interface.PLANT_REAL_TIME)[-1]

    assert scrape.by("plant_code", YIELD).keys() == set(codes) - bad
    assert set(last.ids) == set(codes) - bad
    assert last.fail_code == 0


@pytest.mark.parametrize("code", [20006, 20013])
def test_a_device_of_another_type_is_left_out_without_new_lists(code: int) -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 4}), collectors=only("device_list", "device_realtime")) as world:
        bad = next(iter(world.system.fleet.devices))
        world.order(FaultKind.REFUSE_IDS, Interface.DEVICE_REAL_TIME, times=None, ids=frozenset({bad}), fail_code=code)
        world.run(HOUR)
        scrape = world.scrape()

        assert len(world.requests(Interface.DEVICES)) == 1
    assert scrape.by("device_id", POWER).keys() == world.system.fleet.devices.keys() - {bad}


def test_lists_are_never_made_due_beyond_the_other_half_of_their_quota() -> None:
    rates = {"interfaces": {"stations": {"calls": 6}, "getDevList": {"calls": 4}}}
    collectors = only("device_list", "plant_realtime", plant_list={"interval": "1d"}, device_list={"interval": "1d"})
    plan = FleetPlan(plants=40, devices={62: 1})
    with HttpWorld(plan, rules=QUICK, account={"rate_limits": rates}, collectors=collectors) as world:
        world.run(20)
        for code in list(world.system.fleet.plants)[:30]:  # each refusal is explained by the next list, for a while
            world.system.fleet.remove_plant(code)
            world.run(11 * MINUTE)
        counts = world.system.log.counts
        failures = world.scrape().failures("getStationRealKpi")

    assert counts[Interface.STATIONS] - 1 == 3
    assert counts[Interface.DEVICES] - 1 == 2
    assert failures["rejected"] > 4


def test_a_refusal_that_newer_lists_explain_leaves_nobody_out() -> None:
    with HttpWorld(FleetPlan(plants=4, devices={1: 1}), collectors=only("device_list", "device_realtime")) as world:
        world.run(20)
        fleet = world.system.fleet
        for _ in range(2):
            fleet.remove_device(next(iter(fleet.devices)))
            world.run(11 * MINUTE)
        scrape = world.scrape()

        assert not [line for line in world.log_lines() if "left out" in line["msg"]]
    assert scrape.by("device_id", POWER).keys() == fleet.devices.keys()
    assert scrape.failures("getDevRealKpi") == {"rejected": 2}


def test_one_refused_batch_holds_up_no_other() -> None:
    plan = FleetPlan(plants=1, devices={1: 2, 47: 2})
    with HttpWorld(plan, collectors=only("device_list", "device_realtime")) as world:
        world.run(20)
        bad = frozenset(device.id for device in world.system.fleet.devices.values() if device.type_id == 1)
        world.order(FaultKind.REFUSE_IDS, Interface.DEVICE_REAL_TIME, times=None, ids=bad)
        world.run(HOUR)
        scrape = world.scrape(POWER)
        moments = [request.at for request in world.requests(Interface.DEVICE_REAL_TIME) if not bad & set(request.ids)]

    assert scrape.by("device_id", POWER, device_type="power_sensor").keys() == world.system.fleet.devices.keys() - bad
    assert scrape.all(POWER, device_type="string_inverter") == []
    assert max(differences(moments)) <= 2 * 303 + 1.5  # a turn of the search may take its place once, never twice


def test_only_the_refused_batchs_own_device_lists_are_made_due() -> None:
    collectors = only("device_list", "plant_realtime")
    with HttpWorld(FleetPlan(plants=120, devices={62: 1}), rules=QUICK, collectors=collectors) as world:
        world.run(200)
        codes = list(world.system.fleet.plants)
        world.system.fleet.remove_plant(codes[110])
        world.run(400)
        lists = [set(request.ids) for request in world.requests(Interface.DEVICES)]

    assert lists == [set(codes[:100]), set(codes[100:]), set(codes[100:]) - {codes[110]}]


def test_a_refused_batch_is_asked_again_with_the_new_lists_and_not_an_interval_later() -> None:
    collectors = only("device_list", "device_realtime", device_realtime={"interval": "1h"})
    with HttpWorld(FleetPlan(plants=1, devices={1: 3}), collectors=collectors) as world:
        world.run(20)
        gone = next(iter(world.system.fleet.devices))
        world.system.fleet.remove_device(gone)
        world.run(1.5 * HOUR)
        refused, again = world.requests(Interface.DEVICE_REAL_TIME)[1:3]

    assert (refused.fail_code, again.fail_code) == (20008, 0)
    assert gone not in again.ids
    assert again.at - refused.at == pytest.approx(303, abs=1)  # as soon as the quota allows


@pytest.mark.no_cover
def test_ids_that_are_refused_only_together_are_asked_apart_for_a_day() -> None:
    collectors = only("device_list", "device_realtime", device_realtime={"interval": "30m"})
    with HttpWorld(FleetPlan(plants=1, devices={1: 5}), collectors=collectors) as world:
        ids = list(world.system.fleet.devices)
        pair = {ids[1], ids[3]}
        served = world.system.faults.refused_ids

        def refused(interface: StrEnum, asked: Iterable[str]) -> int | None:
            named = set(asked)
            return 20013 if interface == Interface.DEVICE_REAL_TIME and pair <= named else served(interface, named)

        world.system.faults.refused_ids = refused  # type: ignore[method-assign, assignment]
        world.run(6 * HOUR)
        scrape = world.scrape()
        (line,) = world.log_lines("asked apart for a day: the far side refuses these ids only together with others")
        latest = [set(request.ids) for request in world.requests(Interface.DEVICE_REAL_TIME)[-2:]]
        world.system.faults.refused_ids = served  # type: ignore[method-assign]
        world.run(DAY)
        again = world.requests(Interface.DEVICE_REAL_TIME)[-1]

    assert scrape.by("device_id", POWER).keys() == set(ids)
    assert (line["collector"], line["ids"]) == ("device_realtime", ids[3])
    assert sorted(map(len, latest)) == [1, 4]
    assert {ids[3]} in latest
    assert set(again.ids) == set(ids)
