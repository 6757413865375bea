"""Filters work on the way out of the whole list: what they let through is there at once, and packed as at a start."""

import re
from typing import Any

import pytest
from support.http_world import HOUR, MINUTE, HttpWorld
from support.scrape import Scrape

from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

PLAN = FleetPlan(plants=4, devices={1: 1, 47: 1})
INFO, CAPACITY = "fusionsolar_plant_info", "fusionsolar_plant_capacity_watts"
DEVICE_INFO, DEVICES = "fusionsolar_device_info", "fusionsolar_plant_devices"
POWER, YIELD = "fusionsolar_device_active_power_watts", "fusionsolar_plant_day_yield_watthours"
EVERY: dict[str, Any] = {"plants": {"include": [], "exclude": []}}


def only(*codes: str) -> dict[str, Any]:
    return {"plants": {"include": [re.escape(code) for code in codes], "exclude": []}}


def plants_of(scrape: Scrape, name: str) -> set[str]:
    return {sample.labels["plant_code"] for sample in scrape.all(name)}


@pytest.mark.no_cover
def test_a_wider_filter_shows_info_and_capacity_of_new_plants_at_once() -> None:
    with HttpWorld(PLAN) as world:
        plants = list(world.system.fleet.plants)
        world.reload(only(plants[0]))
        world.run(20)
        narrow = world.scrape()
        world.reload(EVERY)
        world.account.step()
        wide = world.scrape()
        world.run(6 * MINUTE)
        later = world.scrape()
        lists = world.system.log.counts[Interface.STATIONS]

    assert narrow.by("plant_code", INFO).keys() == {plants[0]}
    for name in (INFO, CAPACITY):
        assert plants_of(wide, name) == set(plants)
    for name in (DEVICE_INFO, POWER, YIELD):
        assert plants_of(later, name) == set(plants)
    assert lists == 1


def test_what_was_known_of_a_plant_before_is_shown_again_and_its_devices_are_not_asked_anew() -> None:
    with HttpWorld(PLAN) as world:
        plants = list(world.system.fleet.plants)
        world.run(30)
        asked = world.system.log.counts[Interface.DEVICES]
        world.reload(only(plants[0]))
        world.run(MINUTE)
        world.reload(EVERY)
        world.account.step()
        wide = world.scrape()
        world.run(10 * MINUTE)
        later = world.scrape()

        assert world.system.log.counts[Interface.DEVICES] == asked
    for name in (INFO, CAPACITY, DEVICE_INFO, DEVICES):
        assert plants_of(wide, name) == set(plants)
    for name in (POWER, YIELD):
        assert plants_of(later, name) == set(plants)


@pytest.mark.no_cover
def test_narrow_and_wide_again_leaves_the_intervals_as_they_were() -> None:
    collectors = "plant_realtime", "device_realtime", "device_list", "alarms"
    with HttpWorld(FleetPlan(plants=150, devices={1: 1})) as world:
        plants = list(world.system.fleet.plants)
        world.run(20 * MINUTE)
        before = [world.scrape().interval(name) for name in collectors]
        for _ in range(2):
            world.reload(only(*plants[::2]))
            world.run(6 * MINUTE)
            world.reload(EVERY)
            world.run(6 * MINUTE)
        after = [world.scrape().interval(name) for name in collectors]

    assert after == before


def test_a_filter_that_takes_nothing_says_so_with_names() -> None:
    with HttpWorld(PLAN, account=only("Nowhere")) as world:
        world.run(2 * HOUR)
        name = next(iter(world.system.fleet.plants.values())).name
        pages = world.pages()
        (line,) = world.log_lines("no plant is taken")
        world.reload(EVERY)
        world.run(MINUTE)
        mended = world.scrape()

        assert all(account.status().failures == () for account in world.exporter._accounts.all())
    assert "the filter takes none of" in pages.partition("</html>")[0]
    assert line["level"] == "warn"
    assert "none of 4 listed plants" in line["error"]
    assert repr(name) in line["error"]
    assert len(mended.all(INFO)) == 4


@pytest.mark.parametrize("off", ["plant_list", "device_list"])
def test_a_list_that_is_disabled_and_enabled_is_there_at_once(off: str) -> None:
    names = {"plant_list": (INFO, CAPACITY), "device_list": (DEVICE_INFO, DEVICES)}[off]
    with HttpWorld(PLAN) as world:
        world.run(30)
        before = world.scrape()
        world.reload(collectors={off: {"enabled": False}})
        without = world.scrape()
        world.run(10 * MINUTE)
        requests = world.system.log.counts[Interface.STATIONS] + world.system.log.counts[Interface.DEVICES]
        world.reload(collectors={})
        world.account.step()
        back = world.scrape()
        world.run(MINUTE)

        assert world.system.log.counts[Interface.STATIONS] + world.system.log.counts[Interface.DEVICES] == requests
    for name in names:
        assert without.all(name) == []
        assert back.all(name) == before.all(name) != []


def test_fewer_device_types_leave_no_series_of_the_others() -> None:
    with HttpWorld(PLAN, collectors={"device_daily": {"enabled": True}}) as world:
        world.run(10 * MINUTE)
        before = world.scrape()
        world.reload({"device_types": [47]})
        fewer = world.scrape()
        world.reload({"device_types": "auto"})
        world.run(6 * MINUTE)
        after = world.scrape()

    fetched = "fusionsolar_device_last_success_timestamp_seconds"
    assert {sample.labels["device_type"] for sample in before.all(fetched)} == {"string_inverter", "power_sensor"}
    for name in (POWER, fetched, "fusionsolar_device_yield_watthours_total"):
        assert {sample.labels["device_type"] for sample in fewer.all(name)} <= {"power_sensor"}
    report = "fusionsolar_device_daily_report_period_timestamp_seconds"
    assert {sample.labels["device_type"] for sample in before.all(report)} == {"string_inverter"}
    assert fewer.all(report) == []
    assert len(fewer.all(DEVICE_INFO)) == len(before.all(DEVICE_INFO))
    assert {sample.labels["device_type"] for sample in after.all(fetched)} == {"string_inverter", "power_sensor"}
