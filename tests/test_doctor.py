"""What ``doctor`` asks, what it finds, and what it never does."""

import os
import re
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

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.state import NotLeadingError
from fusionsolar_exporter.state.sqlite_partition import SqlitePartition

ENABLED = {"stations", "getDevList", "getStationRealKpi", "getDevRealKpi", "getAlarmList"}


def test_all_is_well(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        found = practice.visit()

        assert (found.status, found.report["permitted"]) == (0, True)
        assert found.permitted == dict.fromkeys(ENABLED, True)
        assert found.account["answers"] == "northbound"
        assert found.account["session"]["kind"] == "new"
        assert practice.asked == {
            "login": 1,
            "stations": 1,
            "getDevList": 1,
            "getStationRealKpi": 1,
            "getDevRealKpi": 7,  # types
            "getAlarmList": 1,
        }
        assert practice.system.log.refusals == {}
        assert found.account["plants"]["listed"] == found.account["plants"]["with_data"] == 2
        battery = found.device_type(39)
        assert (battery["devices"], battery["asked"], battery["with_data"]) == (1, 1, 1)
        dongle = found.device_type(62)
        assert (dongle["real_time"], dongle["asked"], dongle["outcome"]) == (False, 0, "not_asked")
        every = {each["collector"]: each["interval_seconds"] for each in found.account["cadence"]}
        assert every["device_realtime"] == every["plant_realtime"] == 303
        assert (
            found.account["doubtful_units"] == found.account["undocumented_keys"] == found.account["what_to_do"] == []
        )


def test_a_second_run_uses_the_session_and_the_ledger_of_the_first(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.visit()
        practice.clock.advance(60)
        found = practice.visit()

        assert practice.asked["login"] == 1
        assert practice.asked["getStationRealKpi"] == 1
        assert practice.system.log.refusals == {}
        assert found.account["session"]["kind"] == "kept"
        assert found.account["session"]["age_seconds"] == pytest.approx(70, abs=10)
        plants = found.interface("getStationRealKpi")
        assert (plants["outcome"], plants["permitted"], plants["problem"]) == ("not_asked", True, None)
        assert 200 < plants["next_timestamp_seconds"] - found.report["timestamp_seconds"] < 303
        assert "asked 1 min" in plants["summary"]
        assert found.device_type(38)["with_data"] == 1  # as the state knows
        assert found.status == 0


def test_with_wait_it_waits_for_a_window(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.visit()
        found = practice.visit("--wait")

        assert practice.asked["getStationRealKpi"] == 2
        assert practice.asked["getDevRealKpi"] == 14
        assert found.interface("getDevRealKpi")["outcome"] == "answered"
        assert "until getStationRealKpi may be asked" in found.progress


def test_a_session_that_ends_while_it_waits_is_begun_anew_and_nothing_is_sent_without_one(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.visit()
        practice.clock.advance(27 * 60)
        practice.visit()
        found = practice.visit("--wait")

        assert found.interface("getStationRealKpi")["outcome"] == "answered"
        assert practice.asked["login"] == 2
        assert all(request.user for request in practice.system.log.requests)
        assert practice.system.log.refusals == {}


def test_a_portal_host_is_named_as_one(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.order(FaultKind.HTML, times=None)
        found = practice.visit()

        assert found.status == 1
        assert found.account["answers"] == "web_page"
        (todo,) = found.account["what_to_do"]
        assert "this is a portal host" in todo
        assert "https://eu5.fusionsolar.huawei.com" in todo
        assert practice.asked == {"login": 1}
        text = practice.visit(json_report=False).output
        assert "web page" in text


def test_a_wrong_password_is_tried_once_and_then_not_for_half_an_hour(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.password = "not the password"
        first = practice.visit()
        practice.clock.advance(600)
        second = practice.visit()

        assert practice.asked == {"login": 1}
        assert (first.status, second.status) == (1, 1)
        problem = second.account["session"]["problem"]
        assert (problem["reason"], problem["fail_code"]) == ("credentials", 20400)
        assert problem["meaning"].startswith("user name or password is wrong")
        waits = second.account["session"]["next_login_timestamp_seconds"] - second.report["timestamp_seconds"]
        assert 1150 < waits <= 1200
        assert set(second.permitted.values()) == {None}

        practice.password = "k7Qz wv9R-tx4M jh2P"  # corrected: nothing to wait for
        assert practice.visit().status == 0


def test_a_file_with_the_password_that_cannot_be_read(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.account_keys = {"password": None, "password_file": str(tmp_path / "missing")}
        found = practice.visit()

        assert found.status == 1
        assert practice.asked == {}
        assert "missing" in found.account["session"]["problem"]["message"]


@pytest.mark.parametrize("fail_code", [401, 20056])
def test_a_missing_permission_is_named_with_what_to_do(tmp_path: Path, fail_code: int) -> None:
    with Practice(tmp_path) as practice:
        practice.order(FaultKind.FAIL_CODE, Interface.DEVICE_REAL_TIME, fail_code=fail_code, times=None)
        found = practice.visit()

        assert found.status == 1
        refused = found.interface("getDevRealKpi")
        assert (refused["outcome"], refused["permitted"]) == ("refused", False)
        assert refused["problem"]["fail_code"] == fail_code
        assert refused["problem"]["meaning"]
        # without the permission the other types would be refused as well; an owner speaks for the own plants alone
        assert practice.asked["getDevRealKpi"] == (1 if fail_code == 401 else 2)
        assert [name for name, permitted in found.permitted.items() if not permitted] == ["getDevRealKpi"]

        text = practice.visit(json_report=False).output
        told = " ".join(text.split())
        assert "NO" in told
        assert found.account["interfaces"][3]["problem"]["advice"] in told


def test_a_permission_that_is_given_is_noticed_at_once(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.order(FaultKind.FAIL_CODE, Interface.DEVICE_REAL_TIME, fail_code=401, times=1)
        assert practice.visit().permitted["getDevRealKpi"] is False
        practice.clock.advance(310)

        found = practice.visit()
        assert found.permitted["getDevRealKpi"] is True
        assert found.status == 0
        assert practice.asked["getDevRealKpi"] == 1 + 7


def test_one_plant_list_is_enough(tmp_path: Path) -> None:
    with Practice(tmp_path, forbidden=frozenset({Interface.STATIONS})) as practice:
        found = practice.visit()

        assert found.status == 0
        assert found.permitted["stations"] is False
        assert found.permitted["getStationList"] is True
        assert "What to do" not in practice.visit(json_report=False).output


def test_no_plant_list_at_all(tmp_path: Path) -> None:
    lists = frozenset({Interface.STATIONS, Interface.STATION_LIST})
    with Practice(tmp_path, forbidden=lists) as practice:
        found = practice.visit()

        assert found.status == 1
        assert practice.asked == {"login": 1, "stations": 1, "getStationList": 1}
        assert found.permitted["getStationRealKpi"] is None


def test_too_many_calls_are_no_missing_permission(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.order(FaultKind.FAIL_CODE, Interface.ALARMS, fail_code=407)
        found = practice.visit()

        assert found.status == 1
        alarms = found.interface("getAlarmList")
        assert (alarms["outcome"], alarms["permitted"]) == ("failed", None)
        assert alarms["problem"]["reason"] == "rate_limited"

        later = practice.visit()  # it is left alone for its window
        assert practice.asked["getAlarmList"] == 1
        assert later.interface("getAlarmList")["problem"]["fail_code"] == 407


def test_an_unreachable_host(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.order(FaultKind.RESET, times=None)
        found = practice.visit()

        assert found.status == 1
        assert found.account["answers"] == "nothing"
        assert found.account["session"]["problem"]["reason"] == "connection"


def test_a_host_that_answers_something_else(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.order(FaultKind.STATUS, status=503, times=None)

        assert practice.visit().account["answers"] == "something_else"


def test_a_session_that_ends_is_begun_anew(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.visit()
        practice.clock.advance(400)
        practice.order(FaultKind.DROP_SESSION, Interface.STATIONS)
        found = practice.visit()

        assert found.status == 0
        assert practice.asked["login"] == 2
        assert found.account["session"]["kind"] == "new"


def test_alarms_in_windows_of_time(tmp_path: Path) -> None:
    plan = FleetPlan(devices_per_plant=12)
    with Practice(tmp_path, plan, rules=Rules(alarm_time_limits=True)) as practice:
        found = practice.visit()

        assert found.permitted["getAlarmList"] is True
        assert practice.asked["getAlarmList"] == 2


def test_no_plant_is_bound_to_the_user(tmp_path: Path) -> None:
    with Practice(tmp_path, FleetPlan(plants=0)) as practice:
        found = practice.visit()
        text = practice.visit(json_report=False).output

        assert found.status == 1
        assert found.permitted["stations"] is True
        assert "no plant is bound to this user" in text


def test_only_what_the_configuration_enables_is_asked(tmp_path: Path) -> None:
    disabled = {"alarms": {"enabled": False}, "device_realtime": {"enabled": False}}
    with Practice(tmp_path, collectors=disabled, forbidden=frozenset({Interface.ALARMS})) as practice:
        practice.account_keys = {"plants": {"include": ["Alder.*"]}}
        found = practice.visit()

        assert found.status == 0
        assert "getAlarmList" not in found.permitted
        assert "getDevRealKpi" not in practice.asked
        assert (found.account["plants"]["listed"], found.account["plants"]["selected"]) == (2, 1)
        assert found.account["plants"]["not_selected"] == ["Birch Lane 2"]
        assert re.search(r"not taken +Birch Lane 2$", practice.visit(json_report=False).output, re.MULTILINE)


def test_undocumented_types_and_keys(tmp_path: Path) -> None:
    plan = FleetPlan(plants=1, devices={38: 101, 23070: 1, 60001: 2})
    with Practice(tmp_path, plan) as practice:

        def more(envelope: dict[str, Any]) -> None:
            for item in envelope["data"] or []:
                item["dataItemMap"]["spin"] = 1.5

        practice.system.rewrites[Interface.DEVICE_REAL_TIME] = more
        found = practice.visit()

        assert found.device_type(38)["asked"] == 100
        manager, other = found.device_type(23070), found.device_type(60001)
        assert (manager["documented"], manager["outcome"], manager["with_data"]) == (False, "answered", 1)
        assert other["outcome"] == "not_asked"  # two calls in a window, and no more
        assert "used up" in other["remark"]
        keys = {(each["device_type_id"], each["key"]): each["count"] for each in found.account["undocumented_keys"]}
        assert keys[38, "spin"] == 100
        assert (23070, "spin") in keys
        assert found.status == 0


def test_a_power_in_another_unit_is_noticed(tmp_path: Path) -> None:
    with Practice(tmp_path, FleetPlan(plants=3, devices={1: 2, 17: 1}, clouds=False)) as practice:

        def in_watts(envelope: dict[str, Any]) -> None:
            for item in envelope["data"] or []:
                values = item["dataItemMap"]
                if "inverter_state" in values:
                    values |= {"active_power": 4600.0, "a_u": 230, "b_u": 230, "c_u": 0, "a_i": 10, "b_i": 10}

        practice.system.rewrites[Interface.DEVICE_REAL_TIME] = in_watts
        (doubt,) = practice.visit().account["doubtful_units"]
        text = " ".join(practice.visit(json_report=False).output.split())

        assert (doubt["device_type_id"], doubt["key"], doubt["scale"]) == (1, "active_power", 1)
        assert (doubt["devices"], doubt["judged"], doubt["ratio"]) == (6, 6, 1000)
        assert "kpi_overrides: [{device_type_id: 1, key: active_power, scale: 1}]" in text

        practice.account_keys = {"kpi_overrides": [{"device_type_id": 1, "key": "active_power", "scale": 1}]}
        assert practice.visit().account["doubtful_units"] == []


def test_many_plants_are_listed_whole_and_asked_in_part(tmp_path: Path) -> None:
    with Practice(tmp_path, FleetPlan(plants=230, devices={38: 1})) as practice:
        found = practice.visit()

        assert practice.asked["stations"] == 3
        assert practice.asked["getDevList"] == practice.asked["getStationRealKpi"] == 1
        assert found.account["plants"]["listed"] == 230
        assert "of 230" in found.interface("getStationRealKpi")["summary"]
        assert found.status == 0


def test_state_in_memory_is_said_and_the_session_ended(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        found = practice.visit(state={"url": "memory:"})

        assert practice.asked["logout"] == 1
        assert "memory" in found.account["remarks"][0]


def test_two_accounts_of_which_one_is_broken(tmp_path: Path) -> None:
    with Practice(tmp_path / "one") as good, Practice(tmp_path / "two") as bad:
        bad.system._clock = good.clock
        bad.system.now = good.clock.now
        bad.order(FaultKind.STATUS, status=500, times=None)
        accounts = [good.account, {**bad.account, "name": "parks"}]
        found = visit({"accounts": accounts, **good.sections}, good.clock)

        assert found.status == 1
        reports = {each["account"]: each for each in found.report["accounts"]}
        assert [name for name, each in reports.items() if each["permitted"]] == ["roofs"]
        alone = visit({"accounts": accounts, **good.sections}, good.clock, "--account", "roofs")
        assert (alone.status, [each["account"] for each in alone.report["accounts"]]) == (0, ["roofs"])


def test_types_that_are_not_wanted_and_types_that_sleep(tmp_path: Path) -> None:
    plan = FleetPlan(plants=1, devices={38: 1, 47: 1}, quirks=True)
    with Practice(tmp_path, plan, rules=Rules(quirks=True)) as practice:
        practice.account_keys = {"device_types": [38]}
        practice.clock.advance(9 * 3600)  # midnight
        found = practice.visit()

        assert found.device_type(38)["with_data"] == 0
        assert "asleep" in found.device_type(38)["remark"]
        assert found.device_type(47)["asked"] == 0
        assert "device_types of the configuration" in found.device_type(47)["remark"]
        assert found.status == 0

        disabled = practice.visit(collectors={"device_realtime": {"enabled": False}})
        assert "disabled" in disabled.device_type(38)["remark"]


def test_types_that_answer_without_data(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.order(FaultKind.DATA_EMPTY, Interface.DEVICE_REAL_TIME, times=None)
        found = practice.visit()
        text = practice.visit(json_report=False).output

        assert found.device_type(39)["remark"] == "answered without data"
        assert (found.device_type(39)["asked"], found.device_type(39)["with_data"]) == (1, 0)
        assert "answered without data" in text


def test_a_refused_type_is_asked_again_after_days(tmp_path: Path) -> None:
    plan = FleetPlan(plants=1, devices={38: 101, 60001: 1})
    with Practice(tmp_path, plan) as practice:
        first = practice.visit()
        practice.clock.advance(600)
        second = practice.visit()

        assert first.device_type(60001)["problem"]["fail_code"] == 20006
        assert "refused before" in second.device_type(60001)["remark"]
        assert practice.asked["getDevRealKpi"] == 3
        told = practice.visit(json_report=False).output
        assert "device types that the reference does not name: 60001 (1 device)" in told


def test_keys_of_plants_and_of_many(tmp_path: Path) -> None:
    with Practice(tmp_path, FleetPlan(plants=1)) as practice:

        def more(envelope: dict[str, Any]) -> None:
            envelope["data"][0]["dataItemMap"] |= {f"odd_{number}": number for number in range(12)}

        practice.system.rewrites[Interface.PLANT_REAL_TIME] = more
        found = practice.visit()
        text = " ".join(practice.visit(json_report=False).output.split())

        assert [each["device_type"] for each in found.account["undocumented_keys"]] == ["plant"] * 12
        assert "keys that are not in the reference, of plants: odd_0, odd_1, odd_10" in text
        assert "and 4 more" in text


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
