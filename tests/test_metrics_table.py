"""Every row of the table of KPIs, against an independent copy of it."""

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import pytest
from metrics_support import PLANT, PLANT_LABELS, Exporter, device_labels, families, named, series, snapshot, view

from fusionsolar_exporter.metrics.families import FAMILIES
from fusionsolar_exporter.metrics.kpis import KPIS, Kpi
from fusionsolar_exporter.northbound.model import Device

Row = Mapping[str, str]

with (Path(__file__).parent / "data" / "metrics_realtime.tsv").open(encoding="utf-8") as file:
    REFERENCE: list[Row] = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
with (Path(__file__).parent / "data" / "metrics_emma.tsv").open(encoding="utf-8") as file:
    EMMA: list[Row] = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
ROWS = REFERENCE + EMMA

DEVICE_TYPES = {
    1: "string_inverter",
    10: "emi",
    17: "grid_meter",
    38: "residential_inverter",
    39: "battery",
    41: "ess",
    47: "power_sensor",
    23070: "emma",
}
# what a unit of the interface is in bare units: the metric's ending, and the factor
BARE = {
    "kW": ("watts", 1000.0),
    "W": ("watts", 1.0),
    "kvar": ("vars", 1000.0),
    "var": ("vars", 1.0),
    "kVA": ("voltamperes", 1000.0),
    "kWh": ("watthours", 1000.0),
    "kvarh": ("varhours", 1000.0),
    "V": ("volts", 1.0),
    "A": ("amperes", 1.0),
    "Hz": ("hertz", 1.0),
    "%": ("ratio", 0.01),
    "°C": ("celsius", 1.0),
    "ms": ("seconds", 0.001),
    "m/s": ("meters per second", 1.0),
    "°": ("degrees", 1.0),
    "W/m²": ("watts per square meter", 1.0),
    "MJ/m²": ("watthours per square meter", 1e6 / 3600),
    "currency of the management system": ("currency", 1.0),
    "": ("", 1.0),
}
VALUE = 57.0


def row_id(row: Row) -> str:
    return f"{row['device_type_id'] or 'plant'}-{row['key']}"


def extra_labels(row: Row) -> dict[str, str]:
    if not row["extra_label"]:
        return {}
    name, _, value = row["extra_label"].partition("=")
    return {name: value.strip('"')}


def exporter(row: Row) -> tuple[Exporter, dict[str, str]]:
    """An exporter that has one value of the row, and the labels of the sample that it must give."""
    if not row["device_type_id"]:
        return Exporter([view(snapshot(plant_values={PLANT.code: {row["key"]: VALUE}}))]), PLANT_LABELS
    device = Device("-1", "Thing", PLANT.code, int(row["device_type_id"]))
    content = snapshot(devices=[device], device_values={device.id: {row["key"]: VALUE}})
    return Exporter([view(content)]), device_labels(device, DEVICE_TYPES[device.type_id])


def test_the_copy_is_whole() -> None:
    assert len([row for row in ROWS if row["interface"] == "getStationRealKpi"]) == 6
    assert len([row for row in REFERENCE if row["interface"] == "getDevRealKpi"]) == 239
    assert len(EMMA) == 21


@pytest.mark.parametrize("row", ROWS, ids=row_id)
def test_row_gives_its_sample_in_both_formats(row: Row) -> None:
    collector, labels = exporter(row)

    found = collector.scrape()

    factor = float(row["scale"])
    expected = VALUE * factor if factor >= 1 else VALUE / round(1 / factor)
    assert named(found, row["metric"]) == {series("", labels, **extra_labels(row))[1]: expected}
    assert not named(found, "fusionsolar_device_kpi")
    assert not named(found, "fusionsolar_plant_kpi")


@pytest.mark.parametrize("row", ROWS, ids=row_id)
def test_help_names_interface_key_and_type(row: Row) -> None:
    collector, _ = exporter(row)

    (metric,) = (family for family in families(collector.collector) if family.name == row["metric"])

    assert metric.type == "gauge"
    assert row["interface"] in metric.documentation
    pattern = row["key"].replace(extra_labels(row).get("pv", "?"), "N", 1)
    pattern = pattern.replace(extra_labels(row).get("mppt", "?"), "N", 1)
    assert pattern in metric.documentation
    assert DEVICE_TYPES.get(int(row["device_type_id"] or 0), "") in metric.documentation
    assert "Cached" in metric.documentation


@pytest.mark.parametrize("kpi", KPIS, ids=lambda kpi: f"{kpi.device_types}-{kpi.key}")
def test_metric_is_in_bare_units(kpi: Kpi) -> None:
    unit, factor = BARE[kpi.unit]

    assert math.isclose(kpi.factor, factor)
    assert FAMILIES[kpi.metric].unit == unit
    assert unit == "currency" or kpi.metric.endswith(unit.replace(" ", "_"))


@pytest.mark.parametrize("row", REFERENCE, ids=row_id)
def test_unit_is_the_interfaces_but_where_the_reference_errs(row: Row) -> None:
    if not row["device_type_id"] or extra_labels(row).keys() & {"pv", "mppt"}:
        return
    type_id = int(row["device_type_id"])
    (kpi,) = (kpi for kpi in KPIS if kpi.key == row["key"] and type_id in kpi.device_types)
    printed = row["unit_of_the_interface"].replace("Var", "var").replace("None", "").replace("Degree", "°")

    wrong = kpi.metric.endswith("_varhours") or row["key"] == "battery_soh"
    wrong = wrong or (type_id == 47 and row["key"][-2:] in {"_a", "_b", "_c"})
    assert (kpi.unit == printed) is not wrong


def test_nothing_else_is_in_the_table() -> None:
    known = {(row["device_type_id"], row["key"]) for row in REFERENCE}
    newer = {("", "day_on_grid_energy"), ("", "day_use_energy")}
    newer |= {("23070", row["key"]) for row in EMMA}
    patterns = {"pv{n}_u", "pv{n}_i", "mppt_{n}_cap"}
    for kpi in KPIS:
        for type_id in kpi.device_types or ("",):
            assert kpi.key in patterns or (str(type_id), kpi.key) in known | newer
            assert kpi.metric in FAMILIES


@pytest.mark.parametrize("type_id", [1, 38])
@pytest.mark.parametrize(
    ("key", "metric", "labels", "factor"),
    [
        ("pv36_u", "fusionsolar_device_pv_voltage_volts", {"pv": "36"}, 1),
        ("pv101_i", "fusionsolar_device_pv_current_amperes", {"pv": "101"}, 1),
        ("mppt_12_cap", "fusionsolar_device_mppt_total_energy_watthours", {"mppt": "12"}, 1000),
    ],
)
def test_numbered_keys_follow_their_pattern_for_any_number(
    type_id: int, key: str, metric: str, labels: dict[str, str], factor: float
) -> None:
    device = Device("1", "Inverter", PLANT.code, type_id)
    found = Exporter([view(snapshot(devices=[device], device_values={"1": {key: VALUE}}))]).scrape()

    expected = series(metric, device_labels(device, DEVICE_TYPES[type_id]), **labels)
    assert found[expected] == VALUE * factor


@pytest.mark.parametrize(
    "key", ["pv01_u", "pv0_u", "pv_u", "pv1_x", "PV1_u", "pv٣_u", "pv1_u ", "mppt_1_caps", "mppt1_cap"]
)
def test_what_only_resembles_a_numbered_key_is_unknown(key: str) -> None:
    device = Device("1", "Inverter", PLANT.code, 1)
    found = Exporter([view(snapshot(devices=[device], device_values={"1": {key: VALUE}}))]).scrape()

    assert found[series("fusionsolar_device_kpi", device_labels(device, "string_inverter"), key=key)] == VALUE


@pytest.mark.parametrize("type_id", [10, 17, 39, 41, 47, 46])
def test_other_types_have_no_numbered_keys(type_id: int) -> None:
    device = Device("1", "Thing", PLANT.code, type_id)
    found = Exporter([view(snapshot(devices=[device], device_values={"1": {"pv1_u": VALUE}}))]).scrape()

    assert not named(found, "fusionsolar_device_pv_voltage_volts")
    assert len(named(found, "fusionsolar_device_kpi")) == 1


def test_no_two_keys_of_a_type_share_a_series() -> None:
    for type_id in DEVICE_TYPES:
        targets = [(kpi.metric, kpi.label, kpi.label_value) for kpi in KPIS if type_id in kpi.device_types]
        assert len(targets) == len(set(targets))


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("fusionsolar_device_charge_discharge_power_watts", "Of a battery positive while charging"),
        ("fusionsolar_device_charge_discharge_power_watts", "of an ess the sign differs between installations"),
        ("fusionsolar_device_active_power_watts", "power_sensor positive while feeding into the grid"),
        ("fusionsolar_device_active_power_watts", "of a grid_meter and an emma the sign differs"),
        ("fusionsolar_device_active_power_watts", "with a battery on the inverter it holds what the battery gives"),
        ("fusionsolar_plant_active_power_watts", "with a battery on the inverter it holds what the battery gives"),
        ("fusionsolar_device_positive_active_energy_watthours", "a power_sensor counts what is fed into the grid"),
        ("fusionsolar_device_negative_active_energy_watthours", "a power_sensor counts what is drawn from the grid"),
        ("fusionsolar_device_positive_active_energy_watthours", "of a grid_meter it is not known"),
        ("fusionsolar_alarm", "1 transposition signal, 2 exception alarm, 3 protection event"),
        ("fusionsolar_plant_day_income", "The currency is the one that is set in the management system"),
    ],
)
def test_help_tells_what_people_ask(metric: str, words: str) -> None:
    assert words in FAMILIES[metric].help
