"""The limits in force: the reference's table, what the configuration overrides, and the margin on top."""

import threading
import time
from pathlib import Path

import pytest

from fusionsolar_exporter.config import InterfaceLimits, RateLimits
from fusionsolar_exporter.northbound.interfaces import Fleet, Interface
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.pacing.limits import Limit, limit_of

# 230 plants; devices by type, 41 and 23070 are no business of getAlarmList, 2 and 62 none of getDevRealKpi
FLEET = Fleet(230, {38: 230, 39: 101, 47: 100, 41: 1, 2: 1, 62: 230, 23070: 500})

PLANT_REPORTS = [name for name in Interface if name.startswith("getKpiStation")]
DEVICE_REPORTS = [name for name in Interface if name.startswith("getDevKpi")]

# interface: calls, window, spacing by hand from the reference's formulas, without margin
DOCUMENTED = {
    Interface.LOGIN: (5, 600, 0),
    Interface.LOGOUT: (5, 600, 0),
    Interface.STATIONS: (3 * 10 + 24, 86_400, 0),
    Interface.GET_STATION_LIST: (24, 86_400, 60),
    Interface.GET_DEV_LIST: (3 + 24, 86_400, 60),
    Interface.GET_STATION_REAL_KPI: (3, 300, 60),
    Interface.GET_DEV_REAL_KPI: (3 + 2 + 1 + 1, 300, 0),
    Interface.GET_ALARM_LIST: (3 + 2 + 1 + 1 + 3, 1800, 0),
    **dict.fromkeys(PLANT_REPORTS, (3 + 24, 86_400, 60)),
    **dict.fromkeys(DEVICE_REPORTS, (3 + 2 + 1 + 24, 86_400, 60)),
    Interface.GET_DEV_HISTORY_KPI: (23 + 11 + 10 + 1 + 24, 86_400, 60),
    Interface.GET_DEV_FIVE_MINUTES: (23 + 11 + 10 + 1 + 24, 86_400, 0),
    Interface.GET_INVENTER_REAL_KPI: (1, 3600, 0),
    Interface.TOKEN: (5, 600, 0),
}


@pytest.mark.parametrize("interface", list(Interface))
def test_the_documented_limits_with_the_margin(interface: Interface) -> None:
    calls, window, spacing = DOCUMENTED[interface]
    assert limit_of(interface, FLEET, RateLimits(margin=0.0)) == Limit(calls, window, spacing)
    assert limit_of(interface, FLEET, RateLimits(margin=3.0)) == Limit(
        calls, window + 3, spacing + 3 if spacing else 0, 3.0
    )


@pytest.mark.parametrize("interface", list(Interface))
def test_an_empty_fleet(interface: Interface) -> None:
    empty = {Interface.GET_STATION_REAL_KPI: 0, Interface.GET_DEV_REAL_KPI: 0, Interface.GET_ALARM_LIST: 0}
    documented = {
        Interface.LOGIN: 5,
        Interface.LOGOUT: 5,
        Interface.STATIONS: 24,
        Interface.GET_STATION_LIST: 24,
        Interface.GET_DEV_LIST: 24,
        **dict.fromkeys((*PLANT_REPORTS, *DEVICE_REPORTS), 24),
        Interface.GET_DEV_HISTORY_KPI: 24,
        Interface.GET_DEV_FIVE_MINUTES: 24,
        Interface.GET_INVENTER_REAL_KPI: 1,
        Interface.TOKEN: 5,
    }
    assert limit_of(interface, Fleet(), RateLimits()).calls == {**empty, **documented}[interface]


def test_alarms_are_limited_by_plants_where_these_need_more_calls() -> None:
    assert limit_of(Interface.GET_ALARM_LIST, Fleet(1000, {38: 100}), RateLimits()).calls == 10


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (InterfaceLimits(calls=7), Limit(7, 303, 63, 3.0)),
        (InterfaceLimits(window=10.0), Limit(3, 13, 63, 3.0)),
        (InterfaceLimits(spacing=5.0), Limit(3, 303, 8, 3.0)),
        (InterfaceLimits(spacing=0.0), Limit(3, 303, 0, 3.0)),
        (InterfaceLimits(calls=0, window=1.0, spacing=2.0), Limit(0, 4, 5, 3.0)),
    ],
)
def test_each_part_that_is_given_replaces_the_documented_one(given: InterfaceLimits, expected: Limit) -> None:
    rates = RateLimits(interfaces={Interface.GET_STATION_REAL_KPI: given})
    assert limit_of(Interface.GET_STATION_REAL_KPI, FLEET, rates) == expected
    assert limit_of(Interface.GET_DEV_LIST, FLEET, rates) == limit_of(Interface.GET_DEV_LIST, FLEET, RateLimits())


def test_a_spacing_that_an_interface_lacks_can_be_given() -> None:
    rates = RateLimits(interfaces={Interface.GET_DEV_REAL_KPI: InterfaceLimits(spacing=1.0)})
    assert limit_of(Interface.GET_DEV_REAL_KPI, FLEET, rates).spacing == 4


class TestSystemClock:
    def test_it_is_close_to_unix_time_and_never_goes_back(self) -> None:
        clock = SystemClock()
        moments = [clock.now() for _ in range(100)]
        assert moments == sorted(moments)
        assert clock.wall(clock.now()) == pytest.approx(time.time(), abs=1.5)

    def test_it_knows_the_run_of_the_machine_and_the_seconds_since_its_start(self) -> None:
        clock, later = SystemClock(), SystemClock()
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
        name, seconds = clock.boot(clock.now())
        assert name == Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        assert uptime - 1 <= seconds <= uptime + 60
        assert clock.boot(clock.now() + 1000)[1] == pytest.approx(seconds + 1000, abs=60)
        # two processes of one run agree about a moment, each by its own count of seconds
        assert later.boot(later.now())[1] == pytest.approx(clock.boot(clock.now())[1], abs=60)

    def test_a_corrected_wall_clock_is_no_other_moment_of_the_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock, real = SystemClock(), time.time
        monkeypatch.setattr(time, "time", lambda: real() + 1e6)
        corrected = SystemClock()
        assert corrected.now() - clock.now() == pytest.approx(1e6, abs=60)
        assert corrected.boot(corrected.now())[1] == pytest.approx(clock.boot(clock.now())[1], abs=60)

    def test_a_corrected_wall_clock_moves_the_wall_and_not_the_pace(self, monkeypatch: pytest.MonkeyPatch) -> None:
        clock = SystemClock()
        real = time.time
        before = clock.now()
        monkeypatch.setattr(time, "time", lambda: real() + 3600)
        assert clock.now() == pytest.approx(before, abs=60)
        assert clock.wall(before) == pytest.approx(before + 3600, abs=60)
        monkeypatch.setattr(time, "time", lambda: real() + 3600.5)
        assert clock.wall(before) == pytest.approx(before + 3600, abs=60)

    def test_without_a_boot_clock_the_monotonic_one_is_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delattr(time, "CLOCK_BOOTTIME")
        clock = SystemClock()
        assert clock.now() <= clock.now()
        assert clock.wall(clock.now()) == pytest.approx(time.time(), abs=60)
        assert clock.boot(clock.now())[1] == pytest.approx(time.monotonic(), abs=60)

    def test_a_pause_is_as_long_as_it_is_asked_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        slept: list[float] = []
        monkeypatch.setattr(time, "sleep", slept.append)
        for seconds in (0.25, -1.0, 3.0):
            SystemClock().pause(seconds)
        assert slept == [0.25, 0.0, 3.0]

    @pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e-3, 1e12])
    def test_waiting_ends_with_the_event_or_the_time(self, seconds: float) -> None:
        event = threading.Event()
        if seconds > 1:
            event.set()
        SystemClock().wait(event, seconds)
        SystemClock().pause(min(seconds, 1e-3))
