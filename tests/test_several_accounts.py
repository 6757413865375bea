"""Several accounts in one exporter: each with its own limits, session and errors, none in the way of another."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn, cast

import pytest
from support.manual_clock import ManualClock
from support.scrape import Scrape

from fusionsolar_exporter.building import build_exporter
from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.running_accounts import RunningAccounts
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.refusals import Refusal
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

USERS = ("anna", "bert", "carl", "dora", "emil")
DEADLINE = 20.0
POWER = "fusionsolar_device_active_power_watts"
YIELD = "fusionsolar_plant_day_yield_watthours"
HOUR = 3600.0


class World:
    """One far side that every user may see whole, and an exporter with an account for some of them."""

    def __init__(self, users: tuple[str, ...]) -> None:
        self.clock = ManualClock()
        self.began = self.clock.now()
        plan = FleetPlan(plants=2, devices={1: 2}, alarm_share=1.0)
        known = {user: f"{user}'s password" for user in USERS}
        self.system = SimulatedSystem(SimulatedFleet(plan), now=self.clock.now, users=known, log_size=None)
        self.server = SimulatorServer(self.system)
        self.server.start()
        accounts = [
            {"name": f"of {user}", "url": self.server.url, "username": user, "password": known[user]} for user in users
        ]
        config = validate({"accounts": accounts, "state": {"url": "memory:"}}, Path.cwd())
        self.exporter = build_exporter(config, lambda: config, clock=self.clock, log=EventLogger())
        self.due = [self.clock.now()] * len(users)

    @property
    def accounts(self) -> list[Account]:
        return list(self.exporter._accounts.all())

    def run(self, seconds: float, without: int | None = None) -> None:
        """Every account's thread has its turns, but for one that hangs."""
        until = self.clock.now() + seconds
        while True:
            turns = [(at, index) for index, at in enumerate(self.due) if index != without]
            at, index = min(turns)
            if at > until:
                break
            self.clock.advance_to(at)
            self.due[index] = min(max(self.accounts[index].step(), self.clock.now()), self.clock.now() + 60.0)
        self.clock.advance_to(until)

    def scrape(self) -> Scrape:
        self.exporter.refresh_exposition()
        body = self.exporter.exposition(openmetrics=False, gzipped=False, accounts=None, names=None)
        return Scrape(b"".join(body.parts).decode())

    def arrivals(self, user: str) -> list[tuple[float, str]]:
        """When each request of a user came, in seconds since the start, and for what."""
        requests = (request for request in self.system.log.requests if request.user == user)
        return [(round(request.at - self.began, 3), request.interface.value) for request in requests]

    def stop(self) -> None:
        for account in self.accounts:
            account._engine.close()
        self.server.stop()


Make = Callable[..., World]


@pytest.fixture
def make() -> Iterator[Make]:
    worlds: list[World] = []

    def made(*users: str) -> World:
        worlds.append(World(users))
        return worlds[-1]

    yield made
    for world in worlds:
        world.stop()


def test_the_same_plant_seen_by_two_accounts_appears_under_both(make: Make) -> None:
    world = make("anna", "bert")
    world.run(60)
    scrape = world.scrape()

    for name in (YIELD, "fusionsolar_plant_info", POWER, "fusionsolar_alarm", "fusionsolar_plant_alarms"):
        by_account = {
            account: sorted(
                tuple(sorted((label, value) for label, value in sample.labels.items() if label != "account"))
                for sample in scrape.all(name, account=account)
            )
            for account in ("of anna", "of bert")
        }
        assert by_account["of anna"] == by_account["of bert"] != []
    assert scrape.by("account", "fusionsolar_up") == {"of anna": 1, "of bert": 1}
    assert scrape.by("account", "fusionsolar_account_leader") == {"of anna": 1, "of bert": 1}
    for name, snapshot in {view.name: view.snapshot for view in world.exporter.views()}.items():
        assert set(snapshot.plants) == set(world.system.fleet.plants), name
    assert not world.system.log.refusals


@pytest.mark.no_cover
def test_each_account_has_its_own_limits(make: Make) -> None:
    world = make(*USERS)
    world.run(HOUR)

    assert not world.system.log.refusals
    alone = make("anna")
    alone.run(HOUR)
    kinds = [interface for _, interface in alone.arrivals("anna")]
    for user in USERS:
        assert sorted(interface for _, interface in world.arrivals(user)) == sorted(kinds)


def test_one_locked_account_never_slows_the_others(make: Make) -> None:
    world = make("anna", "bert", "carl")
    for _ in range(5):  # somebody tries passwords in the portal
        with suppress(Refusal):
            world.system.sessions.login("bert", "wrong", world.clock.now())
    world.run(0.3 * HOUR)
    scrape = world.scrape()

    states = scrape.all("fusionsolar_account_state")
    present = {sample.labels["account"]: sample.labels["state"] for sample in states if sample.value}
    assert present == {"of anna": "ok", "of bert": "credentials", "of carl": "ok"}
    assert scrape.by("account", "fusionsolar_up") == {"of anna": 1, "of bert": 0, "of carl": 1}
    assert len(scrape.all(POWER, account="of anna")) == len(scrape.all(POWER, account="of carl")) == 4
    assert scrape.all(POWER, account="of bert") == []
    assert [interface for _, interface in world.arrivals("bert")] == ["login"]
    alone = make("anna")
    alone.run(0.3 * HOUR)
    assert len(world.arrivals("anna")) == len(world.arrivals("carl")) == len(alone.arrivals("anna"))
    for (there, interface), (here, same) in zip(alone.arrivals("anna"), world.arrivals("anna"), strict=True):
        assert interface == same
        assert here == pytest.approx(there, abs=1.0)
    assert world.exporter.ready()


def test_an_account_whose_request_hangs_holds_up_nobody(make: Make) -> None:
    world = make("anna", "bert")
    held = world.system.faults.order(Fault(FaultKind.HOLD, Interface.LOGIN))
    hanging = threading.Thread(target=world.accounts[1].step)
    hanging.start()
    try:
        pause = threading.Event()
        for _ in range(int(DEADLINE / 0.01)):
            if world.system.log.counts[Interface.LOGIN]:
                break
            pause.wait(0.01)
        world.run(600, without=1)
        scrape = world.scrape()
    finally:
        held.release.set()
        hanging.join(DEADLINE)

    assert scrape.by("account", "fusionsolar_up") == {"of anna": 1, "of bert": 0}
    assert len(scrape.all(POWER, account="of anna")) == 4
    assert [interface for _, interface in world.arrivals("anna")].count("getDevRealKpi") == 2
    assert not world.system.log.refusals


@pytest.mark.parametrize("what", ["snapshot", "parts"])
def test_one_account_that_cannot_be_rendered_takes_no_other_with_it(
    make: Make, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make("anna", "bert")
    world.run(60)
    assert len(world.scrape().all(POWER)) == 8
    broken, _ = world.exporter._accounts.all()

    def fail(*_: object) -> NoReturn:
        raise RuntimeError("a bug")

    if what == "snapshot":
        monkeypatch.setattr(broken.cache, "snapshot", fail)
    else:
        export = world.exporter._exports.accounts()[broken.settings.name][1]
        monkeypatch.setattr(export, "context", fail)
    for _ in range(3):
        world.exporter.refresh_exposition()
    scrape = world.scrape()

    assert {sample.labels["account"] for sample in scrape.all(POWER)} == {"of bert"}
    assert world.exporter.supervisor.errors()["render"] >= 3
    monkeypatch.undo()
    assert len(world.scrape().all(POWER)) == 8


def test_accounts_that_start_together_are_asked_one_shortly_after_the_other(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = threading.Condition()
    first_waits: dict[str, float] = {}

    def wait(_clock: ManualClock, event: threading.Event, seconds: float) -> None:
        with waiting:
            first_waits.setdefault(threading.current_thread().name, seconds)
            waiting.notify_all()
        event.wait(DEADLINE)

    monkeypatch.setattr(ManualClock, "wait", wait)
    world = make(*USERS)
    later = [f"refresh-of {user}" for user in USERS[1:]]
    world.exporter._accounts.start()
    with waiting:
        assert waiting.wait_for(lambda: first_waits.keys() >= set(later), DEADLINE)
    world.exporter.stop()
    assert [first_waits[name] for name in later] == pytest.approx([0.1, 0.2, 0.3, 0.4])


@pytest.mark.parametrize(("accounts", "apart"), [(1, 0.1), (3, 0.1), (300, 0.1), (600, 0.05), (3000, 0.01)])
def test_accounts_that_start_together_are_spread_over_half_a_minute_at_most(accounts: int, apart: float) -> None:
    delays: list[float] = []
    new = [SimpleNamespace(started=False, start=delays.append) for _ in range(accounts)]
    running = SimpleNamespace(all=lambda: [SimpleNamespace(started=True), *new])
    RunningAccounts.start(cast("RunningAccounts", running))
    assert delays == pytest.approx([number * apart for number in range(accounts)])
