"""``doctor`` and what is off unless enabled: reports, and inverters by serial number."""

from pathlib import Path
from typing import Any

from doctor_support import Practice

from fusionsolar_exporter.doctor import tables
from fusionsolar_exporter.northbound.interfaces import HOUR
from fusionsolar_exporter.report_interfaces import REPORT_INTERFACES
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.status import REPORTS, CollectorName

ENABLED: dict[str, Any] = {name.value: {"enabled": True} for name in REPORTS}
CONVERGENCE = "cs/getInventerRealKpi"


def test_each_report_is_asked_once_and_not_again_before_its_time(tmp_path: Path) -> None:
    collectors = {**ENABLED, "inverter_convergence": {"enabled": True}}
    with Practice(tmp_path, FleetPlan(plants=2, devices={38: 1}), collectors=collectors) as practice:
        found = practice.visit()
        asked = practice.asked
        practice.clock.advance(600)
        again = practice.visit()

        assert (found.status, again.status) == (0, 0)
        assert practice.system.log.refusals == {}
        for name, interface in REPORT_INTERFACES.items():
            assert asked[interface] == practice.asked[interface] == 1
            assert found.interface(interface)["summary"].startswith("periods of 2")
            row = again.interface(interface)
            assert (row["collector"], row["outcome"], row["permitted"]) == (name, "not_asked", True)
            assert row["next_timestamp_seconds"] - again.report["timestamp_seconds"] > HOUR / 2
        assert found.interface(CONVERGENCE)["summary"] == "asked for 2 inverters"
        assert practice.asked[CONVERGENCE] == 1


def test_every_kind_of_data_has_its_lines_in_the_tables(tmp_path: Path) -> None:
    collectors = {**ENABLED, "inverter_convergence": {"enabled": True}}
    with Practice(tmp_path, FleetPlan(plants=1, devices={38: 1}), collectors=collectors) as practice:
        found = practice.visit(json_report=False)

    assert found.status == 0
    for words in ("plants by the hour", "devices by the year", "inverters by serial number"):
        assert len([line for line in found.output.splitlines() if line.strip().startswith(words)]) == 2
    assert tables._KINDS.keys() == set(CollectorName)


def test_what_is_not_permitted_is_named(tmp_path: Path) -> None:
    forbidden = frozenset({Interface.CONVERGENCE, Interface.PLANT_DAYS})
    collectors = {**ENABLED, "inverter_convergence": {"enabled": True}}
    plan = FleetPlan(plants=1, devices={38: 1})
    with Practice(tmp_path, plan, collectors=collectors, forbidden=forbidden) as practice:
        found = practice.visit()

        assert found.status == 1
        assert {name for name, permitted in found.permitted.items() if permitted is False} == set(forbidden)
        assert any(text.startswith(f"{CONVERGENCE}: ") for text in found.account["what_to_do"])


def test_more_than_a_hundred_inverters_have_to_be_chosen_from(tmp_path: Path) -> None:
    plan = FleetPlan(plants=1, devices={38: 101})
    with Practice(tmp_path, plan, collectors={"inverter_convergence": {"enabled": True}}) as practice:
        found = practice.visit()
        (advice,) = found.account["what_to_do"]
        assert found.status == 1
        assert "name those that matter in collectors.inverter_convergence.serial_numbers" in advice
        assert found.interface(CONVERGENCE)["outcome"] == "not_asked"
        wanted = list(practice.system.fleet.serial_numbers)[:3]
        named = {"inverter_convergence": {"enabled": True, "serial_numbers": wanted}}
        assert practice.visit(collectors=named).status == 0
        (request,) = practice.system.log.of(Interface.CONVERGENCE)
        assert request.ids == tuple(wanted)
