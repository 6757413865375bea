"""What ``doctor`` finds in the answers: device types, units and keys that nobody documents."""

from pathlib import Path
from typing import Any

from doctor_support import Practice

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan


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
