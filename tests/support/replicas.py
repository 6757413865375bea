"""Several exporters over one real Redis, and the far side of each account, all in the test's time."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from fusionsolar_exporter.config import AccountConfig
from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.transport import RawAnswer
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.system import SimulatedSystem
from fusionsolar_exporter.state import Partition
from fusionsolar_exporter.state.redis.state import RedisState
from fusionsolar_exporter.status import CollectorName
from support.manual_clock import ManualClock
from support.observed import Observed
from support.redis_server import TimedLink
from support.world import PASSWORD, USER, CountingInstruments, InProcess, ListLog, QuietFailures

LEASE = 15.0
NAP = 5.0  # an account's thread looks around so often
MIN_GAP = 1.0


class KilledError(BaseException):
    """SIGKILL."""


@dataclass
class Dying(InProcess):
    """A transport whose process may be killed before a request arrives, or after it was answered."""

    account: str = ""
    replica: "Replica | None" = None

    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        assert self.replica is not None
        self.replica.sent += 1
        self._die("before")
        answer = super().post(path, payload, auth)
        self._die("after")
        if path == self.replica.cut_after and self.replica.link is not None:
            self.replica.link.cut = True
        return answer

    def _die(self, moment: str) -> None:
        assert self.replica is not None
        if self.replica.dies == moment and self.account not in self.replica.world.bereft:
            self.replica.world.bereft.add(self.account)
            raise KilledError


class Replica:
    """One process; steps its accounts when they are due, and renews its leases."""

    def __init__(self, world: "Replicas", partition: Callable[["Replica", str], Partition]) -> None:
        self.world = world
        self.log = ListLog()
        self.observed = Observed()
        self.link: TimedLink | None = None
        self.state: RedisState | None = None
        self.instruments = CountingInstruments()
        self.sent = 0
        self.dies = ""
        self.cut_after = ""
        """The interface after whose next answer Redis is out of reach."""
        self.paused = False
        self.stopped = False
        self.renews_at = world.clock.now() + world.lease / 3
        self.accounts = [
            Account(self._settings(name), self._collaborators(name, system), partition(self, name))
            for name, system in world.systems.items()
        ]
        self.due = [world.clock.now()] * len(self.accounts)

    def _settings(self, name: str) -> AccountSettings:
        return AccountSettings(self.world.account_config(name))

    def _collaborators(self, name: str, system: SimulatedSystem) -> Collaborators:
        return Collaborators(
            clock=self.world.clock,
            transport=lambda _settings: Dying(system, self.world.clock, account=name, replica=self),
            observer=lambda _settings: Observer(self.instruments, QuietFailures()),
            log=self.log,
        )

    @property
    def leads(self) -> list[str]:
        return [account.settings.name for account in self.accounts if account._engine.store.leads]

    @property
    def next_at(self) -> float:
        return min(*self.due, self.renews_at)

    def run_one(self) -> None:
        """Whatever is due first."""
        now = self.world.clock.now()
        if self.renews_at <= min(self.due):
            self.renews_at = now + self.world.lease / 3
            if self.state is not None:
                self.state.renew()
            return
        index = self.due.index(min(self.due))
        at = self.accounts[index].step()
        now = self.world.clock.now()
        leads = self.accounts[index]._engine.store.leads
        self.due[index] = min(max(at, now + (0.0 if leads else self.world.look)), now + self.world.nap)

    def ages(self) -> dict[tuple[str, str], float]:
        """Seconds since each plant was read, by account and plant code."""
        now = self.world.clock.now()
        return {
            (account.settings.name, code): now - moment
            for account in self.accounts
            for code, moment in account.cache.snapshot().plant_fetched_at[CollectorName.PLANT_REALTIME].items()
        }

    def stop(self) -> None:
        """SIGTERM."""
        for account in self.accounts:
            account.stop(2.0)
        self.stopped = True


@dataclass
class Replicas:
    """Accounts and replicas; ``systems`` are the far sides by account."""

    url: str
    accounts: int = 1
    plan: FleetPlan = field(default_factory=lambda: FleetPlan(plants=2, devices={1: 1}))
    clock: ManualClock = field(default_factory=ManualClock)
    seed: int = 1
    lease: float = LEASE
    nap: float = NAP
    look: float = 0.0
    """Who does not lead looks no more often, for long runs."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self._delays = random.Random(self.seed)
        self.systems = {
            f"account-{number}": SimulatedSystem(
                SimulatedFleet(self.plan), now=self.clock.now, users={USER: PASSWORD}, log_size=None
            )
            for number in range(self.accounts)
        }
        self.running: list[Replica] = []
        self.bereft: set[str] = set()
        """Accounts that have lost an answer with the process that had asked."""
        self.watch: Callable[[], None] = lambda: None
        """Called once in a second."""
        self._watch_at = 0.0

    def account_config(self, name: str) -> AccountConfig:
        """An account as it is configured."""
        return AccountConfig(name=name, url=f"http://{name}", username=USER, password=PASSWORD)

    def start(self, count: int = 1) -> Replica:
        """Start replicas; the last one."""
        for _ in range(count):
            self.running.append(Replica(self, self._place))
        return self.running[-1]

    def _place(self, replica: Replica, name: str) -> Partition:
        if replica.state is None:
            replica.link = TimedLink(self.url, self.lease, self.clock, replica.log, replica.observed)
            replica.state = RedisState(replica.link, LEASE, self.clock, self._delay)
        return replica.state.partition(name, USER)

    def _delay(self) -> float:
        return self._delays.uniform(0.0, 1.0)

    def kill(self, replica: Replica) -> None:
        self.running.remove(replica)

    def kill_who_asks_next(self, moment: str) -> None:
        """Kill a replica before or after its request; no account loses an answer twice."""
        count = len(self.running)
        for replica in self.running:
            replica.dies = moment
        while len(self.running) == count:
            self.run(0.1)
        for replica in self.running:
            replica.dies = ""

    def run(self, seconds: float) -> None:
        until = self.clock.now() + seconds
        while True:
            able = [replica for replica in self.running if not replica.paused]
            replica = min(able, key=lambda each: each.next_at, default=None)
            if replica is None or replica.next_at > until:
                break
            self.clock.advance_to(replica.next_at)
            try:
                replica.run_one()
            except KilledError:
                self.kill(replica)
            if self.clock.now() >= self._watch_at:
                self._watch_at = self.clock.now() + 1.0
                self.watch()
        self.clock.advance_to(until)

    def leaders(self) -> dict[str, list[Replica]]:
        """Who leads each account, as each replica itself sees it."""
        return {name: [each for each in self.running if name in each.leads] for name in self.systems}

    def counts(self) -> dict[str, int]:
        """Requests of all accounts by interface."""
        names = {interface for system in self.systems.values() for interface in system.log.counts}
        return {name.value: sum(system.log.counts[name] for system in self.systems.values()) for name in sorted(names)}

    @property
    def refused(self) -> list[Any]:
        """Everything that was answered with a failCode other than 0, and gaps that were too short."""
        refusals = [refusal for system in self.systems.values() for refusal in system.log.refusals.items()]
        gaps = [
            (name, later.at - earlier.at)
            for name, system in self.systems.items()
            for earlier, later in pairwise(system.log.requests)
            if later.at - earlier.at < MIN_GAP - 1e-3
        ]
        return [*refusals, *gaps]
