"""``doctor`` beside a running exporter, other programs, and an early end."""

import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from doctor_support import Practice, Visit, visit
from hypothesis import given, settings
from hypothesis import strategies as st
from support.command import Lines
from support.http_world import HttpWorld

from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.state import NotLeadingError
from fusionsolar_exporter.state.sqlite_partition import SqlitePartition


@pytest.mark.no_cover
def test_however_often_it_runs_half_of_the_lists_calls_are_left_to_the_exporter(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        for _ in range(16):
            practice.visit()
            practice.clock.advance(310)

        last = practice.visit()
        assert practice.system.log.refusals == {}
        assert practice.asked["stations"] < 24
        assert "exporter's own" in last.interface("getDevList")["summary"]
        assert last.status == 0


def test_half_of_a_lists_calls_are_for_examinations_to_the_last_of_them(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.account_keys["rate_limits"] = {"interfaces": {"stations": {"calls": 4}}}
        outcomes = []
        for _ in range(4):
            outcomes.append(practice.visit().interface("stations")["outcome"])
            practice.clock.advance(310)

        assert outcomes == ["answered", "answered", "answered", "not_asked"]  # the first was due anyway
        assert practice.asked["stations"] == 3


def test_a_state_that_has_not_heard_of_the_account_says_so_once(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        first, second = practice.visit(), practice.visit()

        (remark,) = first.account["remarks"]
        assert remark.startswith("this state has not heard of the account before.")
        assert second.account["remarks"] == []


def test_what_it_remarks_stands_in_the_table_too(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        words = " ".join(practice.visit(json_report=False).output.split())

    assert "note this state has not heard of the account before." in words


def test_where_no_session_begins_nothing_is_said_of_a_state_that_is_new(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.password = "not the password"

        assert practice.visit().account["remarks"] == []


def test_a_program_that_ends_the_sessions_is_told(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        for _ in range(4):
            practice.order(FaultKind.DROP_SESSION, Interface.STATIONS)
            found = practice.visit()
            practice.clock.advance(320)

        assert found.account["session"]["contended"] is True
        assert "another program uses this user" in practice.visit(json_report=False).output


@pytest.fixture
def signals_as_in_the_command() -> Iterator[None]:
    handlers = {signal.SIGTERM: lambda *_: sys.exit(0), signal.SIGINT: signal.default_int_handler}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("signals_as_in_the_command")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_early_end_still_gives_a_report(tmp_path: Path, number: signal.Signals) -> None:
    with Practice(tmp_path) as practice:

        def interrupt(_envelope: dict[str, Any]) -> None:
            os.kill(os.getpid(), number)
            assert isinstance(sys.stderr, Lines)
            sys.stderr.wait_for("ending after the requests in flight")

        practice.system.rewrites[Interface.DEVICES] = interrupt
        found = practice.visit()

        assert found.status == 1
        assert found.interface("getDevList")["outcome"] == "answered"
        assert found.interface("getAlarmList")["summary"] == "not asked: ended early"
        assert "getAlarmList" not in practice.asked


def test_an_account_that_is_taken_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(_place: object, _entries: object) -> None:
        raise NotLeadingError

    with Practice(tmp_path) as practice:
        practice.system.rewrites[Interface.DEVICES] = lambda _: monkeypatch.setattr(SqlitePartition, "write", write)
        found = practice.visit()

        assert "took the account meanwhile" in found.account["remarks"][0]
        assert practice.asked == {"login": 1, "stations": 1, "getDevList": 1}
        assert found.status == 1


class Shared:
    """A running exporter and a doctor on one state; while the doctor waits, the exporter goes on."""

    def __init__(self, world: HttpWorld) -> None:
        self.world = world

    def visit(self, *flags: str) -> Visit:
        clock = self.world.clock

        def wait(_event: object, seconds: float) -> None:
            self.world.account.step()
            clock.advance(seconds)

        clock.wait = wait  # type: ignore[method-assign,assignment]
        account = self.world.config().accounts[0]
        keys = {"name": "default", "url": account.url, "username": account.username, **self.world.account_keys}
        keys["password"] = account.credentials().password
        return visit({"accounts": [keys], **self.world.sections}, clock, *flags)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:{tmp_path}/shared.sqlite"


@pytest.mark.no_cover
def test_a_running_exporter_lets_go_and_goes_on(url: str) -> None:
    with HttpWorld(FleetPlan(plants=3, devices_per_plant=10), state={"url": url}) as world:
        shared = Shared(world)
        world.run(400)
        before = len(world.system.log.requests)
        found = shared.visit()

        assert "lets go of the account" in found.progress
        assert found.account["session"]["kind"] == "kept"
        assert found.status == 0
        assert len(world.system.log.requests) > before
        world.run(2 * 3600)

        assert world.system.log.refusals == {}
        life = 1800 - 3
        assert len(world.requests(Interface.LOGIN)) <= 1 + world.now // (life - 60)
        assert max(world.gaps(Interface.DEVICE_REAL_TIME)) < 620
        assert world.scrape().value("fusionsolar_account_state", account="default", state="ok") == 1


@settings(max_examples=3, deadline=None)
@given(pauses=st.lists(st.integers(1, 1500), min_size=1, max_size=4))
@pytest.mark.no_cover
def test_whenever_it_runs_beside_an_exporter_no_limit_is_broken(pauses: list[int]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:{directory}/state.sqlite"
        with HttpWorld(FleetPlan(plants=3, devices_per_plant=10), state={"url": url}) as world:
            shared = Shared(world)
            for pause in pauses:
                world.run(pause)
                assert shared.visit().status == 0
            world.run(2000)
            assert world.system.log.refusals == {}


def test_an_exporter_that_does_not_let_go_is_named(url: str) -> None:
    with HttpWorld(state={"url": url}) as world:
        world.run(60)  # from here on it does not run
        asked = len(world.system.log.requests)
        found = visit({"accounts": [{**shared_account(world)}], "state": {"url": url}}, world.clock)

        assert found.status == 1
        assert len(world.system.log.requests) == asked
        assert "did not give it up" in found.account["remarks"][0]
        assert found.account["plants"]["listed"] == 2  # as the state knows


def shared_account(world: HttpWorld) -> dict[str, Any]:
    account = world.config().accounts[0]
    password = account.credentials().password
    return {"name": "default", "url": account.url, "username": account.username, "password": password}
