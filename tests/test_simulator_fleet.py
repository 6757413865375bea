"""A fleet that its owner changes while it runs, and its alarms."""

import pytest
from test_simulator_support import World

from fusionsolar_exporter.simulator.alarms import ALARM_KINDS, DEVICE_FAULT, AlarmLevel
from fusionsolar_exporter.simulator.device_types import ALARMED
from fusionsolar_exporter.simulator.inverter_states import InverterState
from fusionsolar_exporter.simulator.plan import FleetPlan

QUIET = FleetPlan(plants=2, devices={1: 2, 38: 1, 41: 1, 46: 1, 17: 1}, alarm_share=0, clouds=False)
NOON = 1750000000.0 - 1750000000.0 % 86400 + 86400 + 12 * 3600


def noon() -> World:
    return World(QUIET, now=NOON).logged_in()


def test_plants_come_go_and_change_their_name() -> None:
    world = noon()
    first = next(iter(world.fleet.plants))
    added = world.fleet.add_plant("New Roof", {38: 2}, at=world.now)
    world.fleet.rename_plant(first, "Old Roof")
    names = {plant["plantCode"]: plant["plantName"] for plant in world.data("stations", pageNo=1)["list"]}
    assert (names[first], names[added.code], len(names)) == ("Old Roof", "New Roof", 3)
    assert world.plant_values()[added.code]["total_power"] == "0.000"
    world.now += 3600
    assert float(world.plant_values()[added.code]["total_power"]) > 0
    world.fleet.remove_plant(first)
    assert world.data("stations", pageNo=1)["total"] == 2
    assert world.code("getDevList", stationCodes=first) == 20007
    assert {device["stationCode"] for device in world.data("getDevList", stationCodes=world.codes())} == set(
        world.fleet.plants
    )
    assert world.fleet.add_plant().code not in {first, added.code}


def test_devices_come_go_and_change_their_name() -> None:
    world = noon()
    plant = next(iter(world.fleet.plants.values()))
    added = world.fleet.add_device(plant.code, 1, world.now, "Fresh")
    assert world.device_values(1)[added.id]["total_cap"] == 0
    world.now += 3600
    assert world.device_values(1)[added.id]["total_cap"] == world.device_values(1)[added.id]["day_cap"] > 0
    world.fleet.rename_device(added.id, "Fresher")
    listed = {str(device["id"]): device["devName"] for device in world.data("getDevList", stationCodes=plant.code)}
    assert listed[added.id] == "Fresher"
    world.fleet.remove_device(added.id)
    assert world.code("getDevRealKpi", devIds=added.id, devTypeId=1) == 20008
    assert world.fleet.device_counts[1] == 4
    for device in [device for device in plant.devices if device.type_id == 46]:
        world.fleet.remove_device(device.id)
    with pytest.raises(KeyError):
        world.fleet.remove_device(added.id)


def test_a_stopped_inverter_yields_nothing_until_it_is_repaired() -> None:
    world = noon()
    plant = next(iter(world.fleet.plants.values()))
    broken, sound = (device for device in plant.devices if device.type_id == 1)
    world.fleet.fault(broken.id, world.now)
    before = world.device_values(1)
    assert before[broken.id]["inverter_state"] == 768
    assert (before[broken.id]["active_power"], before[broken.id]["run_state"]) == (0, 1)
    assert world.plant_values()[plant.code]["real_health_state"] == "2"
    assert [alarm["alarmName"] for alarm in world.alarms()] == ["Device Fault"]
    world.now += 3600
    during = world.device_values(1)
    assert during[broken.id]["day_cap"] == before[broken.id]["day_cap"]
    assert during[sound.id]["day_cap"] > before[sound.id]["day_cap"]
    world.fleet.repair(broken.id, world.now)
    world.now += 3600
    after = world.device_values(1)
    assert after[broken.id]["inverter_state"] in {512, 514}
    gained = {device.id: after[device.id]["day_cap"] - during[device.id]["day_cap"] for device in (broken, sound)}
    ratio = broken.effective_kw / sound.effective_kw
    assert gained[broken.id] == pytest.approx(gained[sound.id] * ratio, abs=0.05)
    assert world.alarms() == []
    assert world.plant_values()[plant.code]["real_health_state"] == "3"
    world.fleet.repair(broken.id, world.now)
    with pytest.raises(ValueError, match="only inverters can be stopped"):
        world.fleet.fault(next(device.id for device in plant.devices if device.type_id == 46), world.now)


def test_the_balance_at_the_meter_holds_during_a_fault() -> None:
    world = noon()
    plant = next(iter(world.fleet.plants.values()))
    meter = next(device.id for device in plant.devices if device.type_id == 17)
    before = world.device_values(17)[meter]
    for device in plant.inverters:
        world.fleet.fault(device.id, world.now)
    world.now += 1800
    after = world.device_values(17)[meter]
    assert after["active_power"] < 0 < before["active_power"]
    assert after["active_cap"] >= before["active_cap"]
    assert after["reverse_active_cap"] > before["reverse_active_cap"]
    (again,) = (device for device in plant.devices if device.type_id == 38)
    world.fleet.fault(again.id, world.now, InverterState.SHUTDOWN_COMMAND)
    assert world.device_values(38)[again.id]["inverter_state"] == 769


def test_a_plant_of_which_nothing_is_heard_is_disconnected() -> None:
    world = noon()
    plant = next(iter(world.fleet.plants.values()))
    for device in plant.inverters:
        world.fleet.fault(device.id, world.now, InverterState.COMMUNICATION_INTERRUPTED)
    assert world.plant_values()[plant.code]["real_health_state"] == "1"
    assert next(iter(world.device_values(38).values()))["run_state"] == 0


def test_alarms_are_raised_and_cleared_also_on_devices_without_real_time_data() -> None:
    world = noon()
    plant = next(iter(world.fleet.plants.values()))
    optimizer = next(device for device in plant.devices if device.type_id == 46)
    kind = next(kind for kind in ALARM_KINDS if kind.level is AlarmLevel.CRITICAL)
    world.fleet.raise_alarm(optimizer.id, kind, world.now)
    (alarm,) = world.alarms()
    assert alarm["esnCode"] == optimizer.serial_number
    assert (alarm["raiseTime"], alarm["lev"], alarm["devTypeId"]) == (int(world.now * 1000), 1, 46)
    assert (alarm["stationCode"], alarm["stationName"], alarm["status"]) == (plant.code, plant.name, 1)
    assert (
        world.alarms(levels="2,3") == world.alarms(devTypes="1") == world.alarms(beginTime=alarm["raiseTime"] + 1) == []
    )
    assert world.alarms(levels="1", devTypes="46") == [alarm]
    assert world.alarms(stationCodes="", sns=optimizer.serial_number) == [alarm]
    assert world.plant_values()[plant.code]["real_health_state"] == "2"
    world.fleet.clear_alarms(optimizer.id, DEVICE_FAULT)
    assert len(world.alarms()) == 1
    world.fleet.clear_alarms(optimizer.id)
    assert world.alarms() == []
    storage = next(device.id for device in plant.devices if device.type_id == 41)
    with pytest.raises(ValueError, match="raises no alarms"):
        world.fleet.raise_alarm(storage, DEVICE_FAULT, world.now)


def test_alarms_of_the_future_are_not_active_yet() -> None:
    world = noon()
    world.fleet.raise_alarm(next(iter(world.fleet.devices)), DEVICE_FAULT, world.now + 60)
    assert world.alarms() == []


def test_alarms_come_and_go_by_themselves() -> None:
    world = World(FleetPlan(plants=1, devices=dict.fromkeys(ALARMED | {41}, 1), alarm_share=1)).logged_in()
    seen: set[int] = set()
    numbers = []
    for hour in range(0, 240, 3):
        world.now += 3 * 3600
        active = world.alarms()
        assert all(0 < alarm["raiseTime"] <= world.now * 1000 for alarm in active), hour
        seen |= {alarm["devTypeId"] for alarm in active}
        numbers.append(len(active))
    assert seen == set(ALARMED)
    assert min(numbers) < max(numbers)


def test_a_large_fleet_is_made_and_asked_quickly() -> None:
    world = World(FleetPlan(plants=200, devices={1: 20})).logged_in()
    assert world.fleet.device_counts[1] == 4000
    codes = ",".join(list(world.fleet.plants)[:100])
    assert len(world.data("getStationRealKpi", stationCodes=codes)) == 100
    assert len(world.data("getDevRealKpi", devIds=",".join(list(world.fleet.devices)[:100]), devTypeId=1)) == 100
