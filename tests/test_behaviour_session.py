"""The session: reused, renewed before its end, replaced when another program or the far side ends it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from support.http_world import HOUR, MARGIN, MINUTE, PASSWORD, HttpWorld, differences, only

from fusionsolar_exporter.simulator.answers import SimulatedAnswer
from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

SMALL = FleetPlan(plants=1, devices={1: 1})


@pytest.mark.no_cover
def test_a_token_is_reused_until_shortly_before_its_end() -> None:
    with HttpWorld(SMALL) as world:
        world.run(4 * HOUR)
        scrape = world.scrape()
        gaps = world.gaps(Interface.LOGIN)

        assert (Interface.PLANT_REAL_TIME, 305) not in world.system.log.refusals
    assert len(gaps) == 7
    assert min(gaps) >= 1800 - MARGIN  # a request has to be due, too
    assert scrape.value("fusionsolar_api_fail_codes_total", fail_code="305") is None


@pytest.mark.no_cover
def test_the_lifetime_is_configurable() -> None:
    with HttpWorld(SMALL, account={"rate_limits": {"session_lifetime": "10m", "margin": "20s"}}) as world:
        world.run(HOUR)
        gaps = world.gaps(Interface.LOGIN)

    assert min(gaps) >= 580
    assert max(gaps) <= 580 + 320  # the real-time interval


def numbered(code: int) -> Any:
    """The far side says ``code`` where it would say 305."""

    def rewrite(envelope: dict[str, Any]) -> None:
        if envelope["failCode"] == 305:
            envelope["failCode"] = code

    return rewrite


@pytest.mark.parametrize("code", [305, 306, 307])
def test_a_request_without_a_session_is_sent_once_more_after_a_login(code: int) -> None:
    with HttpWorld(SMALL) as world:
        world.system.rewrites[Interface.DEVICE_REAL_TIME] = numbered(code)
        world.run(20)
        world.order(FaultKind.DROP_SESSION, Interface.DEVICE_REAL_TIME)
        world.run(5 * MINUTE)
        scrape = world.scrape()
        (_, refused, replayed) = world.arrivals(Interface.DEVICE_REAL_TIME)
        (_, login) = world.arrivals(Interface.LOGIN)
        world.run(5 * MINUTE)
        later = world.arrivals(Interface.DEVICE_REAL_TIME)[3:]

    assert refused < login < replayed < refused + 3
    assert scrape.failures("getDevRealKpi") == {"not_logged_in": 1}
    assert scrape.value("fusionsolar_api_fail_codes_total", interface="getDevRealKpi", fail_code=str(code)) == 1
    assert scrape.value("fusionsolar_api_quota_used_calls", interface="getDevRealKpi") == 1
    assert scrape.value("fusionsolar_api_requests_total", interface="getDevRealKpi") == 3
    assert scrape.value("fusionsolar_collector_success", collector="device_realtime") == 1
    assert (scrape.up, scrape.state) == (1, "ok")
    assert differences([replayed, *later]) == pytest.approx([303], abs=0.2)


def test_a_replay_keeps_the_spacing() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.order(FaultKind.DROP_SESSION, Interface.PLANT_REAL_TIME)
        world.run(7 * MINUTE)
        scrape = world.scrape()
        gaps = world.gaps(Interface.PLANT_REAL_TIME)
        world.run(5 * MINUTE)

    assert gaps == pytest.approx([303, 63], abs=0.2)
    assert scrape.value("fusionsolar_api_quota_used_calls", interface="getStationRealKpi") == 1


def test_a_request_is_replayed_once_only() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        world.order(FaultKind.DROP_SESSION, Interface.DEVICE_REAL_TIME, times=2)
        world.run(5 * MINUTE)
        failed = world.scrape()
        world.run(10 * MINUTE)
        scrape = world.scrape()
        gaps = world.gaps(Interface.DEVICE_REAL_TIME)

    assert failed.failures("getDevRealKpi") == {"not_logged_in": 2}
    assert failed.value("fusionsolar_collector_success", collector="device_realtime") == 0
    assert len(failed.all("fusionsolar_device_active_power_watts")) == 1
    assert gaps[:2] == pytest.approx([303, 2], abs=0.5)
    assert min(gaps[2:]) > 290  # its next turn
    assert scrape.value("fusionsolar_collector_success", collector="device_realtime") == 1


def test_a_list_that_sessions_end_at_again_and_again_is_asked_soon_after() -> None:
    with HttpWorld(SMALL, collectors=only("device_list")) as world:
        world.order(FaultKind.DROP_SESSION, Interface.DEVICES, times=3)
        world.run(10 * MINUTE)
        answered = [request.at for request in world.requests(Interface.DEVICES) if request.fail_code == 0]
        scrape = world.scrape()

    assert len(answered) == 1
    assert len(scrape.all("fusionsolar_device_info")) == 1


def test_a_session_that_ends_at_a_list_loses_no_list() -> None:
    with HttpWorld(SMALL, collectors=only("device_list")) as world:
        world.order(FaultKind.DROP_SESSION, Interface.STATIONS)
        world.order(FaultKind.DROP_SESSION, Interface.DEVICES)
        world.run(2 * MINUTE)
        scrape = world.scrape()

    assert len(scrape.all("fusionsolar_plant_info")) == 1
    assert len(scrape.all("fusionsolar_device_info")) == 1
    assert scrape.value("fusionsolar_api_quota_used_calls", interface="stations") == 1
    assert scrape.value("fusionsolar_api_quota_used_calls", interface="getDevList") == 1


def test_another_program_on_the_account_is_noticed_and_answered_with_patience() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        for _ in range(2):
            world.order(FaultKind.DROP_SESSION, Interface.PLANT_REAL_TIME)
            world.run(310)
        twice = world.scrape()
        world.order(FaultKind.DROP_SESSION, times=None)
        world.run(HOUR)
        contended = world.scrape()
        lines = world.log_lines()
        logins = world.gaps(Interface.LOGIN)
        world.system.faults.clear()
        world.run(14 * MINUTE)
        not_yet = world.scrape()
        world.run(10 * MINUTE)
        over = world.scrape()

    assert twice.state == "ok"
    assert contended.state == "contended"
    told = [line for line in lines if "another program uses this account" in line["msg"]]
    assert [line["level"] for line in told] == ["warn"]
    # half of five logins in a window, margin included
    late = logins[4:]
    assert len(late) >= 5
    assert min(late) >= 603 / 2 - 0.1
    assert max(late) <= 603 / 2 + 5
    assert not_yet.state == "contended"
    assert over.state == "ok"
    assert over.up == 1


def test_sessions_that_end_late_are_no_contention() -> None:
    with HttpWorld(SMALL) as world:
        for _ in range(4):
            world.run(20 * MINUTE)  # more than half of the lifetime
            world.order(FaultKind.DROP_SESSION)
        world.run(6 * MINUTE)
        scrape = world.scrape()

    assert scrape.state == "ok"
    assert scrape.value("fusionsolar_api_requests_total", interface="login") == 5


def test_early_ends_that_are_not_in_a_row_are_no_contention() -> None:
    with HttpWorld(SMALL) as world:
        for _ in range(2):
            for _ in range(2):
                world.run(6 * MINUTE)
                world.order(FaultKind.DROP_SESSION, Interface.PLANT_REAL_TIME)
            world.run(40 * MINUTE)
        scrape = world.scrape()

    assert scrape.failures("getStationRealKpi") == {"not_logged_in": 4}
    assert scrape.state == "ok"


def test_a_token_that_any_answer_brings_is_the_sessions() -> None:
    with HttpWorld(SMALL) as world:
        handle, carried = world.system.handle, []

        def renewing(method: str, path: str, headers: Mapping[str, str], body: bytes) -> SimulatedAnswer:
            carried.append(headers.get("XSRF-TOKEN"))
            given = {**headers, "XSRF-TOKEN": first[0]} if first and len(carried) > 1 else headers
            answer = handle(method, path, given, body)
            if "xsrf-token" in answer.headers:
                first.append(answer.headers["xsrf-token"])
                return answer
            token = f"another-{len(carried)}"
            world.system.tokens.add(token)
            return replace(answer, headers={**answer.headers, "Xsrf-Token": token})

        first: list[str] = []
        world.system.handle = renewing  # type: ignore[method-assign]
        world.run(10 * MINUTE)

        session = world.account._engine.session
        for count in range(30):  # more than are remembered
            auth = session.auth(world.clock.now())
            assert auth is not None
            auth.replaced(f"one-more-{count}")
        shown = session.without_secrets(f"{PASSWORD} one-more-29")

    assert carried[1:] == [first[0], *(f"another-{count}" for count in range(2, len(carried)))]
    assert len(carried) > 4
    assert PASSWORD not in shown
    assert "one-more" not in shown
