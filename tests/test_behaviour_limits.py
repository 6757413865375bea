"""Limits: what may be asked when, seen from the far side and in the metrics of the quotas."""

import pytest
from support.http_world import HOUR, MARGIN, HttpWorld, only

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

QUICK = Rules(constant_bodies=True)


@pytest.mark.no_cover
def test_hours_break_no_limit_and_lose_nothing() -> None:
    with HttpWorld(FleetPlan(plants=3, devices={1: 1, 39: 1, 62: 1})) as world:
        world.run(3 * HOUR)
        scrape = world.scrape()
        refusals = world.system.log.refusals
        counts = world.system.log.counts

    assert refusals == {}
    told = scrape.by("interface", "fusionsolar_api_requests_total")
    assert told == {each: counts[each] for each in Interface if each in told}
    assert not [each for each in Interface if counts[each] and each not in told]
    assert not [sample for sample in scrape.all("fusionsolar_api_failures_total") if sample.value]
    assert counts[Interface.PLANT_REAL_TIME] == pytest.approx(3 * HOUR / 303, abs=1)
    assert counts[Interface.DEVICE_REAL_TIME] == pytest.approx(2 * 3 * HOUR / 303, abs=2)


def test_formulas_count_the_types_that_an_interface_takes() -> None:
    # 17 and 1 have real-time data; 41 has, but raises no alarms; 62 raises alarms only; 23071 is in no formula
    with HttpWorld(FleetPlan(plants=1, devices={1: 1, 17: 101, 41: 1, 62: 1, 23071: 1}), rules=QUICK) as world:
        world.run(30)
        quotas = world.scrape().by("interface", "fusionsolar_api_quota_calls")

    assert quotas == {
        "login": 5,
        "logout": 5,
        "stations": 34,
        "getStationList": 24,
        "getDevList": 25,
        "getStationRealKpi": 1,
        "getDevRealKpi": 1 + 2 + 1,
        "getAlarmList": 1 + 2 + 1,
    }


def test_filters_do_not_change_what_the_far_side_counts() -> None:
    filters = {"plants": {"include": ["NE=3543600."]}, "device_types": [1]}
    with HttpWorld(FleetPlan(plants=150, devices={1: 1, 39: 1}), rules=QUICK, account=filters) as world:
        world.run(HOUR)
        scrape = world.scrape()
        asked = world.requests(Interface.PLANT_REAL_TIME)
        asked_devices = world.requests(Interface.DEVICE_REAL_TIME)

    assert {len(request.ids) for request in asked} == {10}
    assert {str(request.parameters["devTypeId"]) for request in asked_devices} == {"1"}
    quotas = scrape.by("interface", "fusionsolar_api_quota_calls")
    assert quotas["getStationRealKpi"] == 2
    assert quotas["stations"] == 2 * 10 + 24
    assert quotas["getDevRealKpi"] == 2
    assert scrape.by("plant_code", "fusionsolar_plant_info").keys() == {f"NE=3543600{digit}" for digit in range(10)}
    types = {sample.labels["device_type"] for sample in scrape.all("fusionsolar_device_info")}
    assert types == {"string_inverter", "battery"}


def test_a_refused_request_counts_like_any_other() -> None:
    with HttpWorld(collectors=only("plant_realtime")) as world:
        world.order(FaultKind.FAIL_CODE, Interface.PLANT_REAL_TIME, fail_code=20200)
        world.run(10)
        held = world.scrape()
        world.run(400)
        gaps = world.gaps(Interface.PLANT_REAL_TIME)

    assert held.value("fusionsolar_api_quota_used_calls", interface="getStationRealKpi") == 1
    assert gaps == [pytest.approx(303, abs=0.2)]  # the back-off of a minute alone would be shorter


def test_nothing_is_sent_where_a_formula_gives_none() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={62: 1, 23070: 1})) as world:
        world.run(2 * HOUR)
        scrape = world.scrape()

        assert world.requests(Interface.DEVICE_REAL_TIME) == []
    assert scrape.value("fusionsolar_api_quota_calls", interface="getDevRealKpi") == 0
    assert scrape.value("fusionsolar_api_next_request_timestamp_seconds", interface="getDevRealKpi") is None


def test_an_account_without_plants_is_asked_for_its_plants_alone() -> None:
    with HttpWorld(FleetPlan(plants=0)) as world:
        world.run(HOUR)
        scrape = world.scrape()
        asked = {interface for interface, count in world.system.log.counts.items() if count}

    assert asked == {Interface.LOGIN, Interface.STATIONS}
    assert scrape.state == "ok"


@pytest.mark.no_cover
def test_requests_of_an_interface_keep_its_spacing() -> None:
    with HttpWorld(FleetPlan(plants=230, devices={1: 1}), rules=QUICK) as world:
        world.run(HOUR)
        plants, lists = world.gaps(Interface.PLANT_REAL_TIME), world.gaps(Interface.DEVICES)

    assert min(plants) >= 60 + MARGIN - 1e-6
    assert min(lists) >= 60 + MARGIN - 1e-6
    assert lists[:2] == pytest.approx([63, 63], abs=0.2)


def test_requests_of_an_account_keep_the_configured_gap() -> None:
    with HttpWorld(account={"rate_limits": {"min_gap": "10s"}}) as world:
        world.run(10 * 60)  # leaving the world looks at the gaps of all requests
        starts = sorted(request.at for request in world.system.log.requests)

    assert starts[4] - starts[0] == pytest.approx(40, abs=0.5)


def test_the_far_side_may_be_slow_and_no_window_is_overdrawn() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1})) as world:
        world.system.leg = 14.0  # longer than the margin: arrival and start are far apart, and vary
        world.run(15 * 60)
        world.system.leg = 0.05
        world.run(HOUR)
        assert world.system.log.counts[Interface.PLANT_REAL_TIME] >= 12


def test_where_several_are_due_the_order_is_fixed() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1})) as world:
        world.run(10 * 60)
        world.sleep(3 * HOUR)  # everything is due at once, the session has expired
        seen = len(world.system.log.requests)
        world.run(8)
        order = [request.interface for request in world.system.log.requests[seen:]]

    assert order[:3] == [Interface.LOGIN, Interface.PLANT_REAL_TIME, Interface.DEVICE_REAL_TIME]
    assert set(order[3:5]) == {Interface.STATIONS, Interface.DEVICES}
    assert order[5:] == [Interface.ALARMS]


def test_quota_metrics_are_the_limiters_view() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1})) as world:
        world.run(20)
        scrape = world.scrape()
        (asked,) = world.requests(Interface.PLANT_REAL_TIME)
        world.run(310)
        used = world.scrape().value("fusionsolar_api_quota_used_calls", interface="getStationRealKpi")

    at = scrape.value("fusionsolar_api_next_request_timestamp_seconds", interface="getStationRealKpi")
    assert at == pytest.approx(asked.at + 303, abs=0.2)
    windows = scrape.by("interface", "fusionsolar_api_quota_window_seconds")
    assert windows["getStationRealKpi"] == 303
    assert windows["login"] == 603
    assert used == 1


def test_a_corrected_wall_clock_opens_no_limit() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1})) as world:
        world.run(20)
        world.clock.wall_step = -2 * HOUR
        world.run(20 * 60)
        shown = world.scrape().value("fusionsolar_api_clock_offset_seconds")
        gaps = world.gaps(Interface.DEVICE_REAL_TIME)

    assert shown == pytest.approx(2 * HOUR, abs=0.2)
    assert gaps == pytest.approx([303] * 4, abs=0.2)
