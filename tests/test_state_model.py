"""Whatever happens to the processes and to their clocks, and in whatever order: the far side refuses nothing.

Processes on one state are started, killed at any point of a request, left without a turn, and have the account demanded
by another one; the wall clock jumps; the machine reboots. The strict far side is the judge.
"""

import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.kept_world import KeptWorld, Killed

from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.state.sqlite import SqliteState
from fusionsolar_exporter.state.sqlite_partition import SqlitePartition

PLAN = FleetPlan(plants=2, devices_per_plant=3, alarm_share=0.5)
MIN_GAP = 1.0
ENDED_SESSIONS = 305  # a clock that went back makes a session look younger than it is: no limit is broken by that


def die() -> None:
    raise Killed


class Processes(RuleBasedStateMachine):
    """Up to three exporters on one file; each is an account, its partition, and its own connection."""

    MOST: ClassVar = 3

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.world = KeptWorld(self.directory, PLAN)
        self.running: list[tuple[Account, SqlitePartition, SqliteState]] = []
        self.reboots = 0
        self.lowest = 0.0

    @initialize()
    def one(self) -> None:
        self.running = [(self.world.account, *self.world.partitions[0])]

    @precondition(lambda self: len(self.running) < self.MOST)
    @rule()
    def start(self) -> None:
        account = self.world.process()
        self.running.append((account, *self.world.partitions[-1]))

    @precondition(lambda self: self.running)
    @rule(data=st.data(), seconds=st.sampled_from([1, 30, 320, 1900]))
    def work(self, data: st.DataObject, seconds: float) -> None:
        """Some of the processes have their turns; the others are paused."""
        awake = [one for one in self.running if data.draw(st.booleans())]
        until = self.world.clock.now() + seconds
        while self.world.clock.now() < until:
            at = min((account.step() for account, _, _ in awake), default=until)
            self.world.clock.advance_to(min(max(at, self.world.clock.now()), until))

    @precondition(lambda self: self.running)
    @rule(
        which=st.integers(0, MOST),
        moment=st.sampled_from(["before", "after", "none"]),
        seconds=st.sampled_from([None, 0.0, 20.0, 290.0]),
    )
    def kill(self, which: int, moment: str, seconds: float | None) -> None:
        """SIGKILL: between two requests, or while one is under way; perhaps followed by a restart."""
        account, partition, state = self.running.pop(which % len(self.running))
        if moment != "none":
            setattr(self.world.deadly, moment, die)
        try:
            for _ in range(40):
                self.world.clock.advance_to(min(account.step(), self.world.clock.now() + 60))
        except Killed:
            pass
        finally:
            self.world.deadly.survive()
        end(partition, state)
        if seconds is not None:
            self.world.clock.advance(seconds)
            self.start()
            for _ in range(5):
                self.world.clock.advance_to(min(self.running[-1][0].step(), self.world.clock.now() + 5))

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def request_handover(self, data: st.DataObject) -> None:
        """One wants the account at once, uses it, and is gone."""
        account = self.world.process()
        partition, state = self.world.partitions[-1]
        partition.request_handover()
        for _ in range(3):
            for other, _, _ in self.running:
                if data.draw(st.booleans()):
                    other.step()
            account.step()
            self.world.clock.advance(1.0)
        end(partition, state)

    @rule(step=st.sampled_from([-40 * 86400.0, -3600.0, -5.0, 5.0, 3600.0, 40 * 86400.0]))
    def jump(self, step: float) -> None:
        if step > 0 and self.reboots:
            return  # a clock that is ahead of what was written before a reboot: nobody can tell
        self.world.clock.wall_step += step
        self.lowest = min(self.lowest, self.world.clock.wall_step)

    @rule(seconds=st.sampled_from([0.0, 20.0, 4000.0]), back=st.sampled_from([0.0, 600.0]))
    def reboot(self, seconds: float, back: float) -> None:
        """All processes end at once; afterwards the wall clock is where it was or behind: ahead nobody could tell."""
        for _, partition, state in self.running:
            end(partition, state)
        self.running = []
        self.reboots += 1
        self.world.clock.advance(seconds)
        self.world.clock.boot_id = f"boot {self.reboots}"
        self.lowest -= back
        self.world.clock.wall_step = self.lowest
        self.start()

    @invariant()
    def nothing_was_refused(self) -> None:
        codes = {code for _, code in self.world.refused}
        assert codes <= {ENDED_SESSIONS}, self.world.refused
        assert self.world.instruments.failures.keys() <= {
            (interface, reason) for interface, reason in self.world.instruments.failures if reason == "not_logged_in"
        }

    @invariant()
    def requests_keep_their_distance(self) -> None:
        starts = [request.at for request in self.world.system.log.requests]
        assert all(later - sooner >= MIN_GAP - 1e-6 for sooner, later in pairwise(starts))

    @invariant()
    def at_most_one_leads(self) -> None:
        assert sum(partition._lock is not None and partition._lock.held for _, partition, _ in self.running) <= 1

    def teardown(self) -> None:
        for _, partition, state in self.running:
            end(partition, state)
        shutil.rmtree(self.directory)


def end(partition: SqlitePartition, state: SqliteState) -> None:
    if partition._lock is not None:
        partition._lock.close()
    state.close()


TestProcesses = pytest.mark.no_cover(Processes.TestCase)
TestProcesses.settings = settings(
    max_examples=30,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes here
)
