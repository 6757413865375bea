"""What is missing, too much or wrong in a request, and the code that says so."""

import pytest
from test_simulator_support import ALL_TIME, World

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

ALL_TYPES = (1, 2, 8, 10, 13, 16, 17, 22, 37, 38, 39, 40, 41, 45, 46, 47, 62, 63, 70)
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def world() -> World:
    return World(FleetPlan(plants=2, devices=dict.fromkeys((*ALL_TYPES, 60001, 23070), 1))).logged_in()


@pytest.mark.parametrize(
    ("interface", "parameters", "code"),
    [
        ("stations", {}, 30004),
        ("stations", {"pageNo": " 1 "}, 0),
        ("stations", {"pageNo": "x"}, 30030),
        ("stations", {"pageNo": 0}, 30021),
        ("stations", {"pageNo": 1, "gridConnectedStartTime": -1}, 20605),
        ("stations", {"pageNo": 1, "gridConnectedStartTime": 9, "gridConnectedEndTime": 9}, 20604),
        ("stations", {"pageNo": 1, "gridConnectedStartTime": 10**15}, 20606),
        ("getStationList", {"pageSize": 100}, 30004),
        ("getStationList", {"pageNo": 1}, 30005),
        ("getStationList", {"pageNo": 1, "pageSize": 20}, 30006),
        ("getDevList", {}, 20010),
        ("getDevList", {"stationCodes": " , "}, 20010),
        ("getDevList", {"stationCodes": ",".join(map(str, range(101)))}, 20014),
        ("getDevList", {"stationCodes": "NE=1"}, 20007),
        ("getStationRealKpi", {"stationCodes": None}, 20010),
        ("getStationRealKpi", {"stationCodes": ",".join(map(str, range(101)))}, 20014),
        ("getDevRealKpi", {"devIds": "1"}, 20013),
        ("getDevRealKpi", {"devTypeId": 1}, 20011),
        ("getDevRealKpi", {"devIds": "", "devTypeId": 1}, 20005),
        ("getDevRealKpi", {"devIds": ",".join(map(str, range(101))), "devTypeId": 1}, 20016),
        ("getDevRealKpi", {"sns": ",".join(map(str, range(101))), "devTypeId": 1}, 20016),
        ("getDevRealKpi", {"devIds": "1", "devTypeId": 1}, 20008),
        ("getDevRealKpi", {"sns": "1", "devTypeId": 1}, 20008),
        ("getAlarmList", ALL_TIME, 20055),
        ("getAlarmList", {"stationCodes": "NE=1", **ALL_TIME}, 20007),
        ("getAlarmList", {"sns": "NE=1", **ALL_TIME}, 20008),
        ("getAlarmList", {"stationCodes": ",".join(map(str, range(101))), **ALL_TIME}, 20014),
        ("getAlarmList", {"sns": ",".join(map(str, range(101))), **ALL_TIME}, 20016),
    ],
)
def test_refusals(world: World, interface: str, parameters: dict[str, object], code: int) -> None:
    assert world.code(interface, **parameters) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"beginTime": None}, 20012),
        ({"endTime": ""}, 20012),
        ({"beginTime": -1}, 20605),
        ({"beginTime": 2, "endTime": 1}, 20023),
        ({"language": None}, 20024),
        ({"language": "en"}, 20025),
        ({"levels": "5"}, 20611),
        ({"devTypes": "1,41"}, 20013),
        ({"beginTime": "0", "levels": "1,2", "devTypes": "", "language": "pl_PL"}, 0),
    ],
)
def test_refusals_of_the_alarm_interface(world: World, change: dict[str, object], code: int) -> None:
    assert world.code("getAlarmList", **{"stationCodes": world.codes(), **ALL_TIME, **change}) == code


@pytest.mark.parametrize(
    ("type_id", "code"),
    [(type_id, 0 if type_id in (1, 10, 17, 38, 39, 41, 47) else 20013) for type_id in ALL_TYPES]
    + [(23070, 0), (60001, 20006)],
)
def test_types_that_have_real_time_data_and_types_that_have_none(world: World, type_id: int, code: int) -> None:
    assert world.code("getDevRealKpi", devIds=world.ids(type_id), devTypeId=type_id) == code


def test_type_may_be_a_text_but_has_to_be_the_devices_own(world: World) -> None:
    assert world.code("getDevRealKpi", devIds=world.ids(1), devTypeId="1") == 0
    assert world.code("getDevRealKpi", devIds=f"{world.ids(1)},{world.ids(38)}", devTypeId=1) == 20006


def test_devices_by_serial_number_and_ids_win_over_them(world: World) -> None:
    numbers = [device.serial_number for device in world.fleet.devices.values() if device.type_id == 17]
    by_number = world.data("getDevRealKpi", sns=",".join(numbers), devTypeId=17)
    assert [item["sn"] for item in by_number] == numbers
    assert len(world.data("getDevRealKpi", devIds=world.ids(17), sns="unknown", devTypeId=17)) == 2


def test_alarm_times_are_limited_on_wish() -> None:
    world = World(rules=Rules(alarm_time_limits=True)).logged_in()
    now = int(world.now * 1000)
    assert world.code("getAlarmList", **{"stationCodes": world.codes(), **ALL_TIME}) == 20026

    def code(begin: int, end: int) -> int:
        asked = {"stationCodes": world.codes(), "beginTime": begin, "endTime": end, "language": "en_US"}
        return world.code("getAlarmList", **asked)

    assert code(now - 31 * DAY_MS, now + 1) == 20027
    assert code(now - 31 * DAY_MS, now) == 0
    assert code(now - 365 * DAY_MS - 1, now - 364 * DAY_MS) == 20026
    assert code(now - 365 * DAY_MS, now - 364 * DAY_MS) == 0


def test_refusal_echoes_the_parameters_and_the_time(world: World) -> None:
    answer = world.ask("getDevList", stationCodes="NE=1")
    assert answer["params"] == {"stationCodes": "NE=1", "currentTime": int(world.now * 1000)}


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_bodies_that_are_no_object_are_bad_requests(world: World, body: bytes) -> None:
    answer = world.send("stations", body)
    assert (answer.status, answer.fail_code) == (400, 30030)


def test_interfaces_take_posts_under_their_path_only(world: World) -> None:
    assert world.system.handle("POST", "/thirdData/getEverything", {}, b"").status == 404
    assert world.system.handle("POST", "/stations", {}, b"").status == 404
    assert world.system.handle("GET", "/thirdData/stations", {}, b"").status == 405


def test_interfaces_without_permission_answer_401() -> None:
    world = World(options={"forbidden": frozenset({Interface.STATIONS})}).logged_in()
    refused = world.ask("stations", pageNo=1)
    assert (refused["failCode"], refused["message"]) == (401, "Invalid access to current interface!")
    assert world.code("getStationList") == 0


def test_plant_lists_come_in_pages() -> None:
    world = World(FleetPlan(plants=120, devices={})).logged_in()
    first, second, third = (world.data("stations", pageNo=page) for page in (1, 2, 3))
    shown = [plant["plantCode"] for page in (first, second, third) for plant in page["list"]]
    assert shown == list(world.fleet.plants)
    assert [len(page["list"]) for page in (first, second, third)] == [100, 20, 0]
    assert {key: second[key] for key in ("pageCount", "pageNo", "pageSize", "total")} == {
        "pageCount": 2,
        "pageNo": 2,
        "pageSize": 100,
        "total": 120,
    }
    assert len(world.data("getStationList", pageNo="3", pageSize="50")["list"]) == 20
    assert world.data("getStationList", pageNo=1, pageSize=50)["pageCount"] == 3
    assert len(world.data("getStationList")) == 120


def test_plant_list_is_narrowed_by_grid_connection() -> None:
    world = World(FleetPlan(plants=30, devices={})).logged_in()
    times = sorted(int(plant.connected_at * 1000) for plant in world.fleet.plants.values())
    middle = times[15]
    assert world.data("stations", pageNo=1, gridConnectedStartTime=middle)["total"] == 15
    assert world.data("stations", pageNo=1, gridConnectedEndTime=middle)["total"] == 16
    both = world.data("stations", pageNo=1, gridConnectedStartTime=times[0], gridConnectedEndTime=times[1])
    assert both["total"] == 2


def test_capacities_are_in_kilowatts_and_in_megawatts(world: World) -> None:
    (new, *_), (old, *_) = world.data("stations", pageNo=1)["list"], world.data("getStationList")
    assert new["capacity"] == pytest.approx(old["capacity"] * 1000)
    assert new["gridConnectionDate"].endswith("+01:00")


def test_lists_may_have_spaces_and_repetitions(world: World) -> None:
    first, second = world.fleet.plants
    items = world.data("getStationRealKpi", stationCodes=f" {first} , {second},{first},")
    assert [item["stationCode"] for item in items] == [first, second]
