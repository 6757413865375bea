"""Limits of other shapes than the documented ones: what they admit, what they answer, and how they are written."""

import argparse
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_simulator_support import USER, World

from fusionsolar_exporter.simulator import command
from fusionsolar_exporter.simulator.interfaces import Holdings, Interface
from fusionsolar_exporter.simulator.limit_text import KEYS, LimitsError, limits_of
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.quotas import Quotas

HELD = Holdings(301, {1: 301})  # four calls a window to plants and to devices
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
PAGE = (Path(__file__).parents[1] / "docs" / "simulator.md").read_text(encoding="utf-8")
START = 1.75e9 // DAY * DAY


class Caller:
    def __init__(self, limits: str, interface: str = "getDevRealKpi", held: Holdings = HELD) -> None:
        self.quotas = Quotas(shapes=limits_of(limits))
        self.interface = interface
        self.held = held

    def call(self, at: float, interface: str = "") -> bool:
        named = Interface(interface or self.interface)
        return self.quotas.admit(USER, named, START + at, self.held) is None

    def admitted(self, begin: float, end: float, step: float, interface: str = "") -> int:
        return sum(self.call(begin + number * step, interface) for number in range(int((end - begin) / step)))


def test_a_longer_window() -> None:
    caller = Caller("getDevRealKpi window=10m refused=free")
    assert [caller.call(second) for second in range(5)] == [True] * 4 + [False]
    assert not caller.call(5 * MINUTE)
    assert caller.call(10 * MINUTE)


@pytest.mark.parametrize(("calls", "admitted"), [("50%", 2), ("1", 1), ("0", 0), ("1%", 1), ("300%", 12)])
def test_fewer_or_more_calls_in_it(calls: str, admitted: int) -> None:
    assert Caller(f"getDevRealKpi calls={calls}").admitted(0, 20, 1) == admitted


def test_a_share_of_nothing_is_nothing() -> None:
    assert Caller("getDevRealKpi calls=50%", held=Holdings(1, {})).admitted(0, 20, 1) == 0


def test_a_gap_between_calls() -> None:
    caller = Caller("getDevRealKpi gap=1m refused=free")
    assert [caller.call(second) for second in (0, 59.9, 60, 119, 120)] == [True, False, True, False, True]


def test_refused_calls_that_count_prolong_the_block_and_those_that_are_free_do_not() -> None:
    counting, free = Caller("getDevRealKpi calls=1"), Caller("getDevRealKpi calls=1 refused=free")
    moments = (0, 290, 300, 590, 600)
    assert [counting.call(at) for at in moments] == [True, False, False, False, False]
    assert [free.call(at) for at in moments] == [True, False, True, False, True]


def test_a_bucket_fills_evenly_and_saves_what_it_may() -> None:
    smooth = Caller("getAlarmList every=13m refused=free", "getAlarmList")
    assert smooth.admitted(0, DAY, 10) == DAY // (13 * MINUTE) + 1
    saving = Caller("getAlarmList every=13m savings=3 refused=free", "getAlarmList")
    assert saving.admitted(0, 30, 1) == 3
    assert saving.admitted(HOUR, HOUR + 30, 1) == 3
    assert not saving.call(HOUR + 12 * MINUTE)
    assert saving.call(HOUR + 13 * MINUTE + 1)


def test_the_documented_calls_spread_evenly() -> None:
    caller = Caller("getDevRealKpi even refused=free")
    assert [caller.call(at) for at in (0, 74, 75, 149, 150, 151)] == [True, False, True, False, True, False]
    assert Caller("getDevRealKpi even", held=Holdings(1, {})).admitted(0, 20, 1) == 0


def test_a_refused_call_that_counts_empties_a_bucket() -> None:
    caller = Caller("getDevRealKpi every=100s")
    assert [caller.call(at) for at in (0, 90, 180, 280)] == [True, False, False, True]


def test_one_limit_over_several_interfaces_beside_their_own() -> None:
    caller = Caller("getDevRealKpi+getAlarmList calls=5 window=5m refused=free")
    assert caller.admitted(0, 3, 1) == 3
    assert caller.admitted(3, 9, 1, "getAlarmList") == 2
    assert not caller.call(10)
    assert caller.call(301)
    sum_of_both = Caller("* refused=free; getDevRealKpi+getAlarmList calls=100% window=30m refused=free")
    moments = [(at, name) for at in range(0, 1800, 20) for name in ("getDevRealKpi", "getAlarmList")]
    assert sum(sum_of_both.call(at, name) for at, name in moments) == 24 + 4


def test_a_limit_by_the_time_of_day_and_by_the_time_since_the_first_call() -> None:
    noon = Caller("getDevRealKpi calls=1 from=12:00 to=24:00")
    assert [noon.admitted(hour * HOUR, hour * HOUR + 5, 1) for hour in (11, 12, 23, 24)] == [4, 1, 1, 4]
    night = Caller("getDevRealKpi calls=1 from=22:00 to=6:30")
    assert [night.admitted(hour * HOUR, hour * HOUR + 5, 1) for hour in (21, 22, 30, 30.5)] == [4, 1, 1, 4]
    later = Caller("getDevRealKpi calls=2 until=2h; getDevRealKpi calls=1 after=1h until=2h")
    assert [later.admitted(hour * HOUR, hour * HOUR + 5, 1) for hour in (0, 1, 2)] == [2, 1, 4]


@pytest.mark.no_cover
def test_another_program_spends_its_share() -> None:
    caller = Caller("getDevRealKpi others=50% refused=free")
    assert caller.admitted(0, DAY, 5) / (DAY / 300 * 4) == pytest.approx(0.5, abs=0.02)
    bucket = Caller("getDevRealKpi even others=30% refused=free")
    assert bucket.admitted(0, DAY, 5) / (DAY / 300 * 4) == pytest.approx(0.7, abs=0.02)
    alone = Caller("getDevRealKpi refused=free")
    assert alone.admitted(0, DAY, 5) == DAY / 300 * 4


def test_what_is_allowed_in_the_long_run() -> None:
    system = World(FleetPlan(plants=1, devices={1: 1}), limits=True).system
    assert system.allowed_rate(Interface.DEVICE_REAL_TIME) == 1 / 300
    for limits, rate in (
        ("getDevRealKpi calls=3", 3 / 300),
        ("getDevRealKpi calls=9 gap=1m", 1 / 60),
        ("getDevRealKpi every=7m", 1 / 420),
        ("getDevRealKpi others=50%", 0.5 / 300),
        ("data calls=100 window=1d", 100 / DAY),
    ):
        system.change_limits(limits_of(limits))
        assert system.allowed_rate(Interface.DEVICE_REAL_TIME) == pytest.approx(rate), limits
    assert World().system.allowed_rate(Interface.DEVICE_REAL_TIME) == float("inf")


@pytest.mark.parametrize(
    ("answer", "status", "fail_code", "retry_after"),
    [
        ("answer=407", 200, 407, None),
        ("answer=20618", 200, 20618, None),
        ("answer=429", 429, None, None),
        ("answer=429 retry-after=2m", 429, None, "120"),
        ("answer=403", 403, None, None),
        ("retry-after=90s answer=403", 403, None, "90"),
    ],
)
def test_refusals_of_every_kind(answer: str, status: int, fail_code: int | None, retry_after: str | None) -> None:
    shapes = limits_of(f"* {answer}")
    world = World(FleetPlan(plants=1), limits=True, options={"shapes": shapes}).logged_in()
    asked = {"stationCodes": world.codes()}
    assert world.send("getStationRealKpi", asked).fail_code == 0
    refused = world.send("getStationRealKpi", asked)
    assert (refused.status, refused.fail_code, refused.headers.get("Retry-After")) == (status, fail_code, retry_after)
    assert world.system.log.over_limits == {Interface.PLANT_REAL_TIME: 1}
    world.system.log.clear()
    assert world.system.log.over_limits == {}


def test_a_limit_may_change_while_the_system_runs() -> None:
    world = World(FleetPlan(plants=1), limits=True).logged_in()
    asked = {"stationCodes": world.codes()}
    assert world.code("getStationRealKpi", **asked) == 0
    world.system.change_limits(limits_of("getStationRealKpi window=10m refused=free"))
    world.now += 5 * MINUTE
    assert world.code("getStationRealKpi", **asked) == 407
    world.now += 5 * MINUTE
    assert world.code("getStationRealKpi", **asked) == 0
    free = World(FleetPlan(plants=1)).logged_in()
    free.system.change_limits(limits_of("* calls=0"))
    assert free.code("getStationRealKpi", **asked) == 0


def test_counts_do_not_grow_for_ever() -> None:
    caller = Caller("getDevRealKpi calls=100000 window=1h")
    caller.admitted(0, 3 * DAY, 40)
    count = caller.quotas._counts[USER, (Interface.DEVICE_REAL_TIME,)]
    assert 3600 / 40 <= len(count.arrivals) <= 2 * DAY / 40 + 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("getDevRealKPI calls=1", "'getDevRealKPI' is no interface; known are login, logout,"),
        ("getDevRealKpi", "getDevRealKpi: says nothing; write at least one of window, calls,"),
        ("getDevRealKpi call=1", "getDevRealKpi: 'call' is no key; known are window, calls,"),
        ("getDevRealKpi calls=1 calls=2", "getDevRealKpi: calls is given twice"),
        ("getDevRealKpi calls=some", "getDevRealKpi: calls=some is wrong; expected a number of calls, or a share"),
        ("getDevRealKpi calls=0%", "getDevRealKpi: calls=0% is wrong"),
        ("getDevRealKpi window=10", "getDevRealKpi: window=10 is wrong; expected a duration such as 90s"),
        ("getDevRealKpi window=0s", "getDevRealKpi: window=0s is wrong"),
        ("getDevRealKpi window=1m5h", "getDevRealKpi: window=1m5h is wrong"),
        ("getDevRealKpi window", "getDevRealKpi: window= is wrong"),
        ("getDevRealKpi even=yes", "getDevRealKpi: even=yes is wrong; expected the word alone"),
        ("getDevRealKpi refused=no", "getDevRealKpi: refused=no is wrong; expected count or free"),
        ("getDevRealKpi answer=404", "getDevRealKpi: answer=404 is wrong; expected 407, 20618, 429 or 403"),
        ("getDevRealKpi others=100%", "getDevRealKpi: others=100% is wrong; expected the share"),
        ("getDevRealKpi from=25:00 to=26:00", "getDevRealKpi: from=25:00 is wrong; expected a time of the day"),
        ("getDevRealKpi calls=1 from=12:00", "getDevRealKpi: from and to belong together"),
        ("getDevRealKpi savings=3", "getDevRealKpi: savings without a bucket"),
        ("getDevRealKpi every=3m window=5m", "getDevRealKpi: every beside window"),
        ("getDevRealKpi retry-after=3m", "getDevRealKpi: retry-after without answer=429"),
        ("getDevRealKpi+getAlarmList calls=3", "getDevRealKpi+getAlarmList: one limit over several interfaces needs"),
        ("data calls=3", "data: one limit over several interfaces needs a window"),
        ("login+login calls=3 window=5m", "login+login: an interface is named twice"),
    ],
)
def test_a_limit_that_cannot_be_read_is_named(text: str, message: str) -> None:
    with pytest.raises(LimitsError) as caught:
        limits_of(f"login calls=3;\n{text} # why")
    assert str(caught.value).startswith(message)


WORDS = ["getDevRealKpi", "data", "*", "+", "=", ";", "#", "\n", " ", "window", "calls", "even", "5m", "7%", "٣s", "\0"]


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_text_is_limits_or_a_clear_error(words: list[str]) -> None:
    with suppress(LimitsError):
        limits_of("".join(words))


def test_the_page_names_every_key_and_its_examples_are_limits(tmp_path: Path) -> None:
    table = PAGE.partition("| key |")[2]
    named = [
        key
        for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
        for key in re.findall(r"`([a-z-]+)(?:=|`)", row)
    ]
    assert list(dict.fromkeys(named)) == list(KEYS)
    (lines,) = re.findall(r"^```text\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    file = tmp_path / "limits.txt"
    file.write_text(lines, encoding="utf-8")
    parser = argparse.ArgumentParser(exit_on_error=False)
    command.add_arguments(parser)
    shapes = parser.parse_args([f"--simulator.limits=@{file}"]).limits
    assert (len(shapes.single), len(shapes.shared)) == (3, 1)
    file.write_bytes(b"\xff")
    with pytest.raises(argparse.ArgumentError, match="no text"):
        parser.parse_args([f"--simulator.limits=@{file}"])
