"""Plant and device lists: what is new is asked at once, what is gone goes at once, and empty answers are doubted."""

from collections.abc import Callable
from typing import Any

import pytest
from support.http_world import MINUTE, HttpWorld, differences, only

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

QUICK = Rules(constant_bodies=True)
INFO = "fusionsolar_plant_info"
DEVICE_INFO = "fusionsolar_device_info"
POWER = "fusionsolar_device_active_power_watts"
YIELD = "fusionsolar_plant_day_yield_watthours"
LISTS = (Interface.STATIONS, Interface.STATION_LIST)


def test_new_plants_have_their_devices_asked_for_at_once_by_themselves() -> None:
    with HttpWorld(FleetPlan(plants=2, devices={1: 1})) as world:
        world.run(20)
        added = [world.system.fleet.add_plant().code for _ in range(2)]
        world.run_to_request(Interface.STATIONS)
        named_at = world.now
        world.run(10)
        early = world.scrape()
        request = world.requests(Interface.DEVICES)[-1]
        world.run(6 * MINUTE)
        scrape = world.scrape()

    assert request.ids == tuple(added)
    assert request.at - world.started_at < named_at + 3
    assert set(added) <= early.by("plant_code", DEVICE_INFO).keys()
    assert len(scrape.by("plant_code", POWER)) == len(scrape.by("plant_code", YIELD)) == 4


def test_a_plant_that_is_no_longer_listed_loses_every_series_at_once() -> None:
    with HttpWorld(FleetPlan(plants=2, devices={1: 1}), collectors={"plant_list": {"interval": "1h"}}) as world:
        world.run(20)
        gone, stays = world.system.fleet.plants
        before = world.scrape()
        world.system.fleet.remove_plant(gone)
        world.order(FaultKind.DATA_EMPTY, Interface.PLANT_REAL_TIME, times=None)
        world.run_to_request(Interface.STATIONS)
        after = world.exposition()

    for name in (INFO, YIELD, POWER, DEVICE_INFO, "fusionsolar_plant_alarms"):
        assert before.all(name, plant_code=gone)
    assert gone not in after
    assert stays in after


def test_a_device_that_is_no_longer_listed_loses_every_series_at_once() -> None:
    collectors = {"device_realtime": {"interval": "6h"}, "alarms": {"enabled": False}}
    with HttpWorld(FleetPlan(plants=1, devices={1: 2}), collectors=collectors) as world:
        world.run(20)
        gone, stays = world.system.fleet.devices
        world.system.fleet.remove_device(gone)
        world.run_to_request(Interface.DEVICES)
        after = world.exposition()
        entries = world.scrape().by("collector", "fusionsolar_cache_entries")

    assert gone not in after
    assert f'device_id="{stays}"' in after
    assert entries["device_realtime"] == entries["device_list"] == 1


def test_a_rename_moves_all_series_at_once() -> None:
    collectors = {"plant_realtime": {"ttl": "1d"}, "device_realtime": {"ttl": "1d"}}
    with HttpWorld(FleetPlan(plants=1, devices={1: 1}), collectors=collectors) as world:
        world.run(20)
        (plant,), (device,) = world.system.fleet.plants, world.system.fleet.devices
        world.system.fleet.rename_plant(plant, "Roof\tover\x07 there")
        world.system.fleet.rename_device(device, "Second")
        world.run_to_request(Interface.STATIONS)
        moved = world.scrape()
        world.run_to_request(Interface.DEVICES)
        both = world.scrape()

    for name in (INFO, YIELD, POWER, DEVICE_INFO):
        assert [sample.labels["plant"] for sample in moved.all(name)] == ["Roof\tover\x07 there"]
    for name in (POWER, DEVICE_INFO):
        assert [sample.labels["device"] for sample in both.all(name)] == ["Second"]


@pytest.mark.parametrize("kind", [FaultKind.DATA_EMPTY, FaultKind.DATA_NULL])
@pytest.mark.parametrize("interface", [Interface.STATIONS, Interface.STATION_LIST])
def test_an_empty_plant_list_is_believed_the_fourth_time(kind: FaultKind, interface: Interface) -> None:
    account = {"plant_list": interface.value}
    with HttpWorld(FleetPlan(plants=1, devices={1: 1}), account=account, collectors=only("device_list")) as world:
        world.run(20)
        world.order(kind, interface, times=None)
        for count in (1, 2, 3):
            world.run_to_request(interface)
            scrape = world.scrape()
            assert len(scrape.all(INFO)) == len(scrape.all(DEVICE_INFO)) == 1
            assert scrape.value("fusionsolar_collector_success", collector="plant_list") == 0
            assert scrape.failures(interface.value) == {"bad_response": count}
            assert (scrape.up, scrape.state) == (1, "ok")
        world.run_to_request(interface)
        believed = world.scrape()
        world.system.faults.clear()
        world.run_to_request(interface)
        world.run(70)
        back = world.scrape()
        gaps = world.gaps(interface)

    assert gaps[:4] == pytest.approx([back.interval("plant_list")] * 4, abs=5)
    assert believed.all(INFO) == believed.all(DEVICE_INFO) == []
    assert believed.failures(interface.value) == {"bad_response": 3}
    assert believed.value("fusionsolar_collector_success", collector="plant_list") == 1
    assert len(back.all(INFO)) == len(back.all(DEVICE_INFO)) == 1


@pytest.mark.parametrize("kind", [FaultKind.DATA_EMPTY, FaultKind.DATA_NULL])
def test_an_empty_device_list_is_believed_the_fourth_time(kind: FaultKind) -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1}), collectors=only("device_list")) as world:
        world.run(20)
        world.order(kind, Interface.DEVICES, times=None)
        for count in (1, 2, 3):
            world.run_to_request(Interface.DEVICES)
            scrape = world.scrape()
            assert len(scrape.all(DEVICE_INFO)) == 1
            assert scrape.value("fusionsolar_collector_success", collector="device_list") == 0
            assert scrape.failures("getDevList") == {"bad_response": count}
        world.run_to_request(Interface.DEVICES)
        believed = world.scrape()

    assert believed.all(DEVICE_INFO) == []
    assert believed.value("fusionsolar_collector_success", collector="device_list") == 1


def test_empty_answers_count_in_a_row_only() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1}), collectors=only("device_list")) as world:
        world.run(20)
        for _ in range(2):
            world.order(FaultKind.DATA_EMPTY, Interface.STATIONS, times=3)
            for _ in range(4):
                world.run_to_request(Interface.STATIONS)
                assert len(world.scrape().all(INFO)) == 1


@pytest.mark.parametrize("kind", [FaultKind.DATA_EMPTY, FaultKind.DATA_NULL])
def test_empty_readings_keep_the_old_ones_until_their_time_is_over(kind: FaultKind) -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1})) as world:
        world.run(20)
        before = world.scrape()
        world.order(kind, Interface.PLANT_REAL_TIME, times=None)
        world.order(kind, Interface.DEVICE_REAL_TIME, times=None)
        world.run(10 * MINUTE)
        kept = world.scrape()
        world.run(6 * MINUTE)
        over = world.scrape()

    for name in (YIELD, POWER):
        assert kept.value(name) == before.value(name)
        assert over.value(name) is None
    for collector in ("plant_realtime", "device_realtime"):
        for scrape in (kept, over):
            assert scrape.value("fusionsolar_collector_success", collector=collector) == 1
        ended = kept.value("fusionsolar_collector_last_success_timestamp_seconds", collector=collector) or 0
        assert ended > world.started_at + 600
        assert over.value("fusionsolar_cache_expired_total", collector=collector) == 1
    assert kept.failures("getStationRealKpi") == {}


def extra_items(envelope: dict[str, Any]) -> None:
    first = envelope["data"][0]
    envelope["data"] += [
        first | {"stationCode": "NE=999", "devId": 999},
        {"dataItemMap": {}},
        "no item",
        None,
        first | {"dataItemMap": "broken", "stationCode": "NE=998", "devId": 998},
    ]


def test_items_that_were_not_asked_for_or_cannot_be_read_are_dropped_and_counted() -> None:
    with HttpWorld(FleetPlan(plants=2, devices={1: 1})) as world:
        for interface in (Interface.PLANT_REAL_TIME, Interface.DEVICE_REAL_TIME):
            world.system.rewrites[interface] = extra_items
        world.run(20)
        scrape = world.scrape()
        text = world.exposition()

    for name in ("getStationRealKpi", "getDevRealKpi"):
        assert scrape.value("fusionsolar_api_dropped_items_total", interface=name) == 5
        assert scrape.failures(name) == {}
    assert len(scrape.all(YIELD)) == len(scrape.all(POWER)) == 2
    assert '999"' not in text


def foreign_devices(envelope: dict[str, Any]) -> None:
    envelope["data"] += [envelope["data"][0] | {"id": 999, "stationCode": "NE=999"}, {"id": None}, 5]


def foreign_alarms(envelope: dict[str, Any]) -> None:
    envelope["data"].append({"stationCode": "NE=999", "alarmId": 1, "lev": 1})


def test_lists_and_alarms_drop_foreign_items_too() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1})) as world:
        world.system.rewrites = {Interface.DEVICES: foreign_devices, Interface.ALARMS: foreign_alarms}
        world.run(20)
        scrape = world.scrape()

    assert scrape.value("fusionsolar_api_dropped_items_total", interface="getDevList") == 3
    assert scrape.value("fusionsolar_api_dropped_items_total", interface="getAlarmList") == 1
    assert len(scrape.all(DEVICE_INFO)) == 1
    assert len(scrape.all("fusionsolar_plant_alarms", severity="critical")) == 1


def a_page_short(envelope: dict[str, Any]) -> None:
    envelope["data"]["list"].pop()


def test_an_incomplete_plant_list_hides_nobody() -> None:
    with HttpWorld(FleetPlan(plants=3, devices={62: 1}), rules=QUICK, collectors=only("device_list")) as world:
        world.run(20)
        world.system.rewrites[Interface.STATIONS] = a_page_short  # fewer plants than its total says
        world.run_to_request(Interface.STATIONS)
        scrape = world.scrape()

    assert len(scrape.all(INFO)) == 3
    assert scrape.value("fusionsolar_collector_success", collector="plant_list") == 0


def test_a_plant_list_that_goes_on_being_short_of_its_total_is_believed_the_fourth_time() -> None:
    with HttpWorld(FleetPlan(plants=3, devices={62: 1}), rules=QUICK, collectors=only("device_list")) as world:
        world.run(20)
        world.system.rewrites[Interface.STATIONS] = a_page_short
        shown = []
        for _ in range(10):  # four regular ones, and six retries
            world.run_to_request(Interface.STATIONS)
            shown.append(len(world.scrape().all(INFO)))

    assert shown == [3] * 9 + [2]


def all_unreadable(envelope: dict[str, Any]) -> None:
    envelope["data"]["list"] = [None, {"plantCode": []}]


def the_same_page_for_ever(total: int | None) -> Callable[[dict[str, Any]], None]:
    first: list[Any] = []

    def rewrite(envelope: dict[str, Any]) -> None:
        first.extend(envelope["data"]["list"])
        envelope["data"] |= {"list": first, "pageCount": 10**30, "total": total}

    return rewrite


def test_a_plant_list_of_which_nothing_can_be_read_is_as_good_as_empty() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={62: 1}), collectors=only("device_list")) as world:
        world.run(20)
        world.system.rewrites[Interface.STATIONS] = all_unreadable
        world.run_to_request(Interface.STATIONS)
        scrape = world.scrape()

    assert len(scrape.all(INFO)) == 1
    assert scrape.failures("stations") == {"bad_response": 1}


@pytest.mark.parametrize("total", [10**30, None])
def test_pages_that_bring_nothing_new_are_not_turned_for_ever(total: int | None) -> None:
    with HttpWorld(FleetPlan(plants=1, devices={62: 1}), collectors=only("device_list")) as world:
        world.run(20)
        world.system.rewrites[Interface.STATIONS] = the_same_page_for_ever(total)
        world.run_to_request(Interface.STATIONS)
        world.run(30)
        calls = len(world.requests(Interface.STATIONS))
        scrape = world.scrape()

    assert calls == 1 + 2
    assert len(scrape.all(INFO)) == 1
    assert scrape.value("fusionsolar_collector_success", collector="plant_list") == 0


def test_where_both_plant_lists_are_missing_both_back_off() -> None:
    with HttpWorld(FleetPlan(plants=1), rules=QUICK, collectors=only()) as world:
        for each in LISTS:
            world.order(FaultKind.STATUS, each, status=404, times=None)
        world.run(4 * MINUTE)
        arrivals = sorted(at for each in LISTS for at in world.arrivals(each))
        world.system.faults.clear()
        world.run(10 * MINUTE)
        listed = world.scrape().all(INFO)

    # each round asks the one and then the other; after it neither is asked for 60 and 120 s
    assert differences(arrivals) == pytest.approx([1, 60, 3, 120, 1], abs=3)
    assert listed


def test_a_missing_plant_list_beside_one_that_is_not_permitted_is_tried_again() -> None:
    with HttpWorld(FleetPlan(plants=1), rules=QUICK, collectors=only()) as world:
        world.order(FaultKind.FAIL_CODE, Interface.STATIONS, fail_code=401, times=None)
        world.order(FaultKind.STATUS, Interface.STATION_LIST, status=404)
        world.run(5 * MINUTE)
        asked = len(world.arrivals(Interface.STATIONS)), len(world.arrivals(Interface.STATION_LIST))
        listed = world.scrape().all(INFO)

    assert asked == (1, 2)
    assert listed
