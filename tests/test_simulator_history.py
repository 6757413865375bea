"""History of devices, data by serial number, and plants that are created."""

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from test_simulator_support import USER, World

from fusionsolar_exporter.simulator.alarms import DEVICE_FAULT
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.interfaces import Holdings, Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.quotas import Quotas
from fusionsolar_exporter.simulator.site import Place

KPIS = Path(__file__).parent / "data" / "kpis_periodic.tsv"
NOON = 1750000000.0 - 1750000000.0 % 86400 + 86400 + 12 * 3600
TYPES = dict.fromkeys((1, 10, 17, 38, 39, 41, 47), 2)
DAY_MS = 86_400_000
PLACE = (Place(48.0, 0.0, 0),)


def history_world(*, quirks: bool = False, **plan: Any) -> World:
    fleet = FleetPlan(**{"plants": 1, "devices": TYPES, "places": PLACE, "start": NOON, "quirks": quirks, **plan})
    return World(fleet, Rules(quirks=quirks), now=NOON).logged_in()


def span(begin: float, end: float) -> dict[str, int]:
    return {"startTime": int(begin * 1000), "endTime": int(end * 1000)}


def points(world: World, type_id: int, begin: float, end: float) -> dict[tuple[str, float], dict[str, Any]]:
    answer = world.data("getDevHistoryKpi", devIds=world.ids(type_id), devTypeId=type_id, **span(begin, end))
    return {(str(row["devId"]), row["collectTime"] / 1000): row["dataItemMap"] for row in answer}


def documented(interface: str) -> dict[int, set[str]]:
    keys: dict[int, set[str]] = defaultdict(set)
    with KPIS.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            if row["interface"] == interface:
                keys[int(row["device_type_id"])].add(row["key"])
    return keys


@pytest.mark.parametrize("type_id", TYPES)
@pytest.mark.parametrize("quirks", [False, True])
def test_history_is_what_real_time_said_to_the_last_digit(type_id: int, *, quirks: bool) -> None:
    world = history_world(quirks=quirks)
    said = {}
    for step in range(0, 288, 7):
        world.now = NOON - 86400 + step * 300
        for device, values in world.device_values(type_id).items():
            said[device, world.now] = values
    world.now = NOON
    told = points(world, type_id, NOON - 86400, NOON)
    assert len(told) == 2 * 289
    for key, values in said.items():
        assert told[key].items() <= values.items()
        if not quirks:
            assert told[key].keys() == documented("getDevHistoryKpi")[type_id]


def test_history_remembers_what_state_an_inverter_was_in() -> None:
    world = history_world()
    inverter = world.ids(1).split(",")[0]
    world.fleet.fault(inverter, NOON)
    world.now = NOON + 3600
    world.fleet.repair(inverter, world.now)
    world.now += 3600
    told = points(world, 1, NOON - 300, NOON + 7200)
    states = [told[inverter, NOON + seconds]["inverter_state"] for seconds in (-300, 0, 3300, 3600)]
    assert (states[1], states[2]) == (768, 768)
    assert 768 not in {states[0], states[3]}


def test_five_minutes_are_a_day_of_up_to_a_hundred_devices() -> None:
    world = history_world(devices={38: 12, 47: 1})
    answer = world.data("getDevFiveMinutes", devIds=world.ids(38), devTypeId=38, collectTime=int(NOON * 1000) - DAY_MS)
    assert len(answer) == 12 * 288
    assert {row["collectTime"] for row in answer} == {
        int((NOON - 36 * 3600 + step * 300) * 1000) for step in range(288)
    }
    whole = points(world, 47, NOON - 3600, NOON)
    today = world.data("getDevFiveMinutes", devIds=world.ids(47), devTypeId=47, collectTime=int(NOON * 1000))
    assert len(today) == 145
    for row in today:
        assert row["dataItemMap"].keys() == documented("getDevFiveMinutes")[47]
        known = whole.get((str(row["devId"]), row["collectTime"] / 1000), row["dataItemMap"])
        assert row["dataItemMap"].items() <= known.items()


@pytest.mark.parametrize(
    ("begin", "end", "code"),
    [
        (NOON - 3 * 86400, NOON, 0),
        (NOON - 3 * 86400 - 1, NOON, 20611),
        (NOON - 32 * 86400, NOON, 20027),
        (NOON - 366 * 86400, NOON - 365 * 86400, 20026),
        (NOON, NOON, 20604),
        (-1.0, NOON, 20605),
        (NOON + 60, NOON + 600, 0),
    ],
)
def test_limits_of_time(begin: float, end: float, code: int) -> None:
    world = history_world()
    assert world.code("getDevHistoryKpi", devIds=world.ids(38), devTypeId=38, **span(begin, end)) == code


def test_what_is_wrong_with_a_question_about_history() -> None:
    world = history_world(devices={38: 11, 62: 1})
    time = span(NOON - 3600, NOON)
    assert world.code("getDevHistoryKpi", devIds=world.ids(38), devTypeId=38, **time) == 20018
    few = ",".join(world.ids(38).split(",")[:10])
    assert world.code("getDevHistoryKpi", devIds=few, devTypeId=38, startTime=time["startTime"]) == 20012
    assert world.code("getDevHistoryKpi", devIds=few, devTypeId=1, **time) == 20006
    assert world.code("getDevHistoryKpi", devIds=world.ids(62), devTypeId=62, **time) == 20013
    assert world.code("getDevHistoryKpi", devTypeId=38, **time) == 20011
    assert world.code("getDevFiveMinutes", devTypeId=38, collectTime=1) == 20005
    assert world.code("getDevFiveMinutes", devIds=few, devTypeId=38) == 20012


@pytest.mark.parametrize(("interface", "spacing"), [("getDevHistoryKpi", 60), ("getDevFiveMinutes", 0)])
@pytest.mark.parametrize(("devices", "calls"), [({1: 20, 17: 20}, 28), ({1: 120, 17: 120, 62: 500}, 48)])
def test_quota_of_history(interface: str, spacing: int, devices: dict[int, int], calls: int) -> None:
    quotas, held = Quotas(), Holdings(1, devices)
    asked = [quotas.admit(USER, Interface(interface), 1.75e9 + n * (spacing or 1), held) for n in range(calls + 1)]
    assert asked[:-1] == [None] * calls
    assert asked[-1] is not None


def test_a_server_without_an_interface_says_so() -> None:
    world = history_world()
    world.system.missing = frozenset({Interface.DEVICE_HISTORY})
    assert world.send("getDevHistoryKpi", {}).status == 404
    assert world.code("getDevFiveMinutes", devIds=world.ids(38), devTypeId=38, collectTime=int(NOON * 1000)) == 0


def test_convergence_says_what_real_time_says_in_other_words() -> None:
    world = history_world(devices={1: 2, 38: 1, 2: 1}, alarm_share=0)
    inverter = next(iter(world.fleet.devices.values()))
    numbers = [device.serial_number for device in world.fleet.devices.values() if device.type_id in {1, 38}]
    world.fleet.raise_alarm(inverter.id, DEVICE_FAULT, NOON - 60)
    answer = {item["sn"]: item["kpis"] for item in world.data("cs/getInventerRealKpi", sns=",".join(numbers))}
    assert list(answer) == numbers
    ((kpis,), *others) = answer.values()
    real = world.device_values(1)[inverter.id]
    assert (kpis["activePower"], kpis["eDay"], kpis["eTotal"]) == (
        real["active_power"],
        real["day_cap"],
        real["total_cap"],
    )
    assert (kpis["vac1"], kpis["iac3"], kpis["createTime"]) == (real["a_u"], real["c_i"], NOON)
    assert (kpis["status"], [other[0]["status"] for other in others]) == (0, [1, 1])
    assert (len(kpis["ipvs"]), len(others[-1][0]["vpvs"])) == (24, 8)
    assert kpis["ipvs"][: inverter.strings] == [real[f"pv{n}_i"] for n in range(1, inverter.strings + 1)]
    assert set(kpis["ipvs"][inverter.strings :]) == {None}
    odd = history_world(quirks=True, devices={38: 1})
    (item,) = odd.data("cs/getInventerRealKpi", sns=next(iter(odd.fleet.serial_numbers)))
    assert isinstance(item["kpis"], dict)


def test_convergence_is_asked_once_an_hour_and_for_inverters_alone() -> None:
    world = history_world()
    assert world.code("cs/getInventerRealKpi") == 20011
    assert world.code("cs/getInventerRealKpi", sns="X") == 20008
    sensor = next(device.serial_number for device in world.fleet.devices.values() if device.type_id == 47)
    assert world.code("cs/getInventerRealKpi", sns=sensor) == 20006
    quotas, held = Quotas(), Holdings(1, {})
    assert [quotas.admit(USER, Interface.CONVERGENCE, at, held) is None for at in (0, 3599, 7200)] == [
        True,
        False,
        True,
    ]


NEW_PLANT: dict[str, Any] = {
    "basicConfig": {"stationName": "Fresh Roof", "stationType": 1, "linkman": "linkman", "linkmanPho": 12345678},
    "deviceConfig": [{"esn": "SLV3", "registerCode": ""}],
    "storageConfig": {"totalStorage": 10.0},
    "priceConfig": {"useCompanyPrice": 0},
    "additionConfig": {
        "areaCode": 49,
        "address": "xian",
        "longitude": 117.3112268,
        "latitude": 35.3672079,
        "timeZoneCode": 35,
        "introduction": "station",
        "loadStatus": 1,
        "safeRunningTime": 1501862400,
    },
}


def test_a_plant_that_is_created_is_listed_and_yields() -> None:
    world = history_world()
    made = world.ask("createStation", **NEW_PLANT)
    assert made["message"] == "Create station success."
    code = made["data"]["dn"]
    plants = {plant["plantCode"]: plant for plant in world.data("stations", pageNo=1)["list"]}
    assert plants[code]["plantName"] == "Fresh Roof"
    assert plants[code]["gridConnectionDate"].endswith("+08:00")
    assert "SLV3" in {device["esnCode"] for device in world.data("getDevList", stationCodes=code)}
    world.now += 18 * 3600
    assert float(world.plant_values()[code]["total_power"]) > 0


@pytest.mark.parametrize(
    ("part", "change", "code"),
    [
        ("basicConfig", None, 21000),
        ("basicConfig", {"stationName": " "}, 21001),
        ("basicConfig", {"stationName": "a & b"}, 21001),
        ("basicConfig", {"stationName": "x" * 81}, 21001),
        ("basicConfig", {"stationName": "Alder Farm 1"}, 21011),
        ("basicConfig", {"stationType": 4}, 21002),
        ("basicConfig", {"stationType": "1"}, 21002),
        ("basicConfig", {"connectTime": 0}, 21003),
        ("basicConfig", {"linkman": "光" * 16}, 21004),
        ("basicConfig", {"linkmanPho": []}, 21005),
        ("basicConfig", {"pureChange": 2}, 21010),
        ("basicConfig", {"pureChange": 1, "stationType": 2}, 21006),
        ("basicConfig", {"pureChange": 1, "connectTime": 5}, 21007),
        ("basicConfig", {"pureChange": 1}, 21008),
        ("deviceConfig", [], 22008),
        ("deviceConfig", [{"esn": ""}], 22006),
        ("deviceConfig", [{"esn": "SIM010000000"}], 22007),
        ("storageConfig", {"totalStorage": None}, 23000),
        ("storageConfig", {"totalStorage": -1}, 23001),
        ("priceConfig", {"useCompanyPrice": 2}, 24006),
        ("additionConfig", None, 25000),
        ("additionConfig", {"areaCode": 257}, 25001),
        ("additionConfig", {"address": ""}, 25002),
        ("additionConfig", {"latitude": 91}, 25003),
        ("additionConfig", {"safeRunningTime": -1}, 25004),
        ("additionConfig", {"timeZoneCode": 151}, 25005),
        ("additionConfig", {"loadStatus": 2}, 25006),
        ("additionConfig", {"introduction": "x" * 129}, 25007),
    ],
)
def test_what_is_wrong_with_a_new_plant(part: str, change: Any, code: int) -> None:
    asked = dict(NEW_PLANT)
    asked[part] = NEW_PLANT[part] | change if isinstance(change, dict) else change
    assert history_world().code("createStation", **asked) == code


@pytest.mark.parametrize(("gone", "code"), [(("storageConfig",), 21009), (("storageConfig", "priceConfig"), 22005)])
def test_a_plant_of_chargers_alone_has_neither_capacity_nor_prices(gone: tuple[str, ...], code: int) -> None:
    asked = {name: value for name, value in NEW_PLANT.items() if name not in gone}
    asked["basicConfig"] = NEW_PLANT["basicConfig"] | {"pureChange": 1}
    assert history_world().code("createStation", **asked) == code


def test_ten_plants_a_minute_and_a_thousand_a_day() -> None:
    fleet = FleetPlan(plants=0)
    world = World(fleet, limits=True, now=NOON).logged_in()

    def create(number: int) -> int:
        basic = NEW_PLANT["basicConfig"] | {"stationName": f"Roof {number}"}
        devices = [{"esn": f"SLV{number}"}]
        world.logged_in() if number % 50 == 0 and number else None
        return world.code("createStation", **(NEW_PLANT | {"basicConfig": basic, "deviceConfig": devices}))

    assert [create(number) for number in range(1, 12)] == [0] * 10 + [407]
    world.now += 120
    world.fleet.created[USER] = [world.now - 60] * 999
    assert [create(number) for number in (12, 13)] == [0, 26001]
    world.now += 86400
    world.logged_in()
    assert create(14) == 0
