"""The metrics of devices beside the table of KPIs."""

import pytest
from metrics_support import CORRECTION, PLANT, Exporter, Series, device_labels, named, series, snapshot, view

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.device_types import DEVICE_TYPES
from fusionsolar_exporter.northbound.model import Device

NAMES = {
    1: "string_inverter",
    2: "smartlogger",
    8: "sts",
    10: "emi",
    13: "protocol_converter",
    16: "general_device",
    17: "grid_meter",
    22: "pid",
    37: "pinnet_data_logger",
    38: "residential_inverter",
    39: "battery",
    40: "backup_box",
    41: "ess",
    45: "plc",
    46: "optimizer",
    47: "power_sensor",
    62: "dongle",
    63: "distributed_smartlogger",
    70: "safety_box",
    23032: "battery_pack",
    23070: "emma",
    23071: "smart_guard",
    23072: "third_party_device",
    23093: "pv_storage",
    60001: "mains",
    60003: "genset",
    60010: "ac_output",
    60014: "lithium_battery",
    60043: "solar_group",
    60044: "solar_unit",
    60092: "power_converter",
}


def scrape_one(
    device: Device, values: dict[str, float], scale_overrides: dict[tuple[int, str], float] | None = None
) -> dict[Series, float]:
    content = snapshot(devices=[device], device_values={device.id: values})
    return Exporter([view(content, scale_overrides=scale_overrides)]).scrape()


def device(type_id: int) -> Device:
    return Device("-214543629611879", "Thing", PLANT.code, type_id)


def test_info() -> None:
    thing = Device("7", "Inverter", PLANT.code, 1, "SN1", "SUN2000-17KTL", "V100R001PC666")
    found = Exporter([view(snapshot(devices=[thing]))]).scrape()

    info = {"serial_number": "SN1", "model": "SUN2000-17KTL", "software_version": "V100R001PC666"}
    labels = device_labels(thing, "string_inverter") | info | {"device_type_id": "1"}
    assert named(found, "fusionsolar_device_info") == {series("", labels)[1]: 1}


def test_info_is_empty_where_the_list_says_nothing() -> None:
    found = Exporter([view(snapshot(devices=[device(70001)]))]).scrape()

    (labels,) = named(found, "fusionsolar_device_info")
    unknown = {"serial_number": "", "model": "", "software_version": "", "device_type_id": "70001"}
    assert dict(labels) == device_labels(device(70001), "type_70001") | unknown


def test_info_needs_a_fresh_list() -> None:
    assert not named(Exporter([view(snapshot(devices=[device(1)], listed=False))]).scrape(), "fusionsolar_device_info")


@pytest.mark.parametrize(("type_id", "name"), NAMES.items())
def test_type_names(type_id: int, name: str) -> None:
    (labels,) = named(Exporter([view(snapshot(devices=[device(type_id)]))]).scrape(), "fusionsolar_device_info")

    assert dict(labels)["device_type"] == name


def test_every_type_has_its_name() -> None:
    assert dict(DEVICE_TYPES) == NAMES


@pytest.mark.parametrize("type_id", [1, 38])
@pytest.mark.parametrize(
    ("value", "code", "description"),
    [
        (512.0, "512", "Grid-connected"),
        (0.0, "0", "Standby: initializing"),
        (1025.0, "1025", "Grid scheduling: cosφ-P curve"),
        (49152.0, "49152", "Loading (written by SmartLogger)"),
        (513.5, "513.5", "unknown"),
        (-1.0, "-1", "unknown"),
    ],
)
def test_inverter_state(type_id: int, value: float, code: str, description: str) -> None:
    found = scrape_one(device(type_id), {"inverter_state": value})

    labels = device_labels(device(type_id), NAMES[type_id])
    state = {"inverter_state": code, "description": description}
    assert named(found, "fusionsolar_device_inverter_state") == {series("", labels, **state)[1]: 1}
    assert found[series("fusionsolar_device_inverter_state_code", labels)] == value


@pytest.mark.parametrize(
    ("key", "label", "code", "description"),
    [
        ("battery_status", "battery_status", 0, "offline"),
        ("battery_status", "battery_status", 1, "standby"),
        ("battery_status", "battery_status", 2, "running"),
        ("battery_status", "battery_status", 3, "faulty"),
        ("battery_status", "battery_status", 4, "hibernating"),
        ("battery_status", "battery_status", 5, "unknown"),
        ("ch_discharge_model", "charge_discharge_mode", 0, "none"),
        ("ch_discharge_model", "charge_discharge_mode", 1, "forced charge/discharge"),
        ("ch_discharge_model", "charge_discharge_mode", 2, "time-of-use price"),
        ("ch_discharge_model", "charge_discharge_mode", 3, "fixed charge/discharge"),
        ("ch_discharge_model", "charge_discharge_mode", 4, "automatic charge/discharge"),
        ("ch_discharge_model", "charge_discharge_mode", 9, "unknown"),
    ],
)
def test_battery_states(key: str, label: str, code: int, description: str) -> None:
    found = scrape_one(device(39), {key: float(code)})

    labels = device_labels(device(39), "battery")
    state = {label: str(code), "description": description}
    assert named(found, f"fusionsolar_device_{label}") == {series("", labels, **state)[1]: 1}
    assert found[series(f"fusionsolar_device_{label}_code", labels)] == code


def test_a_state_of_another_type_is_only_a_number() -> None:
    found = scrape_one(device(41), {"inverter_state": 512, "battery_status": 2})

    assert not named(found, "fusionsolar_device_inverter_state")
    assert not named(found, "fusionsolar_device_battery_status")
    labels = device_labels(device(41), "ess")
    assert found[series("fusionsolar_device_kpi", labels, key="battery_status")] == 2


def test_a_key_of_another_type_is_unknown() -> None:
    found = scrape_one(device(38), {"mppt_total_cap": 3.5, "temperature": 21})

    labels = device_labels(device(38), "residential_inverter")
    assert found[series("fusionsolar_device_kpi", labels, key="mppt_total_cap")] == 3.5
    assert found[series("fusionsolar_device_internal_temperature_celsius", labels)] == 21


def test_every_key_of_an_undocumented_type_is_unknown() -> None:
    found = scrape_one(device(70070), {"active_power": 3.5, "pv1_u": 600, "inverter_state": 512})

    kpis = named(found, "fusionsolar_device_kpi")
    labels = device_labels(device(70070), "type_70070")
    assert kpis == {
        series("", labels, key="active_power")[1]: 3.5,
        series("", labels, key="pv1_u")[1]: 600,
        series("", labels, key="inverter_state")[1]: 512,
    }
    assert {name for name, _ in found if name.startswith("fusionsolar_device")} == {
        "fusionsolar_device_kpi",
        "fusionsolar_device_info",
    }


@pytest.mark.parametrize(("scale", "expected"), [(1.0, 57), (0.001, 0.057), (-1000.0, -57000), (0.3, 57 * 0.3)])
def test_a_configured_factor_takes_the_place_of_the_table(scale: float, expected: float) -> None:
    found = scrape_one(device(17), {"active_power": 57.0, "reactive_power": 1.0}, {(17, "active_power"): scale})

    labels = device_labels(device(17), "grid_meter")
    assert found[series("fusionsolar_device_active_power_watts", labels)] == expected
    assert found[series("fusionsolar_device_reactive_power_vars", labels)] == 1000


def test_a_configured_factor_is_for_its_type_only() -> None:
    found = scrape_one(device(47), {"active_power": 57.0}, {(17, "active_power"): 5})

    assert list(named(found, "fusionsolar_device_active_power_watts").values()) == [57]


def test_a_configured_factor_for_a_key_that_no_table_knows() -> None:
    found = scrape_one(device(70070), {"active_power": 3.5}, {(70070, "active_power"): 1000})

    assert list(named(found, "fusionsolar_device_kpi").values()) == [3500]


def test_a_percentage_becomes_its_ratio_without_crumbs() -> None:
    found = scrape_one(device(39), {"battery_soc": 57.0})

    assert list(named(found, "fusionsolar_device_state_of_charge_ratio").values()) == [0.57]


def test_a_value_that_overflows_has_no_sample() -> None:
    found = scrape_one(device(1), {"active_power": 1.7e308, "temperature": 20})

    assert not named(found, "fusionsolar_device_active_power_watts")
    assert list(named(found, "fusionsolar_device_internal_temperature_celsius").values()) == [20]


def test_a_reading_without_a_device_or_a_plant_is_not_exported() -> None:
    stray = Device("5", "Stray", "NE=9", 1)
    content = snapshot(devices=[stray], device_values={"5": {"temperature": 20}, "6": {"temperature": 20}})
    found = Exporter([view(content)]).scrape()

    assert not {name for name, _ in found if name.startswith("fusionsolar_device")}


def test_last_success_is_on_the_wall_clock_and_outlives_the_data() -> None:
    thing = device(1)
    content = Snapshot(
        plants={PLANT.code: PLANT},
        devices={thing.id: thing},
        device_fetched_at={thing.id: 1000.25, "gone": 5.0},
    )
    found = named(Exporter([view(content)]).scrape(), "fusionsolar_device_last_success_timestamp_seconds")

    assert found == {series("", device_labels(thing, "string_inverter"))[1]: 1000.25 + CORRECTION}


def test_a_rename_moves_the_series() -> None:
    exporter = Exporter([view(snapshot(devices=[device(1)], device_values={device(1).id: {"temperature": 1}}))])
    exporter.scrape()
    renamed = Device(device(1).id, "New name", PLANT.code, 1)
    exporter.views = [view(snapshot(devices=[renamed], device_values={renamed.id: {"temperature": 1}}))]

    found = named(exporter.scrape(), "fusionsolar_device_internal_temperature_celsius")

    assert set(found) == {series("", device_labels(renamed, "string_inverter"))[1]}
