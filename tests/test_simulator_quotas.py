"""Every documented limit: formula, sliding window, spacing, what counts."""

from collections.abc import Callable

import pytest
from test_simulator_support import ALL_TIME, USER, World

from fusionsolar_exporter.simulator.interfaces import LIMITS, Holdings, Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.quotas import Quotas

DAY, HALF_HOUR, TEN_MINUTES, FIVE_MINUTES = 86400, 1800, 600, 300
MIXED = {1: 120, 47: 20, 39: 1, 2: 101, 46: 5, 41: 3, 23070: 400}


@pytest.mark.parametrize(
    ("interface", "plants", "devices", "calls", "window", "spacing"),
    [
        ("login", 500, {}, 5, TEN_MINUTES, 0),
        ("logout", 500, {}, 5, TEN_MINUTES, 0),
        ("stations", 20, {}, 34, DAY, 0),
        ("stations", 120, {}, 44, DAY, 0),
        ("stations", 0, {}, 24, DAY, 0),
        ("getStationList", 1000, {}, 24, DAY, 60),
        ("getDevList", 20, {}, 25, DAY, 60),
        ("getDevList", 120, {}, 26, DAY, 60),
        ("getStationRealKpi", 20, {}, 1, FIVE_MINUTES, 60),
        ("getStationRealKpi", 120, {}, 2, FIVE_MINUTES, 60),
        ("getStationRealKpi", 100, {}, 1, FIVE_MINUTES, 60),
        ("getStationRealKpi", 0, {}, 0, FIVE_MINUTES, 60),
        ("getDevRealKpi", 1, {1: 20, 17: 20}, 2, FIVE_MINUTES, 0),
        ("getDevRealKpi", 1, {1: 120, 17: 120}, 4, FIVE_MINUTES, 0),
        ("getDevRealKpi", 1, MIXED, 5, FIVE_MINUTES, 0),
        ("getDevRealKpi", 1, {62: 10}, 0, FIVE_MINUTES, 0),
        ("getAlarmList", 20, {1: 20, 17: 20}, 2, HALF_HOUR, 0),
        ("getAlarmList", 120, {1: 120, 17: 120}, 4, HALF_HOUR, 0),
        ("getAlarmList", 301, {1: 120}, 4, HALF_HOUR, 0),
        ("getAlarmList", 1, MIXED, 7, HALF_HOUR, 0),
    ],
)
def test_documented_limit_holds_over_every_sliding_window(
    interface: str, plants: int, devices: dict[int, int], calls: int, window: float, spacing: float
) -> None:
    quotas, held, start = Quotas(), Holdings(plants, devices), 1.75e9
    step = max(spacing, 1)
    admit: Callable[[float], bool] = lambda at: quotas.admit(USER, Interface(interface), start + at, held) is None  # noqa: E731
    assert all(admit(call * step) for call in range(calls))
    if calls:
        assert admit(window)  # the first has left the window, the next has not
        assert not admit(window + min(step, 0.5))
    else:
        assert not admit(0)


def test_every_interface_has_a_limit() -> None:
    assert LIMITS.keys() == set(Interface)


@pytest.mark.parametrize("interface", ["getStationList", "getDevList", "getStationRealKpi"])
def test_two_calls_start_a_minute_apart(interface: str) -> None:
    quotas, held = Quotas(), Holdings(500, {})
    assert quotas.admit(USER, Interface(interface), 0, held) is None
    assert quotas.admit(USER, Interface(interface), 59.9, held) is not None
    assert quotas.admit(USER, Interface(interface), 60.1, held) is not None  # the refused call counts
    assert quotas.admit(USER, Interface(interface), 120.1, held) is None


def test_refused_calls_prolong_the_refusal() -> None:
    world = World(FleetPlan(plants=1), limits=True).logged_in()
    asked = {"stationCodes": world.codes()}
    assert world.code("getStationRealKpi", **asked) == 0
    world.now += 299
    refused = world.ask("getStationRealKpi", **asked)
    assert (refused["failCode"], refused["data"], refused["message"]) == (407, None, None)
    world.now += 2
    assert world.code("getStationRealKpi", **asked) == 407
    world.now += 300
    assert world.code("getStationRealKpi", **asked) == 0


def test_calls_with_wrong_parameters_count_and_calls_without_session_do_not() -> None:
    world = World(FleetPlan(plants=1), limits=True)
    assert world.code("getStationRealKpi", stationCodes=world.codes()) == 305
    world.logged_in()
    assert world.code("getStationRealKpi", stationCodes="NE=1") == 20007
    world.now += 60
    assert world.code("getStationRealKpi", stationCodes=world.codes()) == 407


def test_limits_are_each_users_and_each_interfaces_own() -> None:
    quotas, held = Quotas(), Holdings(1, {})
    assert quotas.admit("ada", Interface.PLANT_REAL_TIME, 0, held) is None
    assert quotas.admit("bob", Interface.PLANT_REAL_TIME, 0, held) is None
    assert quotas.admit("ada", Interface.DEVICES, 0, held) is None
    assert quotas.admit("ada", Interface.PLANT_REAL_TIME, 1, held) is not None


def test_limits_follow_the_fleet() -> None:
    world = World(FleetPlan(plants=1, devices={1: 1}), limits=True).logged_in()
    asked = {"devIds": world.ids(1), "devTypeId": 1}
    assert [world.code("getDevRealKpi", **asked) for _ in range(2)] == [0, 407]
    world.now += 300
    code = next(iter(world.fleet.plants))
    world.fleet.add_device(code, 39, world.now)
    world.fleet.add_device(code, 46, world.now)
    assert [world.code("getDevRealKpi", **asked) for _ in range(3)] == [0, 0, 407]
    assert [world.code("getAlarmList", stationCodes=code, **ALL_TIME) for _ in range(4)] == [0, 0, 0, 407]


def test_sixth_login_in_ten_minutes_is_refused_whatever_the_password() -> None:
    world = World(limits=True)
    assert [world.login() for _ in range(6)] == [0] * 5 + [407]
    world.now += 600
    assert world.login() == 407 - 407


def test_windows_scale_and_limits_can_be_left_off() -> None:
    world = World(FleetPlan(plants=1), limits=True, options={"limit_scale": 0.01}).logged_in()
    asked = {"stationCodes": world.codes()}
    assert [world.code("getStationRealKpi", **asked) for _ in range(2)] == [0, 407]
    world.now += 3
    assert world.code("getStationRealKpi", **asked) == 0
    free = World(FleetPlan(plants=1)).logged_in()
    assert {free.code("getStationRealKpi", stationCodes=free.codes()) for _ in range(50)} == {0}
