"""Answers as real servers send them."""

import re

import pytest
from test_simulator_support import World

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.inverter_states import InverterState
from fusionsolar_exporter.simulator.plan import ODD_NAMES, FleetPlan

NOON = 1750000000.0 - 1750000000.0 % 86400 + 86400 + 12 * 3600
NIGHT = NOON + 15 * 3600
"""Before dawn: batteries are empty, so that nothing keeps inverters awake."""
PLAN = FleetPlan(
    plants=6,
    devices={1: 3, 38: 1, 39: 3, 47: 3, 17: 1, 45: 1, 46: 1, 10: 1},
    quirks=True,
    odd_names=True,
    places=FleetPlan().places[:1],
    alarm_share=0.5,
)


def odd(now: float = NOON, *, limits: bool = False) -> World:
    return World(PLAN, Rules(quirks=True), now=now, limits=limits).logged_in()


def test_codes_are_floats_and_texts_stand_among_numbers() -> None:
    world = odd()
    inverters = world.device_values(1).values()
    assert {values["inverter_state"] for values in inverters} <= {512.0, 514.0}
    assert all(isinstance(values["inverter_state"], float) for values in inverters)
    assert {values["close_time"] for values in inverters} == {"N/A"}
    assert {"pv36_u" in values for values in inverters} == {True, False}
    assert "N/A" in {values["power_factor"] for values in world.device_values(47).values()}
    batteries = world.device_values(39).values()
    assert 0.0 in {values["battery_soh"] for values in batteries}
    assert any(5 <= values["ch_discharge_model"] <= 10 for values in batteries)


def test_plants_have_numbers_newer_keys_and_no_income_without_tariff() -> None:
    world = odd()
    values = world.plant_values()
    for code, plant in world.fleet.plants.items():
        assert isinstance(values[code]["day_power"], float)
        assert values[code]["real_health_state"] in {2, 3}
        assert 0 < values[code]["day_on_grid_energy"] < values[code]["day_power"]
        assert values[code]["day_use_energy"] > 0
        assert ("day_income" in values[code]) == (plant.tariff > 0)
    assert {plant.tariff > 0 for plant in world.fleet.plants.values()} == {True, False}


def test_at_night_inverters_are_silent_and_others_are_not() -> None:
    world = odd(NIGHT)
    for type_id in (1, 38):
        for values in world.device_values(type_id).values():
            assert values.pop("run_state") == 0
            assert set(values.values()) == {None}
            assert "pv1_u" in values
    assert all(values["run_state"] == 1 for values in world.device_values(39).values())


def test_an_inverter_of_which_nothing_is_heard_is_silent_by_day() -> None:
    world = odd()
    inverter = world.ids(38).split(",")[0]
    world.fleet.fault(inverter, world.now, InverterState.COMMUNICATION_INTERRUPTED)
    assert world.device_values(38)[inverter]["active_power"] is None
    world.fleet.fault(inverter, world.now)
    assert world.device_values(38)[inverter]["inverter_state"] == 768.0
    world.now = NIGHT
    assert world.device_values(38)[inverter]["inverter_state"] == 768.0


def test_lists_have_odd_ids_codes_places_and_nulls() -> None:
    world = odd()
    plants = world.data("stations", pageNo=1)["list"]
    assert {bool(re.fullmatch("[0-9A-F]{32}", plant["plantCode"])) for plant in plants} == {True, False}
    assert {type(plant["latitude"]) for plant in plants} == {float, str, type(None)}
    assert [plant["plantName"].rpartition(" ")[0] for plant in plants] == list(ODD_NAMES[:6])
    devices = world.data("getDevList", stationCodes=world.codes())
    assert {device["id"] < 0 for device in devices} == {True, False}
    assert all(15 <= len(str(abs(device["id"]))) <= 16 for device in devices)
    assert all({"devDn", "model"} <= device.keys() for device in devices)
    nothing = [device for device in devices if device["devTypeId"] == 45]
    assert {(device["esnCode"], device["softwareVersion"], device["invType"]) for device in nothing} == {
        (None, None, None)
    }


def test_messages_stand_on_success_and_407_has_a_text_as_data() -> None:
    world = odd(limits=True)
    login = world.ask("login", userName="ada", systemCode="correct horse")
    assert login["message"].startswith("https://")
    world.login()
    codes = world.codes()
    assert world.code("getStationRealKpi", stationCodes=codes) == 0
    refused = world.ask("getStationRealKpi", stationCodes=codes)
    assert refused == {"success": False, "data": "ACCESS_FREQUENCY_IS_TOO_HIGH", "failCode": 407, "params": None}


def test_old_plant_list_is_not_permitted() -> None:
    world = odd()
    assert world.code("getStationList") == 401
    assert world.ask("stations", pageNo=1)["message"] == "get plant list success"


def test_alarms_have_types_and_causes_beyond_the_reference() -> None:
    world = odd()
    seen = set()
    for _ in range(60):
        world.now += 7200
        seen |= {(alarm["alarmType"], alarm["causeId"]) for alarm in world.alarms()}
    assert (0, -1) in seen
    plain = World(FleetPlan(plants=6, devices={45: 20}, alarm_share=1)).logged_in().alarms()
    assert plain
    assert all(alarm["alarmType"] > 0 and alarm["causeId"] > 0 for alarm in plain)


@pytest.mark.parametrize("constant", [True, False])
def test_constant_bodies_are_empty_after_all_checks(*, constant: bool) -> None:
    world = World(PLAN, Rules(constant_bodies=constant), limits=True).logged_in()
    asked = {"stationCodes": world.codes()}
    answer = world.ask("getStationRealKpi", **asked)
    assert (answer["data"] == []) is constant
    assert answer["params"]["currentTime"] == int(world.now * 1000)
    assert (world.device_values(1) == {}) is constant
    assert world.code("getStationRealKpi", **asked) == 407
    assert world.code("getDevRealKpi", devIds="1", devTypeId=1) == 20008
    if constant:
        assert world.alarms() == []
