"""Replicas over a real Redis, in the test's time: one leads each account, all serve it, and no limit is broken."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.redis_server import RedisServer
from support.replicas import LEASE, Replica, Replicas

from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.limit_text import limits_of
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.state import Partition
from fusionsolar_exporter.state.memory import MemoryState
from fusionsolar_exporter.status import CollectorName

pytestmark = pytest.mark.no_cover  # the tracer would double their time

MINUTE = 60.0
INTERVAL = 303.0  # of real-time data of a small fleet: one window and the margin


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as running:
        yield running


def alone(accounts: int, seconds: float) -> Replicas:
    """A single exporter without state, for the same time."""

    def partition(replica: Replica, name: str) -> Partition:
        return MemoryState(replica.world.clock).partition("host", name)

    world = Replicas("", accounts)
    world.running.append(Replica(world, partition))
    world.run(seconds)
    return world


def readings(replica: Replica) -> dict[str, dict[str, object]]:
    """What each account serves of its devices."""
    return {
        account.settings.name: {
            key: dict(each.values) for key, each in account.cache.snapshot().device_readings.items()
        }
        for account in replica.accounts
    }


def test_three_replicas_ask_ten_accounts_as_often_as_one_exporter(server: RedisServer) -> None:
    world = Replicas(server.url, accounts=10)
    most_leaders = 0

    def watch() -> None:
        nonlocal most_leaders
        most_leaders = max(most_leaders, *map(len, world.leaders().values()))

    world.watch = watch
    world.start(3)
    world.run(7 * MINUTE)

    counts = world.counts()
    expected = alone(10, 7 * MINUTE).counts()
    assert counts.keys() == expected.keys()
    assert sum(counts.values()) == pytest.approx(sum(expected.values()), rel=0.02)
    assert world.refused == []
    assert most_leaders == 1
    assert sum(len(replica.leads) for replica in world.running) == 10
    assert all(replica.leads for replica in world.running)
    served = readings(world.running[0])
    assert all(len(devices) == 2 for devices in served.values())
    assert len(served) == 10
    for replica in world.running[1:]:
        assert readings(replica) == served
    for replica in world.running:
        for account in replica.accounts:
            status = account.status()
            assert status.up
            assert status.had_first_outcome
            assert status.state == "ok"
            assert status.leads == (account.settings.name in replica.leads)
            assert all(collector.success for collector in status.collectors if collector.enabled)


def test_ten_killed_holders_cost_no_refusal_no_login_and_little_time(server: RedisServer) -> None:
    # two of them die while they ask: the account's quota is used, the answer is lost; none loses two in a row
    world = Replicas(server.url, accounts=10)
    oldest = 0.0

    def watch() -> None:
        nonlocal oldest
        oldest = max([oldest, *(age for replica in world.running[:-1] for age in replica.ages().values())])

    world.start(3)
    world.run(MINUTE)
    world.watch = watch
    for kill in range(10):
        world.run(world.random.uniform(1, 20))
        if kill in {3, 4}:
            world.kill_who_asks_next("before" if kill == 3 else "after")
        else:
            holder = max(world.running, key=lambda replica: len(replica.leads))
            assert holder.leads
            world.kill(holder)
        killed_at = world.clock.now()
        world.start()
        while not all(world.leaders().values()):
            world.run(1)
            assert world.clock.now() <= killed_at + 2 * LEASE
    world.run(INTERVAL)
    elapsed = world.clock.now() - min(system.log.requests[0].at for system in world.systems.values())

    assert world.refused == []
    assert oldest <= 2 * INTERVAL + 2 * LEASE
    for system in world.systems.values():
        # one login a token's life; one more where it was killed before it could tell anyone
        assert system.log.counts[Interface.LOGIN] <= elapsed / 1797 + 2


def test_redis_stopped_for_a_minute_and_back_with_its_data(server: RedisServer) -> None:
    world = Replicas(server.url, accounts=2)
    world.start(3)
    world.run(10 * MINUTE)
    before = {name: leaders[0] for name, leaders in world.leaders().items()}
    server.stop(save=True)
    stopped_at = world.clock.now()
    world.run(MINUTE)
    for replica in world.running:
        assert replica.leads == []
        assert replica.observed.works is False
        assert all(readings(replica).values())  # scrapes go on
        assert [msg for msg in replica.log.messages("warning") if "cannot be reached" in msg] != []
        assert len(replica.log.messages("warning")) == 1
    unasked = [
        request.at
        for system in world.systems.values()
        for request in system.log.requests
        if request.at > stopped_at + LEASE
    ]
    assert unasked == []
    server.start()
    world.run(2 * LEASE)
    after = {name: leaders[0] for name, leaders in world.leaders().items()}
    world.run(5 * MINUTE)

    assert after == before
    assert world.refused == []
    counts = world.counts()
    assert counts["login"] == counts["stations"] == counts["getDevList"] == 2  # nothing twice
    assert sum(counts.values()) <= sum(alone(2, 16.5 * MINUTE).counts().values())
    assert all(replica.observed.works for replica in world.running)


def test_an_emptied_redis_is_filled_from_memory(server: RedisServer) -> None:
    world = Replicas(server.url, accounts=2)
    world.start(3)
    world.run(10 * MINUTE)
    server.stop()
    world.run(MINUTE)
    server.start()
    world.run(2 * LEASE)
    assert all(len(leaders) == 1 for leaders in world.leaders().values())
    world.run(5 * MINUTE)

    assert world.refused == []
    counts = world.counts()
    assert counts["login"] == counts["stations"] == counts["getDevList"] == 2
    world.running.clear()
    late = world.start()  # learns everything from what was written again
    assert all(len(devices) == 2 for devices in readings(late).values())


def test_a_replica_that_is_cut_off_stops_when_its_lease_ends_and_serves_on(server: RedisServer) -> None:
    world = Replicas(server.url, accounts=2, plan=FleetPlan(plants=120, devices={1: 1}))
    holder = world.start()
    world.run(5 * MINUTE)
    other = world.start()
    world.run(10)
    assert len(holder.leads) == 2
    assert holder.link is not None
    holder.link.cut = True
    world.run(2 * LEASE)
    sent = holder.sent
    assert holder.leads == []
    assert len(other.leads) == 2
    world.run(3 * MINUTE)
    assert holder.sent == sent
    assert all(readings(holder).values())

    holder.link.cut = False
    world.run(5 * MINUTE)
    assert holder.sent == sent
    assert len(other.leads) == 2
    assert holder.ages().keys() == other.ages().keys()
    assert holder.ages() == pytest.approx(other.ages(), abs=2)
    assert world.refused == []


def whose_turn(replica: Replica) -> list[tuple[str, object]]:
    told = ("not refreshed here", "refreshed here now")
    return [(msg, fields["account"]) for _, msg, fields in replica.log.lines if msg in told]


def test_the_log_says_when_an_account_is_not_refreshed_here_and_when_it_is_again(server: RedisServer) -> None:
    world = Replicas(server.url, accounts=2)
    holder, other = world.start(), world.start()
    world.run(MINUTE)
    for replica in world.running:
        elsewhere = [name for name in world.systems if name not in replica.leads]
        assert whose_turn(replica) == [("not refreshed here", name) for name in elsewhere]
    assert len(holder.leads) + len(other.leads) == 2
    holder.log.lines.clear()
    other.log.lines.clear()
    world.run(10 * MINUTE)
    assert whose_turn(holder) == whose_turn(other) == []

    taken_over = list(holder.leads)
    assert taken_over
    world.kill(holder)
    world.run(2 * LEASE)
    assert whose_turn(other) == [("refreshed here now", name) for name in taken_over]
    late = world.start()
    world.run(MINUTE)
    assert sorted(whose_turn(late)) == [("not refreshed here", name) for name in sorted(world.systems)]

    assert sorted(other.leads) == sorted(world.systems)
    other.log.lines.clear()
    server.stop(save=True)
    world.run(MINUTE)
    assert sorted(whose_turn(other)) == [("not refreshed here", name) for name in sorted(world.systems)]
    server.start()
    other.log.lines.clear()
    world.run(2 * LEASE)
    assert sorted(whose_turn(other)) == [("refreshed here now", name) for name in sorted(world.systems)]


def test_an_answer_that_could_not_be_kept_never_replaces_a_newer_one(server: RedisServer) -> None:
    world = Replicas(server.url)
    holder = world.start()
    world.run(MINUTE)
    other = world.start()
    world.run(10)
    assert holder.link is not None
    holder.cut_after = "getDevRealKpi"
    while not holder.link.cut:
        world.run(1)
    world.run(INTERVAL + 3 * LEASE)
    assert other.leads
    holder.cut_after, holder.link.cut = "", False
    world.run(5)
    world.kill(other)
    sent = holder.sent
    while holder.sent == sent:
        world.run(0.5)
    late = world.start()
    (known,) = (account.cache.snapshot().device_fetched_at for account in holder.accounts)
    (learnt,) = (account.cache.snapshot().device_fetched_at for account in late.accounts)
    assert learnt == pytest.approx(known, abs=2)


def test_a_paused_process_sends_nothing_on_its_old_lease(server: RedisServer) -> None:
    world = Replicas(server.url, accounts=2)
    holder = world.start()
    world.run(5 * MINUTE)
    other = world.start()
    world.run(10)
    holder.paused = True
    world.run(10 * MINUTE)
    assert len(other.leads) == 2
    sent = holder.sent
    holder.paused = False
    world.run(10 * MINUTE)

    assert holder.sent == sent
    assert holder.leads == []
    assert holder.ages() == pytest.approx(other.ages(), abs=2)
    assert world.refused == []


def test_who_ends_in_good_order_hands_over_at_once(server: RedisServer) -> None:
    world = Replicas(server.url, accounts=3)
    holder = world.start()
    world.run(5 * MINUTE)
    other = world.start()
    world.run(10)
    before = world.counts()
    holder.stop()
    world.kill(holder)
    world.run(2)

    assert len(other.leads) == 3
    assert "logout" not in world.counts()
    world.run(10 * MINUTE)
    assert world.counts()["login"] == before["login"]
    assert world.refused == []


def test_a_replica_that_starts_late_asks_nothing_and_serves_everything_at_once(server: RedisServer) -> None:
    world = Replicas(server.url, accounts=3)
    world.start()
    world.run(5 * MINUTE)
    late = world.start()

    assert readings(late) == readings(world.running[0])
    assert all(account.status().up and account.status().had_first_outcome for account in late.accounts)
    assert late.sent == 0
    assert not any(account.status().leads for account in late.accounts)
    snapshot = late.accounts[0].cache.snapshot()
    assert len(snapshot.listed_plants) == 2
    assert snapshot.plant_fetched_at[CollectorName.ALARMS].keys() == snapshot.listed_plants


def test_a_learnt_pace_is_taken_over_by_whoever_leads_next(server: RedisServer) -> None:
    world = Replicas(server.url)
    (system,) = world.systems.values()
    system.change_limits(limits_of("getStationRealKpi window=15m"))
    world.start(2)
    world.run(180 * MINUTE)
    ((holder,),) = world.leaders().values()
    (learnt,) = [one for one in holder.accounts[0].status().interfaces if one.pace_ratio > 1]
    refused = dict(system.log.refusals)
    assert refused
    world.kill(holder)
    world.run(2 * LEASE)
    ((successor,),) = world.leaders().values()
    (again,) = [one for one in successor.accounts[0].status().interfaces if one.pace_ratio > 1]

    assert again.interface == learnt.interface
    assert again.pace_ratio == pytest.approx(learnt.pace_ratio)
    world.run(30 * MINUTE)
    assert system.log.refusals == refused
