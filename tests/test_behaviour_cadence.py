"""Cadence: intervals derived from the limits in force, told truthfully and kept."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest
from support.http_world import DAY, HOUR, HttpWorld, differences, only

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

QUICK = Rules(constant_bodies=True)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, 303.0),
        ({"window": "10m"}, 603.0),  # one window
        ({"spacing": "3m"}, 3 * 183.0),  # batches x spacing
        ({"calls": 1}, 3 * 303.0),  # calls needed / quota x window
        ({"calls": 2, "window": "8m"}, 483 * 1.5),
    ],
)
def test_real_time_intervals_follow_the_limits_in_force(limits: Mapping[str, Any], expected: float) -> None:
    account = {"rate_limits": {"interfaces": {"getStationRealKpi": limits}}}
    plan = FleetPlan(plants=230, devices={62: 1})
    with HttpWorld(plan, rules=QUICK, account=account, collectors=only("plant_realtime")) as world:
        world.run(10 * 60)
        interval = world.scrape().interval("plant_realtime")
        world.run(3 * expected)
        by_batch = defaultdict(list)
        for request in world.requests(Interface.PLANT_REAL_TIME):
            by_batch[request.ids].append(request.at)

    assert interval == pytest.approx(expected)
    assert len(by_batch) == 3
    for moments in by_batch.values():  # a batch is due one interval after its own last start
        assert differences(moments)[-2:] == pytest.approx([expected] * 2, abs=1.5)


def test_device_data_needs_a_call_for_each_type_and_hundred() -> None:
    account = {"rate_limits": {"interfaces": {"getDevRealKpi": {"calls": 2}}}}
    plan = FleetPlan(plants=1, devices={1: 150, 39: 1})
    with HttpWorld(plan, rules=QUICK, account=account) as world:
        world.run(30)
        interval = world.scrape().interval("device_realtime")

    assert interval == pytest.approx(3 / 2 * 303)


@pytest.mark.parametrize(
    ("devices", "limits", "expected"),
    [
        ({1: 1}, {}, 1803.0),
        ({1: 1, 39: 1, 62: 1, 2: 1}, {}, 1803 / 4),
        ({1: 500, 39: 500}, {}, 303.0),  # ten calls are allowed: not under the window of getDevRealKpi
        ({1: 500, 39: 500}, {"getDevRealKpi": {"window": "20m"}}, 1203.0),
    ],
)
def test_alarm_intervals(devices: Mapping[int, int], limits: Mapping[str, Any], expected: float) -> None:
    account = {"rate_limits": {"interfaces": limits}}
    with HttpWorld(FleetPlan(plants=1, devices=devices), rules=QUICK, account=account) as world:
        world.run(30)
        interval = world.scrape().interval("alarms")

    assert interval == pytest.approx(expected)


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("plants", "limits", "plant_list", "device_list"),
    [
        (1, {}, 86403 / 17, 86403 / 12.5),
        (1, {"stations": {"calls": 200}, "getDevList": {"calls": 200}}, 86403 / 24, 86403 / 24),
        (150, {}, 86403 * 2 / 22, 86403 * 2 / 13),
        (150, {"stations": {"calls": 3}, "getDevList": {"calls": 3}}, 86403, 86403),  # over half: once a window
    ],
)
def test_list_intervals_use_half_of_the_quota(
    plants: int, limits: Mapping[str, Any], plant_list: float, device_list: float
) -> None:
    plan = FleetPlan(plants=plants, devices={62: 1})
    account = {"rate_limits": {"interfaces": limits}}
    with HttpWorld(plan, rules=QUICK, account=account, collectors=only("device_list")) as world:
        world.run(100)
        scrape = world.scrape()
        world.run(DAY)
        lists = len(world.requests(Interface.STATIONS)) / max(-(-plants // 100), 1)

    assert scrape.interval("plant_list") == pytest.approx(plant_list)
    assert scrape.interval("device_list") == pytest.approx(device_list)
    assert lists == pytest.approx(DAY / plant_list + 1, abs=1)


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("min_gap", "leg"),
    [("60s", 0.05), ("1s", 30.0)],
    ids=["bound by min_gap", "bound by the far side's own speed"],
)
def test_what_fills_the_queue_of_an_account_that_cannot_keep_up_is_stretched_alike(min_gap: str, leg: float) -> None:
    plan = FleetPlan(plants=1, devices={1: 1, 10: 1, 17: 1, 38: 1, 39: 1, 41: 1, 47: 1})
    with HttpWorld(plan, rules=QUICK, account={"rate_limits": {"min_gap": min_gap}}) as world:
        world.system.leg = leg
        world.run(2 * HOUR)
        scrape = world.scrape()
        world.run(2 * HOUR)
        gaps = world.gaps(Interface.PLANT_REAL_TIME)[-6:]

    stretches = {
        scrape.interval("plant_realtime") / 303,
        scrape.interval("device_realtime") / 303,
        scrape.interval("alarms") / 303,
    }
    assert scrape.interval("plant_list") == pytest.approx(86403 / 17)
    assert scrape.interval("device_list") == pytest.approx(86403 / 12.5)
    assert max(stretches) == pytest.approx(min(stretches))
    assert 1.5 < min(stretches) < 2.5
    assert sum(gaps) / len(gaps) == pytest.approx(scrape.interval("plant_realtime"), rel=0.05)


@pytest.mark.no_cover
def test_a_configured_interval_is_kept_where_it_breaks_no_limit() -> None:
    collectors = {"plant_realtime": {"interval": "10m"}, "plant_list": {"interval": "2h"}}
    with HttpWorld(collectors=only("plant_realtime", **collectors)) as world:
        world.run(5 * HOUR)
        scrape = world.scrape()

        assert world.gaps(Interface.PLANT_REAL_TIME)[:5] == pytest.approx([600] * 5, abs=1.5)
        assert world.gaps(Interface.STATIONS) == pytest.approx([7200] * 2, abs=1.5)
        assert world.log_lines("the configured interval breaks a limit and is slowed down") == []
    assert scrape.interval("plant_realtime") == 600


@pytest.mark.parametrize(("seconds", "warnings"), [(303, 0), (302, 1)])
def test_the_shortest_interval_there_is_may_be_configured(seconds: int, warnings: int) -> None:
    collectors = only("device_list", "plant_realtime", plant_realtime={"interval": f"{seconds}s"})
    with HttpWorld(collectors=collectors) as world:
        world.run(20)
        assert len(world.log_lines("the configured interval breaks a limit and is slowed down")) == warnings
        assert world.scrape().interval("plant_realtime") == 303


def test_a_configured_interval_that_breaks_a_limit_is_slowed_down_with_a_warning() -> None:
    with HttpWorld(collectors=only("device_list", "plant_realtime", plant_realtime={"interval": "1m"})) as world:
        world.run(HOUR)
        interval = world.scrape().interval("plant_realtime")
        (warning,) = world.log_lines("the configured interval breaks a limit and is slowed down")
        gaps = world.gaps(Interface.PLANT_REAL_TIME)

    assert interval == 303
    assert gaps == pytest.approx([303] * 11, abs=1.5)
    assert warning["level"] == "warn"
    assert (warning["collector"], warning["configured_seconds"]) == ("plant_realtime", 60)


@pytest.mark.no_cover
def test_the_plan_is_told_once() -> None:
    with HttpWorld(collectors=only("device_list", "alarms")) as world:
        world.run(6 * HOUR)
        lines = world.log_lines("plan")
        scrape = world.scrape()

    told = {line["collector"]: line["interval_seconds"] for line in lines}
    assert len(told) == len(lines) == 3
    assert told == {name: pytest.approx(scrape.interval(name), abs=0.1) for name in told}
