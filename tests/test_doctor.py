"""What ``doctor`` asks, what it finds, and what it never does."""

import re
from pathlib import Path
from typing import Any

import pytest
from doctor_support import Practice, visit

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

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
        session = found.account["session"]
        assert (session["kind"], session["age_seconds"], session["problem"]) == ("new", 0.0, None)
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
        assert told.endswith("Not everything that the configuration enables is known to be permitted: roofs")
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
        assert found.account["cadence"] == []
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


@pytest.mark.no_cover
def test_many_plants_are_listed_whole_and_asked_in_part(tmp_path: Path) -> None:
    with Practice(tmp_path, FleetPlan(plants=230, devices={38: 1})) as practice:
        found = practice.visit()

        assert practice.asked["stations"] == 3
        assert practice.asked["getDevList"] == practice.asked["getStationRealKpi"] == 1
        assert found.account["plants"]["listed"] == 230
        assert "of 230" in found.interface("getStationRealKpi")["summary"]
        assert found.status == 0


@pytest.mark.no_cover
def test_a_page_of_the_list_that_is_not_free_is_not_waited_for(tmp_path: Path) -> None:
    with Practice(tmp_path, FleetPlan(plants=150, devices={38: 1})) as practice:
        practice.account_keys["rate_limits"] = {"interfaces": {"stations": {"calls": 1}}}
        found = practice.visit()

        assert practice.asked["stations"] == 1
        plants = found.interface("stations")
        assert (plants["outcome"], plants["permitted"]) == ("answered", True)
        assert plants["summary"] == "100 plants; only the first pages: the next one was not free"
        assert plants["next_timestamp_seconds"] > found.report["timestamp_seconds"]


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


def test_an_interface_that_allows_no_call_is_not_asked_and_never_will_be(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.account_keys["rate_limits"] = {"interfaces": {"getDevRealKpi": {"calls": 0}}}
        found = practice.visit()
        text = practice.visit(json_report=False).output

        assert "getDevRealKpi" not in practice.asked
        devices = found.interface("getDevRealKpi")
        assert (devices["outcome"], devices["permitted"], devices["problem"]) == ("not_asked", None, None)
        assert devices["next_timestamp_seconds"] is None
        assert devices["summary"] == "not asked"
        assert "next possible" not in devices["summary"]
        assert "inf" not in text.replace("information", "")
        assert {each["outcome"] for each in found.account["device_types"]} == {"not_asked"}
        assert found.interface("getStationRealKpi")["outcome"] == "answered"


def test_each_answer_is_summed_up_in_numbers(tmp_path: Path) -> None:
    plan = FleetPlan(plants=3, devices={1: 2, 38: 1, 47: 4})
    with Practice(tmp_path, plan) as practice:
        found = practice.visit()

        said = {name: found.interface(name)["summary"] for name in ENABLED}
        assert said == {
            "stations": "3 plants",
            "getDevList": "21 devices of 3 plants",
            "getStationRealKpi": "values of 3 plants",
            "getDevRealKpi": "values of 21 devices of 3 types",
            "getAlarmList": "1 active alarm of 3 plants, the oldest of 2025-06-14 06:24:36 UTC",
        }


def test_devices_without_values_are_not_counted(tmp_path: Path) -> None:
    with Practice(tmp_path, FleetPlan(plants=1, devices={1: 2, 38: 1})) as practice:

        def half(envelope: dict[str, Any]) -> None:
            del envelope["data"][1:]

        practice.system.rewrites[Interface.DEVICE_REAL_TIME] = half
        found = practice.visit()

        assert found.interface("getDevRealKpi")["summary"] == "values of 2 devices of 2 types"
