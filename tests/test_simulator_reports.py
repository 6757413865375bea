"""Reports of plants and devices: five equations, sums and registers to the last digit, periods of local calendars."""

import csv
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from test_simulator_support import USER, World

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.interfaces import Holdings, Interface
from fusionsolar_exporter.simulator.plan import PLANT_KINDS, FleetPlan
from fusionsolar_exporter.simulator.quotas import Quotas
from fusionsolar_exporter.simulator.site import Place

KPIS = Path(__file__).parent / "data" / "kpis_periodic.tsv"
PLANT_INTERFACES = ("getKpiStationHour", "getKpiStationDay", "getKpiStationMonth", "getKpiStationYear")
DEVICE_INTERFACES = ("getDevKpiDay", "getDevKpiMonth", "getDevKpiYear")
TYPES = {1: 2, 38: 2, 39: 2, 41: 2, 47: 1, 17: 1, 10: 1}
MADRID = Place(40.42, -3.70, 1, "Europe/Madrid")
AUCKLAND, LISBON, HONOLULU = (
    Place(-36.85, 174.76, 12, "Pacific/Auckland"),
    Place(38.72, -9.14, 0, "Europe/Lisbon"),
    Place(21.31, -157.86, -10, "Pacific/Honolulu"),
)
CENT = 0.005
PER_DEVICE = 0.01
"""How far rounding of its registers can take a device's part of a sum."""


def moment(text: str, zone: str = "Europe/Madrid") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def world_at(text: str, *, quirks: bool = False, **plan: Any) -> World:
    now = moment(text)
    fleet = FleetPlan(**{"plants": 1, "devices": TYPES, "places": (MADRID,), "start": now, "quirks": quirks, **plan})
    return World(fleet, Rules(quirks=quirks), now=now).logged_in()


def rows(world: World, interface: str, at: float | None = None) -> list[dict[str, Any]]:
    asked = {"stationCodes": world.codes(), "collectTime": int((world.now if at is None else at) * 1000)}
    answer: list[dict[str, Any]] = world.data(interface, **asked)
    return answer


def by_time(world: World, interface: str, at: float | None = None) -> dict[float, dict[str, Any]]:
    return {row["collectTime"] / 1000: row["dataItemMap"] for row in rows(world, interface, at)}


def device_rows(world: World, interface: str, type_id: int) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = world.data(
        interface, devIds=world.ids(type_id), devTypeId=type_id, collectTime=int(world.now * 1000)
    )
    return answer


def documented() -> dict[tuple[str, str], set[str]]:
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    with KPIS.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            keys[row["interface"], row["device_type_id"]].add(row["key"])
    return keys


@pytest.mark.parametrize("interface", PLANT_INTERFACES)
def test_every_documented_key_of_plants_and_no_other(interface: str) -> None:
    for row in rows(world_at("2025-06-15T12:30"), interface):
        assert row.keys() == {"stationCode", "collectTime", "dataItemMap"}
        assert row["dataItemMap"].keys() == documented()[interface, ""]
        assert all(isinstance(value, int | float) for value in row["dataItemMap"].values())


@pytest.mark.parametrize("type_id", [1, 38, 39, 41])
@pytest.mark.parametrize("interface", DEVICE_INTERFACES)
def test_every_documented_key_of_devices_and_no_other(interface: str, type_id: int) -> None:
    answer = device_rows(world_at("2025-06-15T12:30"), interface, type_id)
    assert len({row["devId"] for row in answer}) == TYPES[type_id]
    for row in answer:
        assert row["dataItemMap"].keys() == documented()[interface, str(type_id)]


def test_a_plant_without_a_sensor_has_no_irradiation() -> None:
    values = by_time(world_at("2025-06-15T12:30", devices={38: 1}), "getKpiStationDay")
    assert {(day["radiation_intensity"], day["theory_power"], day["performance_ratio"]) for day in values.values()} == {
        (None, None, None)
    }
    real = by_time(world_at("2025-06-15T12:30", devices={38: 1}, quirks=True), "getKpiStationDay")
    assert not any({"radiation_intensity", "theory_power", "performance_ratio"} & day.keys() for day in real.values())


@pytest.mark.parametrize("kind", PLANT_KINDS.values(), ids=PLANT_KINDS)
@pytest.mark.parametrize("interface", PLANT_INTERFACES)
def test_the_five_equations_hold_to_the_last_digit(interface: str, kind: Any) -> None:
    world = world_at("2025-12-15T12:30", quirks=True, kinds=(kind,))
    answer = rows(world, interface)
    assert answer
    for row in answer:
        value = row["dataItemMap"]
        assert value["inverterYield"] == round(value["PVYield"] - value["chargeCap"] + value["dischargeCap"], 2)
        assert value["inverter_power"] == value["PVYield"] > -PER_DEVICE * 4
        assert value["selfUsePower"] == round(value["PVYield"] - value["ongrid_power"], 2)
        if "use_power" in value:
            used = value["use_power"]
            assert used == round(value["inverterYield"] - value["ongrid_power"] + value["buyPower"], 2) >= 0
            assert value["selfProvide"] == round(used - value["buyPower"], 2)


@pytest.mark.parametrize("kind", PLANT_KINDS.values(), ids=PLANT_KINDS)
def test_hours_add_up_to_days_days_to_months_and_months_to_years(kind: Any) -> None:
    world = world_at("2025-12-31T23:59", quirks=True, kinds=(kind,), start=moment("2024-03-01T00:00"))
    hours, days, months, years = (by_time(world, interface) for interface in PLANT_INTERFACES)
    today, month, year = moment("2025-12-31T00:00"), moment("2025-12-01T00:00"), moment("2025-01-01T00:00")
    assert (len(hours), len(days), len(months)) == (24, 31, 12)
    for key in ("PVYield", "inverterYield", "ongrid_power", "buyPower", "chargeCap", "dischargeCap"):
        assert sum(hour[key] for hour in hours.values()) == pytest.approx(days[today][key], abs=CENT)
        assert sum(day[key] for day in days.values()) == pytest.approx(months[month][key], abs=CENT)
        assert sum(part[key] for part in months.values()) == pytest.approx(years[year][key], abs=CENT)


def test_reports_agree_with_real_time_to_the_last_digit() -> None:
    world = world_at("2025-06-15T21:17", quirks=True, devices={38: 2, 39: 2, 47: 1})
    (plant,) = world.plant_values().values()
    day = by_time(world, "getKpiStationDay")[moment("2025-06-15T00:00")]
    month = by_time(world, "getKpiStationMonth")[moment("2025-06-01T00:00")]
    years = by_time(world, "getKpiStationYear").values()
    assert (day["inverterYield"], month["inverterYield"]) == (plant["day_power"], plant["month_power"])
    assert sum(year["inverterYield"] for year in years) == pytest.approx(plant["total_power"], abs=CENT)
    assert (day["ongrid_power"], day["use_power"]) == (plant["day_on_grid_energy"], plant["day_use_energy"])
    assert day["power_profit"] == plant.get("day_income", 0)
    reported = {
        str(row["devId"]): row["dataItemMap"]
        for type_id in (38, 39)
        for row in device_rows(world, "getDevKpiDay", type_id)
        if row["collectTime"] == moment("2025-06-15T00:00") * 1000
    }
    for device, values in (world.device_values(38) | world.device_values(39)).items():
        if "day_cap" in values:
            assert reported[device]["product_power"] == values["day_cap"]
        else:
            assert reported[device]["charge_cap"] == values["charge_cap"]
            assert reported[device]["discharge_cap"] == values["discharge_cap"]
    assert 0 < reported[world.ids(39).split(",")[0]]["charge_time"] < 24


def test_an_answer_holds_the_periods_that_have_begun_and_no_others() -> None:
    world = world_at("2025-06-15T12:30")
    assert list(by_time(world, "getKpiStationHour")) == [moment(f"2025-06-15T{hour:02}:00") for hour in range(13)]
    assert len(by_time(world, "getKpiStationHour", moment("2025-06-14T23:59"))) == 24
    assert list(by_time(world, "getKpiStationDay")) == [moment(f"2025-06-{day:02}T00:00") for day in range(1, 16)]
    assert list(by_time(world, "getKpiStationMonth")) == [moment(f"2025-{month:02}-01T00:00") for month in range(1, 7)]
    assert by_time(world, "getKpiStationDay", moment("2025-07-01T00:00")) == {}
    (plant,) = world.fleet.plants.values()
    since = datetime.fromtimestamp(plant.connected_at, UTC).year
    expected = [moment(f"{year}-01-01T00:00") for year in range(since, 2026)]
    assert list(by_time(world, "getKpiStationYear")) == expected == list(by_time(world, "getKpiStationYear", 0.0))
    before = plant.connected_at - 90 * 86400
    assert {interface: by_time(world, interface, before) for interface in PLANT_INTERFACES[:2]} == {
        "getKpiStationHour": {},
        "getKpiStationDay": {},
    }


@pytest.mark.parametrize(
    ("day", "hours", "two"), [("2025-03-30", 23, None), ("2025-10-26", 24, 2.0), ("2025-10-27", 24, 1.0)]
)
def test_the_days_on_which_the_clocks_change(day: str, hours: int, two: float | None) -> None:
    world = world_at("2025-10-30T12:00", devices={39: 1, 38: 1, 47: 1}, quirks=True)
    answer = by_time(world, "getKpiStationHour", moment(f"{day}T12:00"))
    assert len(answer) == hours
    days = by_time(world, "getKpiStationDay", moment(f"{day}T12:00"))
    total = sum(hour["buyPower"] for hour in answer.values())
    assert total == pytest.approx(days[moment(f"{day}T00:00")]["buyPower"], abs=CENT)
    starts = sorted(answer)
    if two is not None:
        second = starts.index(moment(f"{day}T02:00"))
        assert starts[second + 1] - starts[second] == two * 3600


@pytest.mark.parametrize("place", [AUCKLAND, LISBON, HONOLULU], ids=str)
def test_the_first_of_january_begins_in_each_zone_of_one_account(place: Place) -> None:
    assert place.zone is not None
    midnight = moment("2026-01-01T00:00", place.zone)
    plan = FleetPlan(plants=3, places=(AUCKLAND, LISBON, HONOLULU), devices={38: 1}, start=midnight)
    for seconds, expected in ((-60, "2025-12-31"), (300, "2026-01-01")):
        world = World(plan, now=midnight + seconds).logged_in()
        plant = next(plant for plant in world.fleet.plants.values() if plant.site.place == place)
        own = [row for row in rows(world, "getKpiStationDay") if row["stationCode"] == plant.code]
        newest = max(row["collectTime"] for row in own) / 1000
        assert datetime.fromtimestamp(newest, ZoneInfo(place.zone)).isoformat()[:19] == f"{expected}T00:00:00"


def test_a_day_is_revised_on_the_next_morning() -> None:
    world = world_at("2025-06-15T23:59", quirks=True, devices={38: 1, 39: 1, 47: 1})
    yesterday = moment("2025-06-15T00:00")
    world.now = moment("2025-06-16T00:30")
    early = by_time(world, "getKpiStationDay")[yesterday]
    world.now = moment("2025-06-16T06:30")
    late = by_time(world, "getKpiStationDay")[yesterday]
    assert early["use_power"] < late["use_power"]
    assert late == by_time(world, "getKpiStationDay")[yesterday]
    hours = by_time(world, "getKpiStationHour", yesterday)
    assert sum(hour["buyPower"] for hour in hours.values()) == pytest.approx(late["buyPower"], abs=CENT)
    strict = world_at("2025-06-16T00:30", devices={38: 1, 39: 1, 47: 1})
    first = by_time(strict, "getKpiStationDay")[yesterday]
    strict.now = moment("2025-06-16T06:30")
    assert by_time(strict, "getKpiStationDay")[yesterday] == first


def test_rows_of_real_servers_come_in_any_order() -> None:
    times = [row["collectTime"] for row in rows(world_at("2025-06-30T12:30", quirks=True), "getKpiStationDay")]
    assert times != sorted(times)
    assert len(times) == 30


@pytest.mark.parametrize("interface", PLANT_INTERFACES)
@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"collectTime": 1}, 20010),
        ({"stationCodes": "NE=1", "collectTime": 1}, 20007),
        ({"stationCodes": ",".join(f"NE={n}" for n in range(101)), "collectTime": 1}, 20014),
        ({"stationCodes": "own"}, 20012),
        ({"stationCodes": "own", "collectTime": -1}, 20605),
        ({"stationCodes": "own", "collectTime": "x"}, 30030),
    ],
)
def test_what_is_wrong_with_a_question_about_plants(interface: str, parameters: dict[str, Any], code: int) -> None:
    world = world_at("2025-06-15T12:30")
    if parameters.get("stationCodes") == "own":
        parameters = parameters | {"stationCodes": world.codes()}
    assert world.code(interface, **parameters) == code


@pytest.mark.parametrize("interface", DEVICE_INTERFACES)
def test_what_is_wrong_with_a_question_about_devices(interface: str) -> None:
    world = world_at("2025-06-15T12:30")
    time = {"collectTime": int(world.now * 1000)}
    assert world.code(interface, devIds=world.ids(38), devTypeId=1, **time) == 20006
    assert world.code(interface, devIds=world.ids(47), devTypeId=47, **time) == 20013
    assert world.code(interface, devIds=world.ids(38), devTypeId=38) == 20012
    assert world.code(interface, devTypeId=38, **time) == 20011
    assert world.code(interface, devIds="1", devTypeId=38, **time) == 20008
    numbers = ",".join(device.serial_number for device in world.fleet.devices.values() if device.type_id == 38)
    assert len({row["sn"] for row in world.data(interface, sns=numbers, devTypeId=38, **time)}) == 2


@pytest.mark.parametrize(
    ("interface", "plants", "devices", "calls"),
    [
        *((interface, 20, {}, 25) for interface in PLANT_INTERFACES),
        *((interface, 120, {}, 26) for interface in PLANT_INTERFACES),
        *((interface, 1, {1: 20, 39: 20, 47: 300}, 26) for interface in DEVICE_INTERFACES),
        *((interface, 1, {1: 120, 41: 120}, 28) for interface in DEVICE_INTERFACES),
    ],
)
def test_quota_of_a_day(interface: str, plants: int, devices: dict[int, int], calls: int) -> None:
    quotas, held = Quotas(), Holdings(plants, devices)
    times = [1.75e9 + call * 60 for call in range(calls)]
    assert all(quotas.admit(USER, Interface(interface), at, held) is None for at in times)
    assert quotas.admit(USER, Interface(interface), times[-1] + 59, held) is not None
    fresh = Quotas()
    assert [fresh.admit(USER, Interface(interface), at, held) for at in times] == [None] * calls
    assert fresh.admit(USER, Interface(interface), times[-1] + 60, held) is not None
    day = timedelta(days=1).total_seconds()
    assert fresh.admit(USER, Interface(interface), times[1] + day, held) is None
