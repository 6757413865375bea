"""A backfill beside a live exporter, in simulated time: one state, no refused request, and data as fresh as ever."""

import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from backfill_support import DAY, HOME, JUNE, LONDON, NOON, SMALL, Backfilled, PastWorld, logged
from support.http_world import differences
from support.manual_clock import ManualClock
from support.world import CountingInstruments, InProcess, ListLog, QuietFailures

from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.quiet_observer import NoStateObserver
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.limit_text import limits_of
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.state import Partition
from fusionsolar_exporter.state.opening import open_state
from fusionsolar_exporter.wiring import account_identity

pytestmark = pytest.mark.no_cover  # days of both: the tracer would double its time


class SharedClock(ManualClock):
    """While a backfill waits, the exporter works."""

    live: Account | None = None

    def wait(self, event: object, seconds: float) -> None:
        del event
        until = self.now() + max(seconds, 0.0)
        while self.live is not None and self.now() < until:
            at = self.live.step()
            self.advance_to(min(max(at, self.now() + 0.01), until, self.now() + 5))
        self.advance_to(until)


@contextmanager
def beside(past: PastWorld, tmp_path: Path) -> Iterator[SharedClock]:
    """A live exporter of the same account and state; it works while the clock goes."""
    past.sections = {**past.sections, "state": {"url": f"sqlite:{tmp_path / 'state.sqlite'}"}}
    past.clock = clock = SharedClock(NOON)
    past.system.now = clock.now
    config = past.config()
    state = open_state(config.state, clock, EventLogger(), NoStateObserver())
    (account,) = config.accounts
    clock.live = Account(
        AccountSettings(account, config.collectors),
        Collaborators(
            clock=clock,
            transport=lambda _: InProcess(past.system, clock),
            observer=lambda _: Observer(CountingInstruments(), QuietFailures()),
            log=ListLog(),
        ),
        state.partition(*account_identity(account)),
    )
    clock.wait(None, 1800)
    yield clock
    clock.wait(None, 900)
    state.close()


def longest_gaps(past: PastWorld) -> dict[Interface, float]:
    """How far apart live data of an interface came at most."""
    return {
        interface: max(differences([request.at for request in past.system.log.of(interface)]))
        for interface in (Interface.PLANT_REAL_TIME, Interface.DEVICE_REAL_TIME)
    }


def planned_days(told: Backfilled) -> float:
    match = re.search(r"all together ([0-9.]+) days", told.told)
    assert match, told.told
    return float(match[1])


def test_a_backfill_beside_a_live_exporter(tmp_path: Path) -> None:
    """Quotas of an hour, so that there are several of them in a test of seconds."""
    past = PastWorld(
        FleetPlan(plants=2, devices={38: 1}, places=(LONDON,), start=NOON, alarm_share=0),
        options={"shapes": limits_of("getKpiStationHour window=1h calls=10")},
        account={
            "rate_limits": {"margin": "0s", "interfaces": {"getKpiStationHour": {"window": "1h", "calls": 10}}},
        },
    )
    with beside(past, tmp_path) as clock:
        began, before = clock.now(), longest_gaps(past)
        told = past.run(tmp_path / "out", "--from", "2025-05-22", "--to", "2025-06-16", "--what", "plant_hourly")
        took = clock.now() - began
    assert told.status == 0
    assert len(told.files) == 25
    assert past.refused() == {}
    assert "25 calls, 10 in 1 h beside the exporter" in told.told
    assert 7200 <= took < 7200 + 6 * 60
    for interface, gap in longest_gaps(past).items():
        assert gap < before[interface] + 10


def test_where_no_exporter_runs_it_is_waited_for_once(tmp_path: Path) -> None:
    plan = FleetPlan(plants=1, devices={38: 1}, places=(LONDON,), start=NOON, alarm_share=0)
    past = PastWorld(plan, sections={"state": {"url": f"sqlite:{tmp_path / 'state.sqlite'}"}})
    told = past.run(tmp_path / "out", "--from", "2025-06-01", "--to", "2025-06-12", "--what", "plant_hourly")
    assert told.status == 0
    assert len(told.files) == 11
    assert past.clock.now() - NOON < 11 * 63 + 60  # the interface is asked once in 63 s anyway
    (listed,) = past.system.log.of(Interface.DEVICES)
    assert 60 < past.system.log.of(Interface.PLANT_HOURS)[0].at - listed.at < 66


class Impatient(ManualClock):
    """While a run waits, another process may take the account, and keep it, and somebody may end the run."""

    takes = ends = math.inf
    """Seconds after the beginning."""
    other: Partition
    taken = False

    def wait(self, event: threading.Event, seconds: float) -> None:
        super().wait(event, min(seconds, 0.1) if event.is_set() else seconds)
        if self.now() >= NOON + self.takes and not self.taken:
            self.taken = self.other.acquire()
        if self.now() >= NOON + self.ends:
            event.set()
        assert self.now() < NOON + 3600, "it waits for ever"


@contextmanager
def another_process(past: PastWorld, tmp_path: Path) -> Iterator[Impatient]:
    """Another one that uses the state."""
    past.sections = {"state": {"url": f"sqlite:{tmp_path / 'state.sqlite'}"}}
    past.clock = clock = Impatient(NOON)
    past.system.now = clock.now
    config = past.config()
    state = open_state(config.state, clock, EventLogger(), NoStateObserver())
    clock.other = state.partition(*account_identity(config.accounts[0]))
    yield clock
    clock.other.release()
    state.close()


def test_an_account_that_another_process_keeps_is_given_up_after_a_minute(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    past = PastWorld(SMALL)
    with another_process(past, tmp_path) as clock:
        clock.other.acquire()
        told = past.run(tmp_path / "out", *JUNE, "--what", "plant_hourly")
    assert told.status == 1
    assert "another process did not let go of the account" in logged(caplog)
    assert clock.now() - NOON == pytest.approx(60, abs=2)
    assert past.system.log.requests == ()


@pytest.mark.parametrize("takes", [0, 10])
def test_a_run_that_is_ended_while_it_waits_for_the_account_ends_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, takes: float
) -> None:
    past = PastWorld(SMALL)
    with another_process(past, tmp_path) as clock:
        clock.takes, clock.ends, clock.taken = takes, 20, not takes and clock.other.acquire()
        told = past.run(tmp_path / "out", *JUNE, "--what", "plant_hourly")
        assert clock.taken
        assert clock.now() - NOON == pytest.approx(20, abs=1)
    assert told.status == 1
    assert told.told.endswith("interrupted: the same command goes on where this one was\n")
    assert "did not let go" not in logged(caplog)
    assert bool(past.system.log.of(Interface.DEVICES)) == bool(takes)
    assert past.system.log.of(Interface.PLANT_HOURS) == ()
    past.clock = ManualClock(clock.now())
    past.system.now = past.clock.now
    assert past.run(tmp_path / "out", *JUNE, "--what", "plant_hourly").status == 0


@pytest.mark.slow
def test_ninety_days_beside_a_live_exporter(tmp_path: Path) -> None:
    """A minute or two: some days of both."""
    plan = FleetPlan(plants=1, devices=HOME, places=(LONDON,), start=NOON, alarm_share=0)
    past = PastWorld(plan, sections={"collectors": {"plant_daily": {"enabled": True}}})
    with beside(past, tmp_path) as clock:
        began, before = clock.now(), longest_gaps(past)
        what = "plant_hourly,plant_daily,device_daily"
        told = past.run(tmp_path / "out", "--from", "2025-03-18", "--to", "2025-06-16", "--what", what)
        took = (clock.now() - began) / DAY
    assert told.status == 0
    assert len(told.files) == 90 * 3
    assert past.refused() == {}
    gaps = longest_gaps(past)

    for interface, gap in gaps.items():
        assert gap < before[interface] + 10
    assert took == pytest.approx(planned_days(told), rel=0.05)
    # each day of the run but the last one, which has the rest
    sent = [request.at - began for request in past.system.log.of(Interface.PLANT_HOURS)]
    used = [sum(day * DAY <= at < (day + 1) * DAY for at in sent) / 25 for day in range(int(took))]
    assert len(used) == 3
    assert min(used) >= 0.9
