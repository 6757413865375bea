"""Answers that differ from the reference, one thing at a time: nobody else is hidden, and nothing true is lost."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from support.http_world import DAY, MINUTE, HttpWorld

from fusionsolar_exporter.simulator.answers import SimulatedAnswer
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import START, FleetPlan

PLAN = FleetPlan(plants=3, devices={1: 1}, alarm_share=1.0)
INFO, DEVICE_INFO = "fusionsolar_plant_info", "fusionsolar_device_info"
POWER, YIELD = "fusionsolar_device_active_power_watts", "fusionsolar_plant_day_yield_watthours"
ALARM = "fusionsolar_alarm"
Bytes = Callable[[bytes], bytes]


def world_of(plan: FleetPlan = PLAN, **sections: Any) -> HttpWorld:
    return HttpWorld(plan, **sections)


def answer_with(world: HttpWorld, interface: Interface, change: Bytes, content_type: str | None = None) -> None:
    """Have the bytes of an interface's answers changed."""
    handle = world.system.handle

    def changed(method: str, path: str, headers: Mapping[str, str], body: bytes) -> SimulatedAnswer:
        answer = handle(method, path, headers, body)
        if not path.endswith(interface.value):
            return answer
        kind = {} if content_type is None else {"Content-Type": content_type}
        kept = {name: value for name, value in answer.headers.items() if name.lower() != "content-type" or not kind}
        return replace(answer, body=change(answer.body), headers={**kept, **kind})

    world.system.handle = changed  # type: ignore[method-assign]


def first_name(world: HttpWorld) -> str:
    return next(iter(world.system.fleet.plants.values())).name


@pytest.mark.parametrize(
    ("bytes_", "read"), [(b"Roof \xe0\xb8", "Roof \ufffd"), (b"Roof\n\tSouth", "Roof\n\tSouth"), (b"\x01", "\x01")]
)
def test_odd_bytes_in_one_plants_name_hide_no_plant(bytes_: bytes, read: str) -> None:
    with world_of() as world:
        name = first_name(world).encode()
        answer_with(world, Interface.STATIONS, lambda body: body.replace(name, bytes_, 1))
        world.run(20)
        scrape = world.scrape()

    assert len(scrape.all(INFO)) == 3
    assert read in {sample.labels["plant"] for sample in scrape.all(INFO)}
    assert len(scrape.all(POWER)) == 3


def test_odd_bytes_in_an_alarms_text_hide_no_alarm() -> None:
    with world_of() as world:
        world.run(20)
        before = len(world.scrape().all(ALARM))
    with world_of() as world:
        answer_with(world, Interface.ALARMS, lambda body: body.replace(b'"alarmCause":"', b'"alarmCause":"\xff\n', 1))
        answer_with(world, Interface.ALARMS, lambda body: body.replace(b'"repairSuggestion":"', b'"x":"\xfe\t', 1))
        world.run(20)

        assert len(world.scrape().all(ALARM)) == before > 0


def test_right_json_of_a_wrong_content_type_is_taken() -> None:
    with world_of() as world:
        answer_with(world, Interface.STATIONS, lambda body: body, "text/html; charset=utf-8")
        world.run(20)
        scrape = world.scrape()

    assert len(scrape.all(INFO)) == 3
    assert scrape.failures("stations") == {}


def device_without_id(envelope: dict[str, Any]) -> None:
    envelope["data"][0]["id"] = None


def devices_of_two_plants(envelope: dict[str, Any]) -> None:
    del envelope["data"][0]


@pytest.mark.parametrize("odd", [device_without_id, devices_of_two_plants])
def test_a_known_device_that_a_list_does_not_tell_once_goes_on(odd: Callable[[dict[str, Any]], None]) -> None:
    with world_of() as world:
        world.run(20)
        world.system.rewrites[Interface.DEVICES] = odd
        world.run_to_request(Interface.DEVICES)
        world.system.rewrites.clear()
        at_once = world.scrape()
        world.run(10 * MINUTE)
        later = world.scrape()
        asked = world.requests(Interface.DEVICE_REAL_TIME)[-1].ids

    for scrape in (at_once, later):
        assert len(scrape.all(DEVICE_INFO)) == len(scrape.all(POWER)) == 3
    assert len(asked) == 3


def plant_without_code(envelope: dict[str, Any]) -> None:
    envelope["data"]["list"][0]["plantCode"] = None


def refused_with_code_0(envelope: dict[str, Any]) -> None:
    envelope |= {"success": False, "failCode": 0, "data": None}


@pytest.mark.parametrize("odd", [plant_without_code, refused_with_code_0])
def test_a_known_plant_that_a_list_does_not_tell_once_goes_on(odd: Callable[[dict[str, Any]], None]) -> None:
    with world_of() as world:
        world.run(20)
        world.system.rewrites[Interface.STATIONS] = odd
        world.run_to_request(Interface.STATIONS)
        world.system.rewrites.clear()
        world.run(6 * MINUTE)
        scrape = world.scrape()

    assert scrape.value("fusionsolar_collector_success", collector="plant_list") is not None
    for name in (INFO, DEVICE_INFO, POWER, YIELD):
        assert len(scrape.all(name)) == 3


def in_microseconds(envelope: dict[str, Any]) -> None:
    envelope["params"] = {"currentTime": int(START * 1e6)}


def test_a_clock_in_another_unit_asks_no_alarms_from_the_future() -> None:
    with world_of() as world:
        for interface in (Interface.STATIONS, Interface.DEVICES, Interface.PLANT_REAL_TIME, Interface.DEVICE_REAL_TIME):
            world.system.rewrites[interface] = in_microseconds
        world.run(20)
        scrape = world.scrape()
        (request,) = world.requests(Interface.ALARMS)
        offset = scrape.value("fusionsolar_api_clock_offset_seconds")

        assert float(str(request.parameters["endTime"])) / 1000 < world.clock.wall(world.clock.now()) + 2 * DAY
    assert scrape.all(ALARM) != []
    assert offset is not None


def started_at_0(envelope: dict[str, Any]) -> None:
    for item in envelope["data"]:
        item["dataItemMap"] |= {"open_time": 0, "close_time": 0}


def over(envelope: dict[str, Any]) -> None:
    for alarm in envelope["data"]:
        alarm["status"] = 3


def test_a_start_in_1970_and_an_alarm_that_is_over_are_no_samples() -> None:
    with world_of() as world:
        world.system.rewrites = {Interface.DEVICE_REAL_TIME: started_at_0, Interface.ALARMS: over}
        world.run(20)
        scrape = world.scrape()

    assert scrape.all("fusionsolar_device_startup_timestamp_seconds") == []
    assert len(scrape.all(POWER)) == 3
    assert scrape.all(ALARM) == []
    assert set(scrape.by("severity", "fusionsolar_plant_alarms", plant_code="NE=35436000").values()) == {0}
