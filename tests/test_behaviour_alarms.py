"""Alarms: asked from the beginning of time, or in windows where the far side wants that."""

from itertools import pairwise
from typing import Any

import pytest
from support.http_world import DAY, HOUR, HttpWorld, only

from fusionsolar_exporter.simulator.alarms import DEVICE_FAULT
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.log import LoggedRequest
from fusionsolar_exporter.simulator.plan import FleetPlan

WINDOWED = Rules(alarm_time_limits=True)
QUIET = FleetPlan(plants=1, devices={1: 1}, alarm_share=0)
ALARMS = only("device_list", "alarms")
ALARM = "fusionsolar_alarm"
COUNT = "fusionsolar_plant_alarms"


def times(request: LoggedRequest) -> tuple[float, float]:
    """Begin and end of what was asked for, in Unix seconds."""
    values = request.parameters["beginTime"], request.parameters["endTime"]
    assert isinstance(values[0], int)
    assert isinstance(values[1], int)
    return values[0] / 1000, values[1] / 1000


def raise_alarm(world: HttpWorld, age: float) -> str:
    """Raise an alarm of the first device, so many seconds ago; the device's id."""
    device = next(iter(world.system.fleet.devices))
    world.system.fleet.raise_alarm(device, DEVICE_FAULT, world.clock.now() - age)
    return device


@pytest.mark.no_cover
def test_one_sweep_asks_each_batch_once_for_all_time() -> None:
    with HttpWorld(FleetPlan(plants=120, devices={62: 1}), collectors=ALARMS) as world:
        world.run(10 * 60)
        requests = world.requests(Interface.ALARMS)
        world.run(30 * 60)
        gaps = world.gaps(Interface.ALARMS)

    assert sorted(len(request.ids) for request in requests) == [20, 100]
    for request in requests:
        begin, end = times(request)
        assert begin == 0
        assert end == pytest.approx(request.at + DAY, abs=1)
        assert request.parameters["language"] == "en_US"
        assert request.parameters["levels"] == "1,2,3,4"
    assert len(gaps) == 3


def test_lookback_language_and_levels_are_configurable() -> None:
    alarms = {"lookback": "7d", "levels": [1, 2]}
    collectors = only("device_list", alarms={"enabled": True} | alarms)
    with HttpWorld(QUIET, account={"language": "de_DE"}, collectors=collectors) as world:
        device = raise_alarm(world, age=8 * DAY)
        world.run(20)
        (request,) = world.requests(Interface.ALARMS)
        scrape = world.scrape()

    begin, end = times(request)
    assert begin == pytest.approx(request.at - 7 * DAY, abs=1)
    assert end == pytest.approx(request.at + DAY, abs=1)
    assert request.parameters["language"] == "de_DE"
    assert scrape.all(ALARM, device_id=device) == []
    assert scrape.by("severity", COUNT) == {"critical": 0, "major": 0}


def test_an_answer_replaces_what_was_known() -> None:
    with HttpWorld(QUIET, collectors=ALARMS) as world:
        before = world.scrape()
        device = raise_alarm(world, age=400 * DAY)
        raised_at = world.clock.now() - 400 * DAY
        world.run(20)
        active = world.scrape()
        world.system.fleet.clear_alarms(device)
        world.run(1000)
        still = world.scrape()
        world.run_to_request(Interface.ALARMS)
        cleared = world.scrape()

    assert before.all(COUNT) == []
    (alarm,) = active.all(ALARM)
    assert alarm.labels["device_id"] == device
    assert (alarm.labels["alarm_id"], alarm.labels["severity"], alarm.labels["alarm_type"]) == ("2064", "major", "2")
    assert active.value("fusionsolar_alarm_raised_timestamp_seconds") == pytest.approx(raised_at, abs=0.01)
    assert active.by("severity", COUNT) == {"critical": 0, "major": 1, "minor": 0, "warning": 0}
    assert len(still.all(ALARM)) == 1
    assert cleared.all(ALARM) == []
    assert cleared.by("severity", COUNT) == {"critical": 0, "major": 0, "minor": 0, "warning": 0}


def test_an_empty_list_means_that_there_are_none() -> None:
    with HttpWorld(QUIET, collectors=ALARMS) as world:
        raise_alarm(world, age=HOUR)
        world.run(20)
        world.order(FaultKind.DATA_EMPTY, Interface.ALARMS)
        world.run_to_request(Interface.ALARMS)
        scrape = world.scrape()

    assert scrape.all(ALARM) == []
    assert scrape.by("severity", COUNT)["major"] == 0
    assert scrape.value("fusionsolar_collector_success", collector="alarms") == 1


def test_null_is_a_failure_and_keeps_what_was_known() -> None:
    with HttpWorld(QUIET, collectors=ALARMS) as world:
        raise_alarm(world, age=HOUR)
        world.run(20)
        world.order(FaultKind.DATA_NULL, Interface.ALARMS)
        world.run_to_request(Interface.ALARMS)
        failed = world.scrape()
        world.run_to_request(Interface.ALARMS)
        again = world.scrape()

    for scrape in (failed, again):
        assert len(scrape.all(ALARM)) == 1
        assert scrape.failures("getAlarmList") == {"bad_response": 1}
    assert failed.value("fusionsolar_collector_success", collector="alarms") == 0
    assert again.value("fusionsolar_collector_success", collector="alarms") == 1


def test_a_first_answer_of_null_tells_no_counts() -> None:
    with HttpWorld(QUIET, collectors=ALARMS) as world:
        world.order(FaultKind.DATA_NULL, Interface.ALARMS)
        world.run(60)
        assert world.scrape().all(COUNT) == []


@pytest.mark.parametrize("code", [20026, 20027])
def test_only_where_the_far_side_refuses_the_time_it_is_cut_into_windows(code: int) -> None:
    with HttpWorld(QUIET, collectors=ALARMS) as world:
        world.order(FaultKind.FAIL_CODE, Interface.ALARMS, fail_code=code)
        world.run(3 * HOUR)
        whole, *parts = world.requests(Interface.ALARMS)

    assert times(whole)[0] == 0
    assert len(parts) == 5
    for request in parts:
        begin, end = times(request)
        assert 0 < end - begin <= 31 * DAY


def test_windows_hide_no_counts_before_their_time_and_none_that_the_whole_brings_again() -> None:
    with HttpWorld(QUIET, collectors=ALARMS) as world:
        world.run(HOUR)
        world.order(FaultKind.FAIL_CODE, Interface.ALARMS, fail_code=20026)
        world.run_to_request(Interface.ALARMS)
        world.run_to_request(Interface.ALARMS)
        at_first = world.scrape()
        world.run(3 * HOUR)
        amid_windows = world.scrape()
        world.reload()  # which asks for the whole again
        world.run_to_request(Interface.ALARMS)
        at_last = world.scrape()

    assert len(at_first.all(COUNT)) == len(at_last.all(COUNT)) == 4
    assert amid_windows.all(COUNT) == []


@pytest.mark.no_cover
def test_a_turn_through_all_windows_is_a_sweep() -> None:
    with HttpWorld(QUIET, rules=WINDOWED, collectors=ALARMS) as world:
        device = raise_alarm(world, age=300 * DAY)
        newest = raise_alarm(world, age=HOUR)
        world.run(HOUR)
        begun = world.scrape()
        step = world.gaps(Interface.ALARMS)[-1]
        world.run(23 * step)
        scrape = world.scrape()
        parts = world.requests(Interface.ALARMS)[1:]
        quota = scrape.value("fusionsolar_api_quota_calls", interface="getAlarmList")

    turn = [times(request) for request in parts[:22]]
    begins = [begin for begin, _ in turn]
    # newest first, and every second call to the newest
    assert all(end > world.clock.now() - 3 * DAY for _, end in turn[::2])
    assert begins[1::2] == sorted(begins[1::2], reverse=True)
    assert min(begins) == pytest.approx(parts[21].at - 365 * DAY, abs=2 * HOUR)
    # each window ends where the next begins, but for the time that passes from call to call
    for (_, end), (begin, _) in pairwise(sorted([turn[0], *turn[1::2]])):
        assert abs(begin - end) <= DAY
    assert {request.fail_code for request in parts} == {0}
    # one alarm of two is known after the first call: counts wait for the whole turn
    assert device == newest
    assert begun.all(COUNT) == []
    assert begun.value("fusionsolar_alarm_raised_timestamp_seconds") is not None
    assert scrape.by("severity", COUNT)["major"] == 2
    assert quota == 1
    assert scrape.interval("alarms") == pytest.approx(22 * 1803)
    assert scrape.value("fusionsolar_collector_success", collector="alarms") == 1
    assert scrape.value("fusionsolar_collector_last_sweep_duration_seconds", collector="alarms") == pytest.approx(
        21 * 1803, rel=0.01
    )


@pytest.mark.no_cover
def test_in_windows_an_answer_replaces_what_was_raised_within_its_own() -> None:
    with HttpWorld(QUIET, rules=WINDOWED, collectors=ALARMS) as world:
        device = raise_alarm(world, age=100 * DAY)
        world.run(24 * 1803)
        known = world.scrape()
        old = known.value("fusionsolar_alarm_raised_timestamp_seconds")
        assert old is not None
        world.system.fleet.clear_alarms(device)
        gone_after: list[Any] = []
        while world.scrape(ALARM).all(ALARM):
            world.run_to_request(Interface.ALARMS)
            gone_after.append(times(world.requests(Interface.ALARMS)[-1]))
        scrape = world.scrape()

    *others, last = gone_after
    assert last[0] <= old <= last[1]
    assert all(not begin <= old <= end for begin, end in others)
    assert 1 < len(gone_after) <= 22
    assert scrape.by("severity", COUNT)["major"] == 0


def test_in_windows_a_short_lookback_needs_few() -> None:
    collectors = only("device_list", alarms={"lookback": "40d", "enabled": True})
    with HttpWorld(QUIET, rules=WINDOWED, collectors=collectors) as world:
        world.run(4 * HOUR)
        scrape = world.scrape()
        parts = world.requests(Interface.ALARMS)[1:]

    assert scrape.interval("alarms") == pytest.approx(2 * 1803)
    assert [times(parts[index])[0] < times(parts[index + 1])[0] for index in (1, 3)] == [True, True]
    assert min(times(request)[0] for request in parts) == pytest.approx(parts[1].at - 40 * DAY, abs=5)


def test_alarms_of_one_refused_plant_batch_hide_no_other() -> None:
    with HttpWorld(FleetPlan(plants=110, devices={62: 1}), collectors=ALARMS) as world:
        codes = list(world.system.fleet.plants)
        world.order(FaultKind.REFUSE_IDS, Interface.ALARMS, times=None, ids=frozenset({codes[0]}))
        world.run(60)
        counts = world.scrape(COUNT).by("plant_code", COUNT, severity="major")

    assert set(codes[100:]) <= counts.keys()
    assert codes[0] not in counts
