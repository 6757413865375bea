"""Units by evidence: the reading's own voltage and current say whether powers are in kW or in W."""

from collections.abc import Mapping

import pytest
from support.manual_clock import ManualClock
from support.world import ListLog

from fusionsolar_exporter.config import AccountConfig
from fusionsolar_exporter.northbound.model import Device, Plant, Reading
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.refresh.units import UnitsByEvidence

AMPERES = 10.0
APPARENT = 3 * 230.0 * AMPERES  # VA
PHASES = {f"{phase}_{kind}": value for phase in "abc" for kind, value in (("u", 230.0), ("i", AMPERES))}


def units(type_id: int = 17, **account: object) -> UnitsByEvidence:
    config = AccountConfig.model_validate(
        {"name": "a", "url": "http://far.example", "username": "u", "password": "p", **account}
    )
    inventory = Inventory(lambda _code, _name: True)
    inventory.add_plants([Plant("P", "Roof")])
    inventory.set_devices(["P"], [Device("1", "Meter", "P", type_id)], 0.0)
    return UnitsByEvidence(AccountContext(ManualClock(), ListLog(), AccountSettings(config)), inventory)


def judged(evidence: UnitsByEvidence, **values: float) -> Mapping[str, float]:
    (reading,) = evidence.apply([Reading("1", values)])
    return dict(reading.values)


@pytest.mark.parametrize(
    ("power", "served"),
    [
        (6.5, 6.5),  # kW
        (-6.5, -6.5),
        (6500.0, 6.5),  # W
        (-6500.0, -6.5),
        (APPARENT * 1.04 / 1000, APPARENT * 1.04 / 1000),
        (APPARENT * 1.04, APPARENT * 1.04 / 1000),
    ],
)
def test_the_reading_tells_its_own_unit(power: float, served: float) -> None:
    found = judged(units(), **PHASES, active_power=power, active_power_a=power / 3, reactive_power=power / 5)
    assert found["active_power"] == pytest.approx(served)
    assert found["active_power_a"] == pytest.approx(served / 3)
    assert found["reactive_power"] == pytest.approx(served / 5)
    assert found["a_u"] == 230.0


def test_while_nothing_is_known_there_is_nothing_but_zero() -> None:
    evidence = units()
    assert judged(evidence, a_u=230.0, a_i=0.1, active_power=20.0, reactive_power=0.0) == {
        "a_u": 230.0,
        "a_i": 0.1,
        "reactive_power": 0.0,
    }
    assert "active_power" not in judged(evidence, **PHASES, active_power=APPARENT * 2)  # possible in neither unit


def test_a_finding_holds_until_the_third_reading_in_a_row_contradicts_it() -> None:
    evidence = units()
    assert judged(evidence, **PHASES, active_power=6500.0)["active_power"] == pytest.approx(6.5)
    assert judged(evidence, a_u=230.0, a_i=0.01, active_power=30.0)["active_power"] == pytest.approx(0.03)
    assert "active_power" not in judged(evidence, **PHASES, active_power=6.5)
    assert judged(evidence, **PHASES, active_power=6500.0)["active_power"] == pytest.approx(6.5)
    for _ in range(2):
        assert "active_power" not in judged(evidence, **PHASES, active_power=6.5)
    assert judged(evidence, **PHASES, active_power=6.5)["active_power"] == 6.5
    assert judged(evidence, **PHASES, active_power=6.4)["active_power"] == 6.4


def test_an_override_wins() -> None:
    given = units(kpi_overrides=[{"device_type_id": 17, "key": "active_power", "scale": 1}])
    found = judged(given, **PHASES, active_power=APPARENT * 7, reactive_power=900.0)
    assert found["active_power"] == APPARENT * 7
    assert "reactive_power" not in found  # what it stands beside fits no unit


def test_of_a_power_sensor_only_the_apparent_power_is_in_doubt() -> None:
    meter = {"meter_u": 230.0, "meter_i": AMPERES}
    evidence = units(47)
    found = judged(evidence, **meter, active_power=2200.0, total_apparent_power=2290.0)
    assert found["active_power"] == 2200.0
    assert found["total_apparent_power"] == pytest.approx(2.29)
    assert judged(units(47), **meter, total_apparent_power=2.29)["total_apparent_power"] == 2.29


def test_other_types_and_unknown_devices_stay_as_they_come() -> None:
    assert judged(units(38), **PHASES, active_power=6500.0)["active_power"] == 6500.0
    evidence = units()
    (stranger,) = evidence.apply([Reading("2", {"active_power": 6500.0})])
    assert stranger.values == {"active_power": 6500.0}


def test_findings_outlive_the_process() -> None:
    evidence, after = units(), units()
    judged(evidence, **PHASES, active_power=6500.0)
    after.restore(evidence.kept())
    assert judged(after, a_u=230.0, a_i=0.01, active_power=30.0)["active_power"] == pytest.approx(0.03)
