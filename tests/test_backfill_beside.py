"""A backfill beside a live exporter, in simulated time: one state, no refused request, and data as fresh as ever."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from backfill_support import DAY, HOME, LONDON, NOON, PastWorld
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
from fusionsolar_exporter.simulator.plan import FleetPlan
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


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[PastWorld, SharedClock]]:
    plan = FleetPlan(plants=2, devices=HOME, places=(LONDON,), start=NOON, alarm_share=0)
    world = PastWorld(plan, sections={"state": {"url": f"sqlite:{tmp_path / 'state.sqlite'}"}})
    clock = SharedClock(NOON)
    world.clock = clock
    world.system.now = clock.now
    config = world.config()
    state = open_state(config.state, clock, EventLogger(), NoStateObserver())
    (account,) = config.accounts
    clock.live = Account(
        AccountSettings(account, config.collectors),
        Collaborators(
            clock=clock,
            transport=lambda _: InProcess(world.system, clock),
            observer=lambda _: Observer(CountingInstruments(), QuietFailures()),
            log=ListLog(),
        ),
        state.partition(*account_identity(account)),
    )
    clock.wait(None, 1800)
    yield world, clock
    state.close()


def test_a_backfill_beside_a_live_exporter(tmp_path: Path, world: tuple[PastWorld, SharedClock]) -> None:
    past, clock = world
    began = clock.now()
    told = past.run(tmp_path / "out", "--from", "2025-04-27", "--to", "2025-06-16", "--what", "plant_hourly")
    took = (clock.now() - began) / DAY
    clock.wait(None, 900)
    assert told.status == 0
    assert len(told.files) == 50
    assert past.refused() == {}
    for interface in (Interface.PLANT_REAL_TIME, Interface.DEVICE_REAL_TIME):
        arrivals = [request.at for request in past.system.log.of(interface)]
        assert max(differences(arrivals)) < 303 + 10, interface
    # fifty calls of twenty-five a day: as many as are to spare, the last ones at the beginning of the second day
    assert "50 calls, 25 a day beside the exporter, 1.0 days" in told.told
    assert 1.0 <= took < 1.05
