"""The command with one account, in simulated time; its process and its far side are in trouble."""

import http.client
import math
import os
import random
import signal
from collections import deque
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml
from typing_extensions import override

from fusionsolar_exporter.northbound.interfaces import REAL_TIME_TYPES
from fusionsolar_exporter.simulator.answers import Delivery, SimulatedAnswer
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import START, FleetPlan
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.status import CollectorName
from support.chaos_command import KNOWN_HEADER, LISTS
from support.chaos_oracle import DocumentedQuotas, Oracle, SaidMoments
from support.chaos_process import NOTHING, ChaosProcess, Footprint, Known
from support.driven_clock import DrivenClock
from support.http_world import PASSWORD, USER, FarSide
from support.redis_server import RedisServer

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
TIMEOUT = 10.0
SLOWEST_BACK_OFF = 10 * MINUTE
LIVE = (CollectorName.PLANT_REALTIME, CollectorName.DEVICE_REALTIME, CollectorName.ALARMS)
TOKENS = 20
"""So many logins ago a token is too old to be told by anybody."""
HEALTHY = ("healthy",)
LOST = SimulatedAnswer(200, {}, b"", delivery=Delivery.RESET)


class ChaosSide(FarSide):
    """A far side that may be slow, deaf, or the end of the process that asks it."""

    def __init__(self, plan: FleetPlan, clock: DrivenClock) -> None:
        super().__init__(SimulatedFleet(plan), clock, rules=Rules(constant_bodies=True), log_size=0)
        self.judge = self._quotas = DocumentedQuotas()
        self.faults = self.moments = SaidMoments(self.fleet, clock.now)
        self.slow = 0.0
        """Seconds that a request is on its way; at the timeout it is given up, though it has arrived."""
        self.deaf = False
        self.kills: Callable[[], None] | None = None
        """Kills the next process that asks: before its request arrives, or while the answer is on its way."""
        self.kills_before = False
        self.newest_tokens: deque[str] = deque(maxlen=TOKENS)
        self.judged: Callable[[Known], None] = lambda _known: None
        """Called for each request that has arrived, with what is known to whoever sent it."""

    @override
    def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> SimulatedAnswer:
        kills, self.kills = self.kills, None
        if kills is not None and self.kills_before:
            kills()
            return LOST
        if self.deaf:
            return LOST
        self._clock.advance(self.slow)
        answer = super().handle(method, path, headers, body)
        self.newest_tokens.extend(value for name, value in answer.headers.items() if name == "xsrf-token")
        self.judged(Known.of(headers[KNOWN_HEADER]))
        if kills is not None:
            kills()
        return LOST if kills is not None or self.slow >= TIMEOUT else answer


class ChaosWorld:
    """Seconds are counted from the start; a context manager that ends the process."""

    def __init__(self, plan: FleetPlan, directory: Path, chance: random.Random, redis: RedisServer | None) -> None:
        self.chance = chance
        self.redis = redis
        """Where state is kept; None for a file."""
        self.directory = directory
        self._time = directory / "time"
        self.clock = DrivenClock.create(self._time, START + chance.uniform(0, DAY))
        self.started_at = self.clock.now()
        self.system = ChaosSide(plan, self.clock)
        self.system.judged = self._judge
        self.server = SimulatorServer(self.system)
        self.server.start()
        self.oracle = Oracle(self.system.moments)
        self.wrong: list[str] = []
        """What was served, said or left undone and should not have been."""
        self._judged = 0
        self._expected = False
        """Whether the process may end by itself."""
        self.account_keys: dict[str, Any] = {}
        self.sections: dict[str, Any] = {}
        self.unexplained: list[tuple[Interface, float]] = []
        """Calls above a documented limit, though every list that the exporter has names only what there still is."""
        self.explained_at = -math.inf
        """The newest one that a smaller fleet explains."""
        self.misled_at = -math.inf
        """When the exporter's lists last named what there is no more."""
        self.added_at: dict[str, float] = {}
        """Plants and devices that are new, with the moment from which the far side lists them."""
        self._listed_at: dict[str, float] = {}
        """When the exporter was first seen to know of them."""
        self.log: list[str] = []
        self._scanned = 0
        self.footprints: list[Footprint] = []
        """Of processes that have lived for an hour, and are not killed in it."""
        self._born = 0.0
        self.slowest = 0.0
        """Seconds (real ones) of the page that took longest."""
        self.known = NOTHING
        self._process = self._begin()

    def write_config(self) -> Path:
        """The configuration as it is now; a reload reads it again."""
        rates = {"backoff": {"maximum": f"{SLOWEST_BACK_OFF:.0f}s"}, **self.account_keys.get("rate_limits", {})}
        account = {"name": "default", "url": self.server.url, "username": USER, "password": PASSWORD}
        state = self.redis.url if self.redis is not None else f"sqlite:{self.directory / 'state.sqlite'}"
        file = self.directory / "exporter.yml"
        told = {
            "accounts": [account | self.account_keys | {"rate_limits": rates}],
            "metrics": {"include": ["fusionsolar_(up|plant_.*|device_.*)"]},
            "state": {"url": state},
            **self.sections,
        }
        file.touch(0o600)
        file.write_text(yaml.safe_dump(told), encoding="utf-8")
        return file

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self.clock.now() - self.started_at

    def run(self, seconds: float) -> None:
        """Let the process live for so long; one that is killed meanwhile is started again at once."""
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            known = self._process.run_to(min(until, self.clock.now() + 5 * MINUTE))
            if known is None:
                assert self._expected, self.log[-20:]
                self._bury()
            else:
                self.known = known
                self._look()

    def _look(self) -> None:
        """Read what is served now."""
        status, text = self._process.page("/metrics")
        assert status == HTTPStatus.OK
        assert 'fusionsolar_up{account="default"}' in text
        _, health = self._process.page("/-/healthy")
        ailments = [line for line in health.splitlines() if line not in HEALTHY and "thread web" not in line]
        if self._gone():
            self.misled_at = self.now
        for key in self.added_at.keys() & (self.known.plants | self.known.devices):
            self._listed_at.setdefault(key, self.now)
        fleet = self.system.fleet
        for plant in fleet.plants.values():
            self.oracle.names[plant.code].add(plant.name)
        for device in fleet.devices.values():
            self.oracle.names[device.id].add(device.name)
        self.oracle.planned(self.clock.now(), self.known.lives)
        found = [*self.oracle.wrong(text, self.clock.now()), *ailments, *self._secrets(text)]
        self.wrong += [f"{self.now / HOUR:.2f} h: {one}" for one in found]
        if self.now >= self._born + HOUR and len(self.footprints) < self.now // HOUR:
            self.footprints.append(self._process.footprint)

    def look_at_pages(self) -> None:
        """Look for secrets and mistakes in everything else that leaves the process."""
        for path in ("/", "/api/v1/status"):
            status, text = self._process.page(path)
            told = [*self._secrets(text), *([] if status == HTTPStatus.OK else [f"{path}: {status}"])]
            self.wrong += [f"{self.now / HOUR:.2f} h: {one}" for one in told]
        self.wrong += self._secrets(self._process.arguments)
        open_to_others = [each for each in self.directory.glob("state.sqlite*") if each.stat().st_mode & 0o077]
        self.wrong += [f"{each} can be read by others" for each in open_to_others]

    def _secrets(self, page: str) -> list[str]:
        """Secrets in a page, and in what was logged since."""
        news, self._scanned = self.log[self._scanned :], len(self.log)
        text = "".join([page, *news])
        known = [PASSWORD, *self.system.newest_tokens]
        secrets = [f"a secret in {text[max(text.index(each) - 80, 0) :][:80]}" for each in known if each in text]
        return secrets + [line for line in news if "Traceback" in line or "internal error" in line]

    def restart(self) -> None:
        """An orderly one."""
        self._expected = self._expected or self.system.kills is not None
        status = self._process.stop()
        assert status == 0 or self._expected, self.log[-20:]
        self._bury()

    def reboot(self) -> None:
        """The machine loses its power, and with it the count of seconds since its start."""
        self._process.kill()
        self.clock.reboot()
        self._bury()

    def kill(self, *, sending: bool) -> None:
        """SIGKILL, now, or around the next request."""
        if sending:
            self._expected = True
            self.system.kills_before = self.chance.random() < 0.5
            self.system.kills = lambda: os.kill(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
            self._bury()

    def sleep(self, seconds: float) -> None:
        """SIGSTOP, and SIGCONT when so much time has passed."""
        self._process.signal(signal.SIGSTOP)
        self.clock.advance(seconds)
        self._process.signal(signal.SIGCONT)
        self.run(1)  # whoever was due goes first, and then what comes next

    def reload(self, account: Mapping[str, Any] | None = None, **sections: Any) -> None:
        """Replace what the configuration has beside the account's name, and have it read again."""
        self.account_keys, self.sections = dict(account or {}), sections
        self.write_config()
        if self.chance.random() < 0.5:
            self._process.signal(signal.SIGHUP)  # may come as late as the next request does
        try:
            status, text = self._process.page("/-/reload", "POST")
            assert status == HTTPStatus.OK, text
        except (OSError, http.client.HTTPException):
            assert self._expected, self.log[-20:]
        self.run(1)

    def fill_disk(self, *, full: bool) -> None:
        """Nothing can be written to any file, or everything again."""
        self._process.limit_files(0 if full else -1)

    def dark(self, name: CollectorName) -> set[str]:
        """The ids that the far side would serve, and that have nothing of this collector that may be served now."""
        fleet = self.system.fleet
        devices = {key for key, device in fleet.devices.items() if device.type_id in REAL_TIME_TYPES}
        wanted = devices if name is CollectorName.DEVICE_REALTIME else fleet.plants.keys()
        return set(wanted) - self._new() - self.known.served.get(name, frozenset())

    def interval(self, name: CollectorName) -> float:
        """Seconds, as the exporter plans now."""
        return self.known.intervals[name]

    def search_time(self, name: CollectorName) -> float:
        """Seconds that the search for ids that are gone may take, where no list may be asked that would name them."""
        gone = len(self._gone())
        if self.known.lists_may_be_asked or not gone:
            return 0.0
        turns = min(gone * self.turns_of_a_search(), 3 * len(self.known.devices))
        return turns * self.interval(name)

    def turns_of_a_search(self) -> int:
        """How many the search for one id takes at most."""
        return 2 * math.ceil(math.log2(max(len(self.known.devices), 2))) + 2

    def _gone(self) -> AbstractSet[str]:
        """What the exporter's lists name, and the far side knows no more."""
        fleet = self.system.fleet
        return (self.known.plants - fleet.plants.keys()) | (self.known.devices - fleet.devices.keys())

    def _judge(self, known: Known) -> None:
        """A request has arrived from one who knows so much: a plan may last for one only.

        Limits follow from the fleet, of which the exporter knows what its lists have said.
        """
        self.known = replace(known, served=self.known.served)
        self.oracle.planned(known.now, known.lives)
        broken = self.system.judge.broken
        news, self._judged = broken[self._judged :], len(broken)
        if not self._gone():
            self.unexplained += [(interface, at - self.started_at) for interface, at in news]
            return
        self.misled_at = self.now
        if news:
            self.explained_at = self.now

    def _new(self) -> set[str]:
        """What the lists of the exporter need not name yet, or have named just now.

        A day's calls for a list may be used up by what happened before: then the next one names it.
        """
        two_turns = 2 * sum(self.interval(name) for name in LISTS)
        first_turns = 3 * max(self.interval(name) for name in LIVE)
        return {
            key
            for key, at in self.added_at.items()
            if self.now < max(at + two_turns, self._listed_at.get(key, at + DAY) + first_turns)
        }

    def _begin(self) -> ChaosProcess:
        self._born = self.now
        return ChaosProcess(self.write_config(), self._time, self.log)

    def _bury(self) -> None:
        self._expected, self.system.kills = False, None
        self.end()
        self.clock.advance(self.chance.uniform(1, 20))
        self._process = self._begin()

    def end(self) -> None:
        """End the process, in whatever way it lives."""
        self.slowest = max(self.slowest, self._process.slowest)
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self.server.stop()
        self.clock.close()
