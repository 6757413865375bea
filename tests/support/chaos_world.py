"""One account of the exporter in its own threads and in simulated time; its process and its far side are in trouble."""

import io
import logging
import math
import random
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from typing_extensions import override

from fusionsolar_exporter import building, logs
from fusionsolar_exporter.building import build_exporter
from fusionsolar_exporter.config import Config
from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.exporter import Exporter
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import REAL_TIME_TYPES
from fusionsolar_exporter.northbound.transport import RawAnswer
from fusionsolar_exporter.refresh import account as refresh_account
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.reload_thread import ReloadThread
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import START, FleetPlan
from fusionsolar_exporter.state.sqlite_file import SqliteFile, UnusableFileError
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.supervision import ThreadKind
from support.chaos_oracle import DocumentedQuotas, Oracle, SaidMoments
from support.http_world import PASSWORD, USER, FarSide
from support.lockstep_clock import DEADLINE, LockstepClock
from support.world import InProcess

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
TIMEOUT = 10.0
SLOWEST_BACK_OFF = 10 * MINUTE
LISTS = (CollectorName.PLANT_LIST, CollectorName.DEVICE_LIST)
LIVE = (CollectorName.PLANT_REALTIME, CollectorName.DEVICE_REALTIME, CollectorName.ALARMS)


class KilledError(BaseException):
    """What SIGKILL is to a process: nothing behind this line happens."""


@dataclass
class Chaotic(InProcess):
    """A transport that may be slow, deaf, or the end of its process."""

    sends: Callable[[], None] = lambda: None
    answered: Callable[[], None] = lambda: None
    slow: float = 0.0
    """Seconds that a request is on its way; from the timeout on it is given up, though it has arrived."""
    deaf: bool = False

    @override
    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        self.sends()
        if self.deaf:
            raise NorthboundError(Reason.CONNECTION, path, "nobody listens", sent=False)
        self.clock.advance(self.slow)
        try:
            answer = super().post(path, payload, auth)
        finally:
            self.answered()
        if self.slow >= TIMEOUT:
            raise NorthboundError(Reason.TIMEOUT, path, "no answer in time")
        return answer


class ChaosWorld:
    """Seconds are counted from the start; a context manager that ends the threads."""

    def __init__(self, plan: FleetPlan, directory: Path, chance: random.Random, patch: pytest.MonkeyPatch) -> None:
        self.chance = chance
        self.clock = LockstepClock(START + chance.uniform(0, DAY), lambda: len(self.exporter.supervisor._beats))
        self.started_at = self.clock.now()
        self.system = FarSide(SimulatedFleet(plan), self.clock, rules=Rules(constant_bodies=True), log_size=None)
        self.system._quotas = self._quotas = DocumentedQuotas()
        self.system.faults = said = SaidMoments(self.system.fleet, self.clock.now)
        self.oracle = Oracle(said)
        self.wrong: list[str] = []
        """What was served and should not have been."""
        self.disk_full = False
        patch.setattr(SqliteFile, "transaction", self._transaction(SqliteFile.transaction))
        self.transport = Chaotic(self.system, self.clock, answered=self._judge)
        self._judged = 0
        # nobody else wants the account, and looking around every few seconds would take most of the time
        for nap in ("_LONGEST_NAP", "_LONGEST_NAP_SHARED"):
            patch.setattr(refresh_account, nap, 5 * MINUTE)
        patch.setattr(building, "HttpTransport", lambda _settings: self.transport)
        self._directory, self._survives = directory / "state", directory / "survives"
        self._killed = False
        self.account_keys: dict[str, Any] = {}
        self.sections: dict[str, Any] = {}
        self.internal_errors: Counter[str] = Counter()
        self.stale_beats: list[str] = []
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
        self.told = io.StringIO()
        logs.configure("info", "json", self.told)
        self.exporter = self._process()

    def config(self) -> Config:
        """The configuration as it is now; a reload reads it again."""
        rates = {"backoff": {"maximum": f"{SLOWEST_BACK_OFF:.0f}s"}, **self.account_keys.get("rate_limits", {})}
        account = {"name": "default", "url": "http://far.example", "username": USER, "password": PASSWORD}
        return validate(
            {
                "accounts": [account | self.account_keys | {"rate_limits": rates}],
                "metrics": {"include": ["fusionsolar_(up|plant_.*|device_.*)"]},
                "state": {"url": f"sqlite:{self._directory / 'state.sqlite'}"},
                **self.sections,
            },
            Path.cwd(),
        )

    @property
    def account(self) -> Account:
        (account,) = self.exporter._accounts.all()
        return account

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self.clock.now() - self.started_at

    def run(self, seconds: float) -> None:
        """Let the threads live for so long; a process that is killed meanwhile is started again at once."""
        until = self.clock.now() + seconds
        while self.clock.now() < until:
            self.clock.run_to(min(until, self.clock.now() + 5 * MINUTE), lambda: self._killed)
            if self._killed:
                self._bury(killed=True)
                self._rest()
            self.stale_beats += self.exporter.ailments()
            self._look()

    def _look(self) -> None:
        """Read what is served now."""
        body = self.exporter.exposition(openmetrics=False, gzipped=False, accounts=None, names=None)
        text = b"".join(body.parts).decode()
        assert 'fusionsolar_up{account="default"}' in text
        if self._gone():
            self.misled_at = self.now
        inventory = self.account._engine.inventory
        for key in self.added_at.keys() & (inventory.listed.keys() | inventory.devices.keys()):
            self._listed_at.setdefault(key, self.now)
        fleet = self.system.fleet
        for plant in fleet.plants.values():
            self.oracle.names[plant.code].add(plant.name)
        for device in fleet.devices.values():
            self.oracle.names[device.id].add(device.name)
        self._note_plan()
        self.wrong += [f"{self.now / HOUR:.2f} h: {one}" for one in self.oracle.wrong(text, self.clock.now())]
        if PASSWORD in text or any(token in text for token in tuple(self.system.tokens)):
            self.wrong.append(f"{self.now / HOUR:.2f} h: a secret")

    def _rest(self) -> None:
        """Until no thread is about to do anything: what a process does behind its end has not happened."""
        self.clock.run_to(self.clock.now())

    def restart(self) -> None:
        """An orderly one."""
        self._bury(killed=False)

    def reboot(self) -> None:
        """The machine loses its power, and with it the count of seconds since its start."""
        self._rest()
        self._keep_state()
        self.clock.boot_id, self.clock._booted_at = f"boot at {self.now:.0f}", self.clock.now()
        self._bury(killed=True)

    def kill(self, *, sending: bool) -> None:
        """SIGKILL, now, or when the next request is about to be sent."""
        if sending:
            self.transport.sends = self._die
        else:
            self._rest()
            self._keep_state()
            self._bury(killed=True)

    def reload(self, account: Mapping[str, Any] | None = None, **sections: Any) -> None:
        """Replace what the configuration has beside the account's name, and have the thread read it again."""
        self.account_keys, self.sections = dict(account or {}), sections
        self._reloads.wake()
        self.run(1)

    def dark(self, name: CollectorName) -> set[str]:
        """The ids that the far side would serve, and that have nothing of this collector that may be served now."""
        fleet, served = self.system.fleet, self.account.cache.snapshot()
        plants = fleet.plants.keys() - self._new()
        if name is CollectorName.PLANT_REALTIME:
            return plants - served.plant_readings.keys()
        if name is CollectorName.ALARMS:
            return plants - {code for code, alarms in served.alarms.items() if alarms.complete}
        devices = {key for key, device in fleet.devices.items() if device.type_id in REAL_TIME_TYPES}
        return devices - self._new() - served.device_readings.keys()

    def interval(self, name: CollectorName) -> float:
        """Seconds, as the exporter plans now."""
        return next(each.interval for each in self.account._engine.collectors.all if each.name is name)

    def search_time(self, name: CollectorName) -> float:
        """Seconds that the search for ids that are gone may take, where no list may be asked that would name them."""
        engine, gone, now = self.account._engine, len(self._gone()), self.clock.now()
        lists = [(each.limiter, each.planned_interface()) for each in engine.collectors.all if each.name in LISTS]
        asked = all(of.reserve(interface, now) >= 1 and of.earliest(interface) <= now for of, interface in lists)
        if asked or not gone:
            return 0.0
        turns = min(gone * self.turns_of_a_search(), 3 * len(engine.inventory.devices))
        return turns * self.interval(name)

    def turns_of_a_search(self) -> int:
        """How many the search for one id takes at most."""
        ids = max(len(self.account._engine.inventory.devices), 2)
        return 2 * math.ceil(math.log2(ids)) + 2

    def _gone(self) -> AbstractSet[str]:
        """What the exporter's lists name, and the far side knows no more."""
        fleet, inventory = self.system.fleet, self.account._engine.inventory
        return (inventory.listed.keys() - fleet.plants.keys()) | (inventory.devices.keys() - fleet.devices.keys())

    def _note_plan(self) -> None:
        self.oracle.planned(
            self.clock.now(), {each.name: each.auto_ttl() for each in self.account._engine.collectors.all}
        )

    def _judge(self) -> None:
        """Limits follow from the fleet, of which the exporter knows what its lists have said."""
        news, self._judged = self._quotas.broken[self._judged :], len(self._quotas.broken)
        if not self._gone():
            self.unexplained += [(interface, at - self.started_at) for interface, at in news]
        elif news:
            self.explained_at = self.now
        self._note_plan()

    def _new(self) -> set[str]:
        """What the lists of the exporter need not name yet, or have named just now.

        A day's calls for a list may be used up by what happened before: then the next one names it.
        """
        intervals = {each.name: each.interval for each in self.account._engine.collectors.all}
        two_turns = 2 * sum(intervals[name] for name in LISTS)
        first_turns = 3 * max(intervals[name] for name in LIVE)
        return {
            key
            for key, at in self.added_at.items()
            if self.now < max(at + two_turns, self._listed_at.get(key, at + DAY) + first_turns)
        }

    def _process(self) -> Exporter:
        exporter = build_exporter(self.config(), self.config, clock=self.clock, log=EventLogger())
        self._reloads = ReloadThread(exporter.reload, lambda: None, self.clock)
        exporter.supervisor.start(ThreadKind.RELOAD, self._reloads.run)
        exporter.start()
        return exporter

    def _transaction(self, real: Callable[[SqliteFile], Any]) -> Callable[[SqliteFile], Any]:
        """What begins a transaction, as long as there is room for what it writes."""

        def begin(file: SqliteFile) -> Any:
            if self.disk_full:
                raise UnusableFileError("database or disk is full")
            return real(file)

        return begin

    def _die(self) -> None:
        self.transport.sends = lambda: None
        self._keep_state()
        self._killed = True
        raise KilledError

    def _keep_state(self) -> None:
        shutil.rmtree(self._survives, ignore_errors=True)
        shutil.copytree(self._directory, self._survives)

    def _bury(self, *, killed: bool) -> None:
        self.end()
        if killed:
            shutil.rmtree(self._directory)
            self._survives.rename(self._directory)
        self._killed = False
        self.exporter = self._process()

    def end(self) -> None:
        """End the process."""
        errors = Counter(self.exporter.supervisor.errors())
        errors["refresh"] -= self._killed  # that it was killed counts as one of its thread
        self.internal_errors += errors
        ending = [account._end() for account in self.exporter._accounts.all()]
        self.clock.advance(self.chance.uniform(1, 20))  # a thread that was killed waits a second before it ends
        for thread in ending:
            if thread is not None:
                thread.join(DEADLINE)  # a busy machine needs longer than the exporter waits
        self._reloads.stop()
        self.exporter.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        for handler in [each for each in logging.getLogger().handlers if getattr(each, "stream", None) is self.told]:
            logging.getLogger().removeHandler(handler)
