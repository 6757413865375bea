"""The metrics of plants beside the table of KPIs."""

import math

import pytest
from metrics_support import (
    CORRECTION,
    PLANT,
    PLANT_LABELS,
    Exporter,
    named,
    series,
    snapshot,
    view,
)

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.northbound.model import Device, Plant, Reading
from fusionsolar_exporter.status import CollectorName

POWER = series("fusionsolar_plant_active_power_watts", PLANT_LABELS)
STRING = Device("1", "A", PLANT.code, 1)
RESIDENTIAL = Device("2", "B", PLANT.code, 38)


def test_list_data() -> None:
    plant = Plant("NE=1", "Roof", 40_000.0, 48.5, -11.25, "2022-11-21T16:23:00+08:00", 1_669_018_980.0)
    found = Exporter([view(snapshot(plants=[plant]))]).scrape()

    date = {"grid_connection_date": "2022-11-21T16:23:00+08:00"}
    assert found[series("fusionsolar_plant_info", PLANT_LABELS, **date)] == 1
    assert found[series("fusionsolar_plant_capacity_watts", PLANT_LABELS)] == 40_000
    assert found[series("fusionsolar_plant_latitude_degrees", PLANT_LABELS)] == 48.5
    assert found[series("fusionsolar_plant_longitude_degrees", PLANT_LABELS)] == -11.25
    assert found[series("fusionsolar_plant_grid_connection_timestamp_seconds", PLANT_LABELS)] == 1_669_018_980


def test_what_the_list_does_not_say_has_no_sample() -> None:
    found = Exporter([view(snapshot())]).scrape()

    assert set(found) == {
        series("fusionsolar_plant_info", PLANT_LABELS, grid_connection_date=""),
        series("fusionsolar_cut_series", {"account": "home"}, limit="series_per_account"),
        series("fusionsolar_cut_series", {"account": "home"}, limit="unknown_keys"),
    }


def test_an_expired_list_names_plants_but_gives_no_list_data() -> None:
    content = snapshot(
        plants=[Plant("NE=1", "Roof", 1.0, 2.0, 3.0, "2020", 4.0)],
        devices=[STRING],
        plant_values={"NE=1": {"day_power": 1}},
        listed=False,
    )
    found = Exporter([view(content)]).scrape()

    assert {name for name, _ in found} == {"fusionsolar_plant_day_yield_watthours", "fusionsolar_cut_series"}


def test_values_of_newer_servers() -> None:
    values = {"day_on_grid_energy": 12.5, "day_use_energy": 0.25}
    found = Exporter([view(snapshot(plant_values={PLANT.code: values}))]).scrape()

    assert found[series("fusionsolar_plant_day_feed_in_energy_watthours", PLANT_LABELS)] == 12_500
    assert found[series("fusionsolar_plant_day_consumption_watthours", PLANT_LABELS)] == 250


@pytest.mark.parametrize(
    ("value", "code", "description"),
    [(1.0, "1", "disconnected"), (2.0, "2", "faulty"), (3.0, "3", "healthy"), (4.0, "4", "unknown")],
)
def test_health(value: float, code: str, description: str) -> None:
    found = Exporter([view(snapshot(plant_values={PLANT.code: {"real_health_state": value}}))]).scrape()

    states = named(found, "fusionsolar_plant_health_state")
    assert states == {series("", PLANT_LABELS, health_state=code, description=description)[1]: 1}
    assert found[series("fusionsolar_plant_health_state_code", PLANT_LABELS)] == value


def test_a_key_that_no_table_knows_keeps_its_unit() -> None:
    found = Exporter([view(snapshot(plant_values={PLANT.code: {"selfProvide": 1.5}}))]).scrape()

    assert named(found, "fusionsolar_plant_kpi") == {series("", PLANT_LABELS, key="selfProvide")[1]: 1.5}


def test_a_reading_of_a_plant_without_a_name_is_not_exported() -> None:
    values = {"NE=1": {"day_power": 1, "odd": 1}, "NE=2": {"day_power": 1, "odd": 1}}
    content = snapshot(plant_values=values, alarms={"NE=2": []})
    found = Exporter([view(content)]).scrape()

    assert {dict(labels)["plant_code"] for _, labels in found if "plant_code" in dict(labels)} == {"NE=1"}


@pytest.mark.parametrize(
    ("readings", "watts"),
    [
        ({"1": {"active_power": 1.5}, "2": {"active_power": 2.25, "run_state": 1}}, 3750),
        ({"1": {"active_power": 1.5}, "2": {"active_power": 2.25, "run_state": 0}}, 1500),
        ({"1": {"active_power": 1.5, "run_state": 0}, "2": {"active_power": 2.25}}, 2250),
        ({"1": {"active_power": 1.5}, "2": {"run_state": 0}}, 1500),
        ({"1": {"active_power": 0.0}, "2": {"active_power": 0.0}}, 0),
        ({"1": {"active_power": 1.5}, "2": {"run_state": 1}}, None),
        ({"1": {"active_power": 1.5}, "2": {"temperature": 20}}, None),
        ({"1": {"active_power": 1.5}}, None),
        ({"1": {"run_state": 0}, "2": {"run_state": 0}}, None),
        ({}, None),
    ],
)
def test_active_power_is_the_sum_over_connected_inverters(
    readings: dict[str, dict[str, float]], watts: float | None
) -> None:
    found = Exporter([view(snapshot(devices=[STRING, RESIDENTIAL], device_values=readings))]).scrape()

    assert found.get(POWER) == watts


def test_active_power_counts_inverters_only() -> None:
    devices = [STRING, Device("3", "Meter", PLANT.code, 17), Device("4", "Odd", PLANT.code, 70070)]
    values: dict[str, dict[str, float]] = {"1": {"active_power": 2}, "3": {"active_power": 5}}
    found = Exporter([view(snapshot(devices=devices, device_values=values))]).scrape()

    assert found[POWER] == 2000


def test_active_power_follows_a_corrected_unit() -> None:
    content = snapshot(
        devices=[STRING, RESIDENTIAL], device_values={"1": {"active_power": 2000}, "2": {"active_power": 1}}
    )
    found = Exporter([view(content, scale_overrides={(1, "active_power"): 1.0})]).scrape()

    assert found[POWER] == 3000


def test_active_power_that_overflows_hides_only_itself() -> None:
    other = Device("2", "B", "NE=2", 1)
    content = snapshot(
        plants=[PLANT, Plant("NE=2", "Barn")],
        devices=[STRING, Device("3", "C", PLANT.code, 1), other],
        device_values={
            "1": {"active_power": 1e308},
            "3": {"active_power": -1e308},
            "2": {"active_power": 1},
        },
    )
    found = Exporter([view(content)]).scrape()

    assert list(named(found, "fusionsolar_plant_active_power_watts").values()) == [1000]
    assert all(math.isfinite(value) for value in found.values())


def test_a_plant_without_a_name_has_no_active_power() -> None:
    content = snapshot(devices=[Device("1", "A", "NE=9", 1)], device_values={"1": {"active_power": 1}})

    assert not named(Exporter([view(content)]).scrape(), "fusionsolar_plant_active_power_watts")


def test_devices_are_counted_by_type_where_the_list_is_fresh() -> None:
    devices = [
        STRING,
        Device("3", "C", PLANT.code, 1),
        Device("4", "D", PLANT.code, 70001),
        Device("5", "E", PLANT.code, 39),
        Device("6", "F", "NE=9", 39),
    ]
    content = snapshot(devices=devices)
    stale = Snapshot(plants=content.plants, devices=content.devices, listed_devices=frozenset({"1", "4", "6", "7"}))

    counts = named(Exporter([view(content)]).scrape(), "fusionsolar_plant_devices")
    stale_counts = named(Exporter([view(stale)]).scrape(), "fusionsolar_plant_devices")

    def of(device_type: str) -> frozenset[tuple[str, str]]:
        return series("", PLANT_LABELS, device_type=device_type)[1]

    assert counts == {of("string_inverter"): 2, of("type_70001"): 1, of("battery"): 1}
    assert stale_counts == {of("string_inverter"): 1, of("type_70001"): 1}


def test_inverters_are_counted_by_state() -> None:
    devices = [STRING, RESIDENTIAL, Device("3", "C", PLANT.code, 1), Device("4", "D", PLANT.code, 1)]
    values = {
        "1": {"inverter_state": 512.0},
        "2": {"inverter_state": 512.0},
        "3": {"inverter_state": 512.0},
        "4": {"inverter_state": 9999.0},
    }
    content = snapshot(devices=devices, device_values=values)

    counts = named(Exporter([view(content)]).scrape(), "fusionsolar_plant_inverters")

    def of(device_type: str, state: str, description: str) -> frozenset[tuple[str, str]]:
        labels = {"device_type": device_type, "inverter_state": state, "description": description}
        return series("", PLANT_LABELS, **labels)[1]

    assert counts == {
        of("string_inverter", "512", "Grid-connected"): 2,
        of("residential_inverter", "512", "Grid-connected"): 1,
        of("string_inverter", "9999", "unknown"): 1,
    }


def test_last_success_is_on_the_wall_clock_and_outlives_the_data() -> None:
    content = Snapshot(
        plants={PLANT.code: PLANT},
        plant_fetched_at={
            CollectorName.PLANT_REALTIME: {PLANT.code: 1000.0, "NE=gone": 5.0},
            CollectorName.ALARMS: {PLANT.code: 2000.5},
        },
    )
    found = named(Exporter([view(content)]).scrape(), "fusionsolar_plant_last_success_timestamp_seconds")

    assert found == {
        series("", PLANT_LABELS, collector="plant_realtime")[1]: 1000 + CORRECTION,
        series("", PLANT_LABELS, collector="alarms")[1]: 2000.5 + CORRECTION,
    }


def test_accounts_with_the_same_plant_keep_apart() -> None:
    content = snapshot(plant_values={PLANT.code: {"day_power": 1}})
    found = Exporter([view(content), view(content, name="work")]).scrape()

    accounts = [dict(labels)["account"] for labels in named(found, "fusionsolar_plant_day_yield_watthours")]
    assert sorted(accounts) == ["home", "work"]


def test_names_are_labels_as_they_come() -> None:
    plant = Plant("NE=1", ' a\t"b"\\n\n\r{},\x00é\U0001f600\ud800.', grid_connection_date="\udfff")
    found = Exporter([view(snapshot(plants=[plant]))]).scrape()

    name = ' a\t"b"\\n\n\r{},\x00é\U0001f600\ufffd.'
    labels = {**PLANT_LABELS, "plant": name, "grid_connection_date": "\ufffd"}
    assert series("fusionsolar_plant_info", labels) in found


def test_codes_that_differ_in_surrogates_only_never_give_one_series_twice() -> None:
    plants = [Plant("\ud800", "A"), Plant("\ud801", "B")]
    devices = [Device("\udc00", "C", "\ud800", 1), Device("\udc01", "D", "\ud800", 1)]
    keys = ["\udc02", "\udc03"]
    content = Snapshot(
        plants={plant.code: plant for plant in plants},
        devices={device.id: device for device in devices},
        plant_readings={plant.code: Reading(plant.code, dict.fromkeys(keys, 1)) for plant in plants},
        device_readings={device.id: Reading(device.id, {keys[0]: 1, "temperature": 2}) for device in devices},
    )
    found = Exporter([view(content)]).scrape()

    assert list(named(found, "fusionsolar_plant_kpi").values()) == [1]
    assert list(named(found, "fusionsolar_device_kpi").values()) == [1]
    assert list(named(found, "fusionsolar_device_internal_temperature_celsius").values()) == [2]
