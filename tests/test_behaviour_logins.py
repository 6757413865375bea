"""Logins that bring no session: refused credentials, empty answers, everything else."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from support.http_world import HOUR, MINUTE, PASSWORD, USER, HttpWorld

from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

SMALL = FleetPlan(plants=1, devices={1: 1})
WINDOW = 603.0


@pytest.mark.parametrize("code", [20400, 20402, 20403])
def test_refused_credentials_are_tried_again_after_the_pause(code: int) -> None:
    with HttpWorld(SMALL) as world:
        world.order(FaultKind.FAIL_CODE, Interface.LOGIN, fail_code=code)
        world.run(29 * MINUTE)
        paused = world.scrape()
        attempts = len(world.requests(Interface.LOGIN))
        world.run(2 * MINUTE)
        over = world.scrape()
        gaps = world.gaps(Interface.LOGIN)
        asked = {request.interface for request in world.system.log.requests[:attempts]}

    assert attempts == 1
    assert asked == {Interface.LOGIN}
    assert (paused.up, paused.state) == (0, "credentials")
    assert paused.failures("login") == {"credentials": 1}
    assert paused.value("fusionsolar_api_fail_codes_total", interface="login", fail_code=str(code)) == 1
    assert gaps == pytest.approx([1800], abs=1)
    assert (over.up, over.state) == (1, "ok")


def test_a_wrong_password_never_locks_the_user() -> None:
    with HttpWorld(SMALL, account={"password": "wrong one", "rate_limits": {"login_pause": "1m"}}) as world:
        world.run(2 * HOUR)
        codes = {request.fail_code for request in world.requests(Interface.LOGIN)}
        arrivals = world.arrivals(Interface.LOGIN)

        assert "wrong one" not in world.pages()
    assert codes == {20400}
    assert all(late - early >= WINDOW - 3 for early, late in zip(arrivals, arrivals[3:], strict=False))


def test_files_are_looked_at_once_a_minute_while_a_login_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("mistyped\n")
    with HttpWorld(SMALL, account={"password_file": str(file)}) as world:
        world.run(10 * MINUTE)
        refused = world.scrape()
        file.write_text(PASSWORD + "\n")
        changed_at = world.now
        world.run(2 * MINUTE)
        scrape = world.scrape()
        (_, login) = world.arrivals(Interface.LOGIN)

    assert refused.state == "credentials"
    assert login <= changed_at + 61
    assert (scrape.up, scrape.state) == (1, "ok")


def test_a_wrong_file_that_changes_into_another_wrong_one_is_one_more_attempt(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("mistyped\n")
    with HttpWorld(SMALL, account={"password_file": str(file)}) as world:
        world.run(2 * MINUTE)
        file.write_text("mistyped again\n")
        world.run(20 * MINUTE)

        assert len(world.requests(Interface.LOGIN)) == 2
        assert world.scrape().state == "credentials"


def test_a_file_that_cannot_be_read_is_tried_again(tmp_path: Path) -> None:
    file = tmp_path / "password"
    with HttpWorld(SMALL, account={"password_file": str(file)}) as world:
        world.run(3 * MINUTE)
        missing = world.scrape()
        sent = list(world.system.log.requests)
        file.write_text(PASSWORD)
        world.run(1.5 * MINUTE)
        scrape = world.scrape()
        lines = world.log_lines("no credentials")
        assert all(str(file) in line["error"] for line in lines)

    assert sent == []
    assert missing.state == "credentials"
    assert lines
    assert scrape.state == "ok"


def test_a_password_that_changes_at_the_far_side_pauses_and_a_reload_goes_on() -> None:
    with HttpWorld(SMALL) as world:
        world.run(10 * MINUTE)
        world.system.sessions.change_password(USER, "tomorrow's")
        world.run(30 * MINUTE)
        refused = world.scrape()
        world.reload({"password": "tomorrow's"})
        world.run(10)
        scrape = world.scrape()

        assert len(world.requests(Interface.LOGIN)) == 3
        assert "tomorrow" not in world.pages()
    assert (refused.up, refused.state) == (0, "credentials")
    assert len(refused.all("fusionsolar_device_info")) == 1  # what is known is served on
    assert (scrape.up, scrape.state) == (1, "ok")


def empty_object(envelope: dict[str, Any]) -> None:
    envelope.clear()


@pytest.mark.parametrize("body", ["no body", "{}"])
def test_an_empty_answer_to_the_login_pauses(body: str) -> None:
    with HttpWorld(SMALL) as world:
        if body == "{}":
            world.system.rewrites[Interface.LOGIN] = empty_object
        else:
            world.order(FaultKind.EMPTY_BODY, Interface.LOGIN)
        world.run(29 * MINUTE)
        paused = world.scrape()
        world.system.rewrites.clear()
        world.run(2 * MINUTE)
        gaps = world.gaps(Interface.LOGIN)
        state = world.scrape().state

    assert (paused.up, paused.state) == (0, "paused")
    assert paused.failures("login") == {"bad_response": 1}
    assert gaps == pytest.approx([1800], abs=1)
    assert state == "ok"


@pytest.mark.parametrize(
    ("kind", "how", "reason", "state"),
    [
        (FaultKind.FAIL_CODE, {"fail_code": 20200}, "system_busy", "paused"),
        (FaultKind.FAIL_CODE, {"fail_code": 30030}, "rejected", "paused"),
        (FaultKind.FAIL_CODE, {"fail_code": 407}, "rate_limited", "paused"),
        (FaultKind.STATUS, {"status": 503}, "bad_response", "paused"),
        (FaultKind.GATEWAY, {}, "rate_limited", "paused"),
        (FaultKind.RESET, {}, "connection", "starting"),
        (FaultKind.HTML, {}, "bad_response", "starting"),
    ],
)
def test_other_failures_back_off_and_are_never_more_than_two_in_a_window(
    kind: FaultKind, how: dict[str, Any], reason: str, state: str
) -> None:
    with HttpWorld(SMALL) as world:
        world.order(kind, Interface.LOGIN, times=None, **how)
        world.run(2 * MINUTE)
        early = world.scrape()
        world.run(2 * HOUR)
        arrivals = world.arrivals(Interface.LOGIN)
        counted = world.scrape().failures("login")
        world.system.faults.clear()
        world.run(31 * MINUTE)
        over = world.scrape()

    assert early.state == state
    assert counted == {reason: len(arrivals)}
    assert len(arrivals) >= 4
    assert all(late - early >= WINDOW for early, late in zip(arrivals, arrivals[2:], strict=False))
    assert over.state == "ok"


@pytest.mark.parametrize("fail_code", [407, 20618])
def test_what_a_refused_login_waits_for_is_said_at_once(fail_code: int) -> None:
    with HttpWorld() as world:
        world.order(FaultKind.FAIL_CODE, Interface.LOGIN, fail_code=fail_code)
        world.run(30)
        (line,) = world.log_lines("waiting for a session")
    assert "next try" in line["why"]


def test_a_login_that_works_between_does_not_allow_more_failures() -> None:
    with HttpWorld(SMALL) as world:
        world.order(FaultKind.FAIL_CODE, Interface.LOGIN, fail_code=20200)
        world.run(2 * MINUTE)
        assert world.scrape().state == "ok"
        world.order(FaultKind.DROP_SESSION, Interface.PLANT_REAL_TIME)
        world.order(FaultKind.FAIL_CODE, Interface.LOGIN, fail_code=20200, times=4)
        world.run(HOUR)
        failed = [request.at for request in world.requests(Interface.LOGIN) if request.fail_code]

        assert world.scrape().state == "ok"
    assert len(failed) == 5
    windows = [late - early for (early, _), (_, late) in pairwise(pairwise(failed))]
    assert min(windows) >= WINDOW
