"""``doctor`` and the signs of meters and storage, which are a property of the installation."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from doctor_support import Practice

from fusionsolar_exporter.simulator.installation import Installation, SteadyFlows
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan, PlantKind

METER, STORAGE = {1: 1, 17: 1}, {1: 1, 17: 1, 41: 1}
DRAWING, FEEDING = SteadyFlows(10.0, 0.0, 40.0), SteadyFlows(40.0, 0.0, 5.0)
CHARGING = SteadyFlows(50.0, 10.0, 15.0)


def kind(flows: SteadyFlows, devices: Mapping[int, int] = METER, *, meter: int = 1, storage: int = 1) -> PlantKind:
    return PlantKind(devices, Installation(steady=flows, meter_sign=meter, storage_sign=storage))


def plan(*kinds: PlantKind) -> FleetPlan:
    return FleetPlan(plants=len(kinds), kinds=kinds, clouds=False)


def line(practice: Practice) -> list[dict[str, Any]]:
    """What the report tells to add, as the configuration takes it."""
    text = " ".join(practice.visit(json_report=False).output.split())
    return [yaml.safe_load(part.partition("]}]")[0] + "]}]" if "]}]" in part else part.partition("}]")[0] + "}]")[0]
            for part in text.split("kpi_overrides: ")[1:]]  # fmt: skip


def test_a_meter_that_counts_what_is_drawn(tmp_path: Path) -> None:
    with Practice(tmp_path, plan(kind(DRAWING, meter=-1), kind(DRAWING, meter=-1))) as practice:
        (doubt,) = practice.visit().account["doubtful_signs"]
        (entry,) = line(practice)

        assert (doubt["device_type_id"], doubt["key"], doubt["plants"]) == (17, "active_power", [])
        assert (doubt["found"], doubt["judged"]) == (2, 2)
        assert "the plant would consume -20" in doubt["evidence"]
        assert entry == {"device_type_id": 17, "key": "active_power", "scale": -1000}
        practice.account_keys = {"kpi_overrides": [entry]}
        assert practice.visit().account["doubtful_signs"] == []


def test_one_plant_of_several_is_named(tmp_path: Path) -> None:
    with Practice(tmp_path, plan(kind(DRAWING, meter=-1), kind(DRAWING), kind(FEEDING))) as practice:
        (doubt,) = practice.visit().account["doubtful_signs"]
        (entry,) = line(practice)

        assert (doubt["found"], doubt["judged"], doubt["plants"]) == (1, 2, [doubt["plant"]])
        practice.account_keys = {"kpi_overrides": [entry]}
        assert practice.visit().account["doubtful_signs"] == []
        practice.account_keys = {"kpi_overrides": [{**entry, "plants": [".*"]}]}
        assert practice.visit().account["doubtful_signs"][0]["scale"] == 1000


def test_a_meter_whose_unit_the_reading_has_told(tmp_path: Path) -> None:
    with Practice(tmp_path, plan(kind(DRAWING, meter=-1))) as practice:

        def in_watts(envelope: dict[str, Any]) -> None:
            for item in envelope["data"] or []:
                values = item["dataItemMap"]
                if "reverse_active_cap" in values:
                    values |= {key: value * 1000 for key, value in values.items() if key.startswith("active_power")}

        practice.system.rewrites[Interface.DEVICE_REAL_TIME] = in_watts
        (entry,) = line(practice)

        assert entry["scale"] == -1
        practice.account_keys = {"kpi_overrides": [entry]}
        assert practice.visit().account["doubtful_signs"] == []


@pytest.mark.parametrize(
    "some",
    [
        kind(FEEDING, meter=-1),  # it might as well consume twice as much
        kind(DRAWING, {1: 1, 17: 2}, meter=-1),  # which of them is at the grid?
        kind(DRAWING, {17: 1}, meter=-1),
        kind(DRAWING, {38: 1, 47: 1}),
    ],
)
def test_what_nobody_can_tell_is_not_told(some: PlantKind, tmp_path: Path) -> None:
    with Practice(tmp_path, plan(some)) as practice:
        assert practice.visit().account["doubtful_signs"] == []


@pytest.mark.parametrize(
    ("sign", "level", "doubts"), [(1, 2.0, 0), (-1, 2.0, 1), (1, -2.0, 1), (-1, -2.0, 0), (-1, 0.5, 0)]
)
def test_storage_is_told_by_its_charge(sign: int, level: float, doubts: int, tmp_path: Path) -> None:
    with Practice(tmp_path, plan(kind(CHARGING, STORAGE, storage=sign))) as practice:

        def charge(percent: float) -> None:
            def rewrite(envelope: dict[str, Any]) -> None:
                for item in envelope["data"] or []:
                    if "battery_soc" in item["dataItemMap"]:
                        item["dataItemMap"]["battery_soc"] = percent

            practice.system.rewrites[Interface.DEVICE_REAL_TIME] = rewrite

        charge(50.0)
        practice.visit()
        practice.clock.advance(600)
        charge(50.0 + level)
        found = practice.visit().account["doubtful_signs"]

        assert len(found) == doubts
        for doubt in found:
            assert (doubt["device_type_id"], doubt["key"], doubt["scale"]) == (41, "ch_discharge_power", -1)
            assert ("rose by 2 %" if level > 0 else "fell by 2 %") in doubt["evidence"]


def test_storage_is_told_by_the_balance_of_its_plant(tmp_path: Path) -> None:
    giving = SteadyFlows(0.0, -30.0, 30.0)
    with Practice(tmp_path, plan(kind(giving, {1: 1, 41: 1, 47: 1}, storage=-1))) as practice:
        (entry,) = line(practice)

        assert entry == {"device_type_id": 41, "key": "ch_discharge_power", "scale": -1}
        practice.account_keys = {"kpi_overrides": [entry]}
        assert practice.visit().account["doubtful_signs"] == []
