"""Faults that tests of clients order."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from test_simulator_support import PASSWORD, USER, World

from fusionsolar_exporter.simulator.answers import Delivery
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan


def test_fail_code_for_the_next_two_requests_of_one_interface() -> None:
    world = World().logged_in()
    world.system.faults.order(Fault(FaultKind.FAIL_CODE, Interface.STATIONS, times=2, fail_code=20200))
    assert world.code("getStationList") == 0
    assert [world.code("stations", pageNo=1) for _ in range(3)] == [20200, 20200, 0]


def test_fault_stands_until_it_is_cleared() -> None:
    world = World().logged_in()
    faults = world.system.faults
    faults.order(Fault(FaultKind.FAIL_CODE, times=None, fail_code=20004))
    faults.order(Fault(FaultKind.FAIL_CODE, Interface.STATIONS, times=None, fail_code=401))
    assert {world.code("stations", pageNo=1) for _ in range(5)} == {20004}
    faults.clear(Interface.STATION_LIST)
    faults.clear(Interface.STATIONS)
    assert world.code("stations", pageNo=1) == 20004
    faults.clear()
    assert world.code("stations", pageNo=1) == 0


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (Fault(FaultKind.GATEWAY), 403, b"49401021002"),
        (Fault(FaultKind.STATUS, status=429), 429, b"429"),
        (Fault(FaultKind.STATUS), 500, b"500"),
        (Fault(FaultKind.REDIRECT, location="/portal"), 302, b""),
        (Fault(FaultKind.HTML), 200, b"<html>"),
        (Fault(FaultKind.INVALID_JSON), 200, b'{"success"'),
        (Fault(FaultKind.EMPTY_BODY), 200, b""),
    ],
)
def test_answers_that_are_no_envelope(fault: Fault, status: int, body: bytes) -> None:
    world = World().logged_in()
    world.system.faults.order(fault)
    answer = world.send("stations", {"pageNo": 1})
    assert (answer.status, answer.fail_code) == (status, None)
    assert body in answer.body
    assert answer.headers.get("Location") == ("/portal" if status == 302 else None)
    assert world.system.log.requests[-1].status == status


def test_request_that_meets_a_fault_counts_against_the_limit() -> None:
    world = World(FleetPlan(plants=1), limits=True).logged_in()
    world.system.faults.order(Fault(FaultKind.STATUS))
    asked = {"stationCodes": world.codes()}
    assert world.send("getStationRealKpi", asked).status == 500
    assert world.code("getStationRealKpi", **asked) == 407
    world.system.faults.order(Fault(FaultKind.HTML))
    assert world.send("getStationRealKpi", asked).body.startswith(b"<!DOCTYPE")


def test_login_that_meets_a_fault_starts_no_session() -> None:
    world = World().logged_in()
    world.system.faults.order(Fault(FaultKind.EMPTY_BODY, Interface.LOGIN))
    assert world.send("login", {"userName": USER, "systemCode": PASSWORD}).body == b""
    assert world.code("stations", pageNo=1) == 0


@pytest.mark.parametrize(("kind", "data"), [(FaultKind.DATA_NULL, None), (FaultKind.DATA_EMPTY, [])])
def test_data_is_withheld_from_a_request_that_succeeds(kind: FaultKind, data: object) -> None:
    world = World().logged_in()
    world.system.faults.order(Fault(kind, Interface.DEVICES))
    assert world.code("getDevList") == 20010
    assert world.data("getDevList", stationCodes=world.codes()) == data
    assert world.data("getDevList", stationCodes=world.codes())


def test_session_is_dropped_once() -> None:
    world = World().logged_in()
    world.system.faults.order(Fault(FaultKind.DROP_SESSION, Interface.STATIONS))
    assert world.code("getStationList") == 0
    assert world.code("stations", pageNo=1) == 305
    world.logged_in()
    assert world.code("stations", pageNo=1) == 0


def test_ids_are_refused_although_they_are_listed() -> None:
    world = World(FleetPlan(plants=2, devices={1: 1})).logged_in()
    bad, good = world.fleet.plants
    device = world.ids(1).split(",")[0]
    faults = world.system.faults
    faults.order(Fault(FaultKind.REFUSE_IDS, times=None, ids=frozenset({bad, device}), fail_code=20008))
    assert world.code("getStationRealKpi", stationCodes=world.codes()) == 20008
    assert world.code("getDevRealKpi", devIds=device, devTypeId=1) == 20008
    assert world.code("getStationRealKpi", stationCodes=good) == 0
    assert world.system.log.of(Interface.PLANT_REAL_TIME)[0].ids == (bad, good)


@pytest.mark.parametrize(("kind", "delivery"), [(FaultKind.CUT, Delivery.CUT), (FaultKind.RESET, Delivery.RESET)])
def test_answer_is_spoilt_on_its_way_after_the_request_took_effect(kind: FaultKind, delivery: Delivery) -> None:
    world = World()
    world.system.faults.order(Fault(kind))
    answer = world.send("login", {"userName": USER, "systemCode": PASSWORD})
    assert answer.delivery is delivery
    assert json.loads(answer.body)["failCode"] == 0


def test_answer_is_held_until_it_is_released_or_cleared() -> None:
    world = World().logged_in()
    release = threading.Event()
    world.system.faults.order(Fault(FaultKind.HOLD, release=release))
    world.system.faults.order(Fault(FaultKind.HOLD, times=None))
    with ThreadPoolExecutor() as threads:
        first, second = (threads.submit(world.code, "stations", pageNo=1) for _ in range(2))
        deadline = time.monotonic() + 10
        while len(world.system.log.requests) < 3:
            assert time.monotonic() < deadline
        assert not second.done()
        release.set()
        world.system.faults.clear()
        assert [first.result(10), second.result(10)] == [0, 0]
    assert world.system.log.max_in_flight == 2
    world.system.log.clear()
    assert (world.system.log.requests, world.system.log.max_in_flight) == ((), 0)


def test_hold_ends_by_itself() -> None:
    world = World().logged_in()
    world.system.faults.order(Fault(FaultKind.HOLD, hold_seconds=0.01))
    assert world.code("stations", pageNo=1) == 0


def test_log_is_bounded() -> None:
    world = World(options={"log_size": 2}).logged_in()
    for _ in range(5):
        world.code("stations")
    assert [request.fail_code for request in world.system.log.requests] == [30004, 30004]
    assert world.system.log.counts == {Interface.LOGIN: 1, Interface.STATIONS: 5}
    assert world.system.log.refusals == {(Interface.STATIONS, 30004): 5}
