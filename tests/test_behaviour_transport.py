"""What goes wrong on the way: no answer, a broken one, or one of something else."""

from typing import Any

import pytest
from support.http_world import HOUR, MINUTE, HttpWorld, only

from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

SMALL = FleetPlan(plants=1, devices={1: 1})
YIELD = "fusionsolar_plant_day_yield_watthours"
DEADLINE = 10.0

BROKEN = [
    (FaultKind.RESET, {}, "connection", "unreachable"),
    (FaultKind.HTML, {}, "bad_response", "unreachable"),
    (FaultKind.STATUS, {"status": 500}, "bad_response", "ok"),
    (FaultKind.STATUS, {"status": 503}, "bad_response", "ok"),
    (FaultKind.STATUS, {"status": 404}, "bad_response", "ok"),
    (FaultKind.REDIRECT, {"location": "/thirdData/logout"}, "bad_response", "ok"),
    (FaultKind.CUT, {}, "bad_response", "ok"),
    (FaultKind.INVALID_JSON, {}, "bad_response", "ok"),
    (FaultKind.EMPTY_BODY, {}, "bad_response", "ok"),
]


@pytest.mark.parametrize(
    ("kind", "how", "reason", "state"), BROKEN, ids=[f"{kind.name} {how}" for kind, how, _, _ in BROKEN]
)
def test_what_is_no_answer_backs_off_and_old_data_stays(
    kind: FaultKind, how: dict[str, Any], reason: str, state: str
) -> None:
    with HttpWorld(SMALL, collectors=only("plant_realtime")) as world:
        world.run(20)
        before = world.scrape()
        world.order(kind, Interface.PLANT_REAL_TIME, times=4, **how)
        world.run(310)
        broken = world.scrape()
        world.run(14 * MINUTE - 20)
        late = world.scrape()
        world.run(20 * MINUTE)
        after = world.scrape()
        gaps = world.gaps(Interface.PLANT_REAL_TIME)

        assert world.requests(Interface.LOGOUT) == []
    assert (before.up, before.state) == (1, "ok")
    assert (broken.up, broken.state) == (0, state)
    assert broken.failures("getStationRealKpi") == {reason: 1}
    assert broken.value(YIELD) == before.value(YIELD)
    assert broken.value("fusionsolar_collector_success", collector="plant_realtime") == 0
    assert late.value(YIELD) is None  # its time to live, three intervals, is over
    assert gaps[:4] == pytest.approx([303] * 4, abs=1)  # back-offs of 60, 120 and 240 s end within the window
    assert gaps[4] == pytest.approx(480, abs=1)
    assert (after.up, after.state) == (1, "ok")
    assert after.failures("getStationRealKpi") == {reason: 4}
    assert after.value(YIELD) is not None


def test_an_answer_that_does_not_come_in_time_is_given_up() -> None:
    with HttpWorld(SMALL, account={"timeout": "200ms"}) as world:
        world.run(20)
        world.most_in_flight = 2  # the far side cannot know that nobody waits any more
        held = world.order(FaultKind.HOLD, Interface.DEVICE_REAL_TIME)
        world.run(287)
        world.account.step()
        broken = world.scrape()
        held.release.set()
        assert world.system.idle.wait(DEADLINE)
        world.run(10 * MINUTE)
        after = world.scrape()

    assert (broken.up, broken.state) == (0, "unreachable")
    assert broken.failures("getDevRealKpi") == {"timeout": 1}
    assert len(broken.all("fusionsolar_device_active_power_watts")) == 1
    assert (after.up, after.state) == (1, "ok")


def test_a_far_side_that_is_gone_is_tried_with_patience() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.server.stop()
        world.run(310)
        # a request that never reached the far side does not count
        assert world.scrape().value("fusionsolar_api_quota_used_calls", interface="getDevRealKpi") == 0
        world.run(HOUR)
        gone = world.scrape()
        failures = gone.failures("getDevRealKpi")

        assert (gone.up, gone.state) == (0, "unreachable")
        assert failures.keys() == {"connection"}
        assert 3 <= failures["connection"] <= 6
        assert gone.failures("login")["connection"] <= 6  # two in a window, from the session's end on
        assert gone.all(YIELD) == []
        assert len(gone.all("fusionsolar_plant_info")) == 1
        assert gone.value("fusionsolar_cache_expired_total", collector="plant_realtime") == 1


def test_a_redirect_is_never_followed() -> None:
    with HttpWorld(SMALL) as world:
        world.order(FaultKind.REDIRECT, Interface.LOGIN, location="/thirdData/stations")
        world.run(30)

        assert world.system.handled == [("POST", "/thirdData/login")]


def test_failures_that_repeat_are_summed_up_in_the_log() -> None:
    with HttpWorld(SMALL, collectors=only("plant_realtime")) as world:
        world.run(20)
        world.order(FaultKind.HTML, Interface.PLANT_REAL_TIME, times=6)
        world.run(2 * HOUR)
        warnings = [line for line in world.log_lines() if line["level"] == "warn" and "reason" in line]
        (recovered,) = world.log_lines("recovered")

    assert len(warnings) < 6
    assert warnings[0]["msg"] == "request failed"
    assert (warnings[0]["interface"], warnings[0]["reason"]) == ("getStationRealKpi", "bad_response")
    assert "API host" in warnings[0]["advice"]
    assert (recovered["interface"], recovered["failures"]) == ("getStationRealKpi", 6)
