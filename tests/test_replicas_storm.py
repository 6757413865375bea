"""Storms over three real processes and one Redis: whatever ends, hangs or is cut off, none asks beside another."""

import itertools
import random
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml
from support.cut_link import CutLink
from support.redis_server import RedisServer
from support.replica_processes import PASSWORD, SPEED, USER, Process, account, until
from typing_extensions import override

from fusionsolar_exporter.simulator.answers import SimulatedAnswer
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.scaled_time import ScaledTime
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

PROCESSES = 3
ACCOUNTS = ("north", "south", "east", "west")
LEASE = 2.0
LONGEST = 3 * LEASE
"""Seconds for which something hangs, is cut off, or away."""
PAUSES = (0.1, 1.5)
"""Seconds between two events."""
ON_ITS_WAY = 0.2
"""Seconds that each request takes, so that another beside it would be seen."""


class Watched(SimulatedSystem):
    """Notes when a request arrives while another is on its way."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(
            SimulatedFleet(FleetPlan(plants=2, devices={1: 2}, start=now())), now=now, users={USER: PASSWORD}
        )
        self.at_once: list[str] = []
        """What arrived while what was on its way, and when (seconds of the monotonic clock)."""
        self.handled = 0
        self._busy = threading.Lock()
        self._on_its_way = ""
        self._never = threading.Event()

    @override
    def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> SimulatedAnswer:
        alone = self._busy.acquire(blocking=False)
        self.handled += 1
        if alone:
            self._on_its_way = f"{path} since {time.monotonic():.2f}"
        else:
            self.at_once.append(f"{path} at {time.monotonic():.2f} beside {self._on_its_way}")
        try:
            self._never.wait(ON_ITS_WAY)
            return super().handle(method, path, headers, body)
        finally:
            if alone:
                self._busy.release()


class Storm:
    """Events are drawn by chance; each may have an end later."""

    def __init__(self, directory: Path, chance: random.Random, stack: ExitStack) -> None:
        now = ScaledTime(SPEED, time.time() // 86400 * 86400 + 9 * 3600)
        self.chance = chance
        self.systems = {name: Watched(now) for name in ACCOUNTS}
        self.accounts = [
            account(name, stack.enter_context(SimulatorServer(system)).url) for name, system in self.systems.items()
        ]
        self.server = stack.enter_context(RedisServer(directory))
        self.links = [stack.enter_context(CutLink(self.server.port)) for _ in range(PROCESSES)]
        self.directory = directory
        self._numbers = itertools.count()
        self.processes = [self._begin(place) for place in range(PROCESSES)]
        stack.callback(self.end)
        self.happened: list[str] = []
        """With the moments, for whoever reads of a failure."""
        self._later: list[tuple[float, Callable[[], None]]] = []

    def _begin(self, place: int) -> Process:
        config = self.directory / f"config-{place}.yml"
        state = {"url": f"redis://127.0.0.1:{self.links[place].port}/0", "lease": f"{LEASE:.0f}s"}
        config.write_text(yaml.safe_dump({"accounts": self.accounts, "state": state}))
        return Process(config, self.directory / f"exporter-{place}-{next(self._numbers)}.log")

    def happen(self) -> None:
        """Something."""
        place = self.chance.randrange(PROCESSES)
        event = self.chance.choice((self.kill, self.stop, self.terminate, self.cut, self.cut_all, self.empty_redis))
        self.happened.append(f"{time.monotonic():.2f}: {event.__name__} {place}")
        event(place)
        self._pass(self.chance.uniform(*PAUSES))

    def calm_down(self) -> None:
        """All that began ends."""
        self._pass(LONGEST)

    def _pass(self, seconds: float) -> None:
        until_then, pause = time.monotonic() + seconds, threading.Event()
        while (left := until_then - time.monotonic()) > 0:
            for each in [each for each in self._later if each[0] <= time.monotonic()]:
                self._later.remove(each)
                each[1]()
            pause.wait(min(left, 0.05))

    def _afterwards(self, undo: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + self.chance.uniform(0.1, LONGEST), undo))

    def kill(self, place: int) -> None:
        self.processes[place].end()
        self.processes[place] = self._begin(place)

    def stop(self, place: int) -> None:
        process = self.processes[place]
        process.signal(signal.SIGSTOP)
        self._afterwards(lambda: process.signal(signal.SIGCONT))  # that it has ended since, does no harm

    def terminate(self, place: int) -> None:
        process = self.processes[place]
        process.signal(signal.SIGCONT)
        process.signal(signal.SIGTERM)
        process.popen.wait(LONGEST * 5)
        self.processes[place] = self._begin(place)

    def cut(self, place: int) -> None:
        self.links[place].cut()
        self._afterwards(self.links[place].mend)

    def cut_all(self, _place: int) -> None:
        """For a moment: each may connect anew at once."""
        for link in self.links:
            link.cut()
            link.mend()

    def empty_redis(self, _place: int) -> None:
        self.server.stop()
        if self.chance.random() < 0.5:
            self._pass(self.chance.uniform(0.1, LONGEST))
        self.server.start()

    def all_led_once(self) -> bool:
        led = [name for process in self.processes for name in process.led()]
        return sorted(led) == sorted(ACCOUNTS)

    def end(self) -> None:
        for process in self.processes:
            process.end()


def endure(events: int, seed: int, directory: Path) -> None:
    with ExitStack() as stack:
        storm = Storm(directory, random.Random(seed), stack)
        until(lambda: all(process.address for process in storm.processes), "they listen")
        until(storm.all_led_once, "each account has one leader")
        for _ in range(events):
            storm.happen()
        storm.calm_down()
        until(lambda: all(process.address for process in storm.processes), "they listen")
        until(storm.all_led_once, "each account has one leader again")
        asked = {name: system.handled for name, system in storm.systems.items()}
        until(lambda: all(each.handled > asked[name] for name, each in storm.systems.items()), "all are asked again")
        at_once = [told for system in storm.systems.values() for told in system.at_once]
        assert at_once == [], storm.happened
        assert len(storm.happened) == events
        assert min(asked.values()) > events / 10, (asked, storm.happened)
        logs = [path.read_text() for path in directory.glob("exporter-*.log")]
        assert not any(word in log for log in logs for word in (PASSWORD, "Traceback", "internal error"))


@pytest.mark.no_cover
def test_a_short_storm(tmp_path: Path) -> None:
    endure(6, 1, tmp_path)


@pytest.mark.slow
@pytest.mark.no_cover
def test_three_hundred_events(tmp_path: Path) -> None:
    endure(300, 1, tmp_path)
