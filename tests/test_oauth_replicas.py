"""Three replicas over a real Redis with an owner's consent, killed again and again: one refresh at a time."""

import math
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.oauth_world import DAY, consent, endpoints, oauth_account
from support.redis_server import RedisServer
from support.replicas import Replica, Replicas

from fusionsolar_exporter.config import AccountConfig
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

pytestmark = pytest.mark.no_cover  # the tracer would double their time

MINUTE = 60.0
TYPES = {1: 1, 39: 1, 47: 1}
LEASE = 60.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as running:
        yield running


@dataclass
class OAuthReplicas(Replicas):
    """One account of one owner, who has agreed; notes how old what is served gets."""

    def __post_init__(self) -> None:
        super().__post_init__()
        (self.system,) = self.systems.values()
        self.oauth = self.system.oauth = endpoints()
        self.planned: deque[tuple[float, float]] = deque()
        self.oldest = 0.0
        """The greatest age of a reading, in intervals as planned then."""
        self.watch = self.look_at_ages
        self.served_by = 0.0

    def account_config(self, name: str) -> AccountConfig:
        return oauth_account(name, f"http://{name}")

    def begin(self, replicas: int) -> None:
        self.start(replicas)
        self.run(30.0)
        (leader,) = [each for each in self.running if each.leads]
        assert consent(leader.accounts[0], self.oauth, self.clock.now()) is None
        self.run(10 * MINUTE)
        self.served_by = self.clock.now()

    def look_at_ages(self) -> None:
        leaders = [each for each in self.running if each.leads]
        if not leaders or self.clock.now() < self.served_by or not self.served_by:
            return
        (account,) = leaders[0].accounts
        snapshot, now = account.cache.snapshot(), self.clock.now()
        interval = max(each.interval for each in account._engine.collectors.all if "realtime" in each.name)
        read = snapshot.device_fetched_at.values()
        assert len(read) == len(TYPES) * self.plan.plants
        # at dusk and dawn: as it was planned when they were read, or is now
        self.planned.append((now, interval))
        while self.planned[0][0] < min(read):
            self.planned.popleft()
        self.oldest = max(self.oldest, (now - min(read)) / max(planned for _, planned in self.planned))

    def most_in_a_day(self) -> int:
        """The most calls of the owner in any 24 hours."""
        moments = sorted(request.at for request in self.system.log.requests)
        begin = most = 0
        for end, moment in enumerate(moments):
            while moments[begin] <= moment - DAY:
                begin += 1
            most = max(most, end - begin + 1)
        return most


def killed(server: RedisServer, *, days: float, kills: int, seed: int) -> OAuthReplicas:
    world = OAuthReplicas(
        server.url, plan=FleetPlan(plants=2, devices=TYPES), seed=seed, lease=LEASE, nap=20.0, look=10.0
    )
    world.begin(3)
    chance = random.Random(seed)
    moments = sorted(chance.uniform(0, days * DAY) for _ in range(kills))
    began = world.clock.now()
    for moment in moments:
        world.run(max(began + moment - world.clock.now(), 0.0))
        kind = chance.choice(("now", "before", "after"))
        if kind == "now":
            world.kill(chance.choice(world.running))
        else:
            world.bereft.clear()
            world.kill_who_asks_next(kind)
        world.run(chance.uniform(0, 3 * MINUTE))
        world.start()
    world.run(max(began + days * DAY - world.clock.now(), 20 * MINUTE))
    return world


@pytest.mark.parametrize(
    ("days", "kills", "seed"),
    [(0.5, 5, 1), pytest.param(7, 20, 2, marks=pytest.mark.slow)],
    ids=["half a day", "a week"],
)
def test_kills_lose_no_consent_and_use_no_refresh_token_twice(
    server: RedisServer, days: float, kills: int, seed: int
) -> None:
    world = killed(server, days=days, kills=kills, seed=seed)
    uses = world.oauth.grants.uses
    told = (
        f"seed {seed}: {len(uses)} refreshes, {world.most_in_a_day()} calls a day, oldest {world.oldest:.2f} intervals"
    )
    assert set(uses.values()) == {1}, told
    assert all(not request.error for request in world.oauth.token_requests), told
    assert days * DAY / 3600 <= len(uses) + 1 <= days * DAY / 3240 + kills, told
    assert world.most_in_a_day() <= 1000, told
    assert world.refused == [], told
    assert [each.accounts[0].status().state for each in world.running] == ["ok"] * 3
    # a killed process may take an answer with it, and nobody leads for as long as its lease lasts
    assert world.oldest < 2 + 2 * LEASE / 300, told


def test_two_replicas_never_refresh_at_once(server: RedisServer) -> None:
    world = OAuthReplicas(server.url, plan=FleetPlan(plants=1, devices=TYPES))
    world.begin(2)
    asked: list[Replica] = []
    world.run(3 * 3600)
    asked += [each for each in world.running if each.instruments.attempts]
    assert set(world.oauth.grants.uses.values()) == {1}
    assert len(world.oauth.token_requests) == 1 + math.floor(3 * 3600 / 3240)
    assert world.system.log.counts[Interface.LOGIN] == 0
