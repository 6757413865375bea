"""State in a real Redis, in the test's time: who leads, and what is new to whom."""

import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from support.redis_server import DEADLINE, RedisServer, TimedLink
from support.redis_world import LEASE, Slow, World, contents

from fusionsolar_exporter.state.redis.link import Answer, Argument
from fusionsolar_exporter.state.redis.scripts import PREFIX
from fusionsolar_exporter.state.redis.state import RedisState
from fusionsolar_exporter.state.store import NotLeadingError


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with RedisServer(tmp_path) as server:
        yield World(server)


def test_one_of_two_leads_and_the_other_reads_what_it_writes(world: World) -> None:
    first, second = world.partition(), world.partition()
    assert (first.acquire(), second.acquire()) == (True, False)
    before = world.observed.operations
    assert not any(second.acquire() for _ in range(5))
    assert world.observed.operations == before  # once in a second is enough

    first.write([world.entry("account", bytes(range(256))), world.entry("list", b"", age=7.5)])
    world.clock.advance(2.0)
    assert contents(second) == {"account": (bytes(range(256)), 2.0), "list": (b"", 9.5)}
    assert first.read_new().entries == ()
    assert second.read_new().entries == ()
    with pytest.raises(NotLeadingError):
        second.write([world.entry("account")])

    first.write([world.entry("account", b"newer")])
    world.clock.advance(1.0)
    assert contents(second) == {"account": (b"newer", 1.0)}
    assert not second.was_emptied()


def test_accounts_share_nothing_and_a_name_is_no_pattern(world: World) -> None:
    first = world.partition("one")
    first.write([world.entry("account", b"of one")])
    other = world.partition("o*")
    assert other.acquire()
    assert contents(other) == {}
    assert b"far.example" not in b"".join(world.redis.keys())


def test_news_come_oldest_first_and_however_many_there_are(world: World) -> None:
    first, second = world.partition(), world.partition()
    first.write([world.entry(f"key-{number}") for number in range(130)])
    first.write([world.entry("key-5"), world.entry("last")])
    world.clock.advance(1.0)
    second.acquire()
    keys = [kept.key for kept in second.read_new().entries]
    assert keys == [*(f"key-{number}" for number in range(130) if number != 5), "key-5", "last"]


def test_what_nobody_wants_any_more_is_not_kept(world: World) -> None:
    first = world.partition()
    first.write([world.entry("old", age=10.0, keep=10.0), world.entry("short", keep=5.0), world.entry("long")])
    assert 0 < world.redis.pttl(f"{PREFIX}{first.account}:entry:short") <= 5000
    assert world.redis.exists(f"{PREFIX}{first.account}:entry:old") == 0
    world.clock.advance(6.0)
    world.redis.delete(f"{PREFIX}{first.account}:entry:short")  # as Redis does, by its own clock
    late = world.partition()
    late = world.state().partition("far.example", "one")
    late.acquire()
    found = late.read_new()
    assert ([kept.key for kept in found.entries], found.unknown) == (["long"], False)
    first.write([])
    assert world.redis.zcard(f"{PREFIX}{first.account}:numbers") == 1
    assert world.redis.zcard(f"{PREFIX}{first.account}:ends") == 1


def test_everything_that_is_kept_ends_by_itself(world: World) -> None:
    first, second = world.partition(), world.partition()
    first.write([world.entry("account")])
    second.request_handover()
    keys = world.redis.keys()
    assert len(keys) >= 7
    assert all(key.startswith(PREFIX.encode()) for key in keys)
    assert all(world.redis.pttl(key) > 0 for key in keys)


def test_a_lease_lasts_while_it_is_renewed(world: World) -> None:
    state = world.state()
    first = state.partition("far.example", "one")
    assert first.acquire()
    second = world.partition()
    for _ in range(6):
        assert world.pass_with_looks(LEASE / 3, second) == [False]
        assert state.renew()
    assert first.acquire()
    first.write([world.entry("account")])


def test_a_holder_that_dies_is_followed_within_two_leases(world: World) -> None:
    holder, *others = world.partition(), world.partition(), world.partition()
    holder.write([world.entry("account", b"ledger")])
    died_at = world.clock.now()
    while not any(world.pass_with_looks(1, *others)):
        assert world.clock.now() < died_at + 2 * LEASE
    assert world.clock.now() > died_at + LEASE
    leader = next(partition for partition in others if partition.acquire())
    assert contents(leader)["account"][0] == b"ledger"
    leader.write([world.entry("account", b"of its successor")])

    # the dead one was only asleep
    with pytest.raises(NotLeadingError):
        holder.write([world.entry("account", b"stale")])
    assert not holder.acquire()
    assert contents(holder)["account"][0] == b"of its successor"


def test_every_write_makes_the_lease_longer(world: World) -> None:
    holder, other = world.partition(), world.partition()
    assert world.pass_with_looks(LEASE - 5, other) == [False]
    holder.write([world.entry("account")])
    assert world.pass_with_looks(LEASE - 2, other) == [False]
    assert holder.acquire()
    holder.write([world.entry("account")])


def test_the_fence_stops_whoever_believes_to_lead(world: World) -> None:
    first, second = world.partition(), world.partition()
    world.redis.hdel(f"{PREFIX}leases", first.account)  # as if it had ended early, by a jump of Redis's clock
    world.clock.advance(1.0)
    assert second.acquire()
    assert first.acquire()  # it cannot know
    with pytest.raises(NotLeadingError):
        first.write([world.entry("account", b"stale")])
    assert not first.acquire()
    world.clock.advance(1.0)
    assert not first.acquire()
    assert contents(world.partition()) == {}


def test_who_was_released_at_once_and_reads_before_it_writes(world: World) -> None:
    first, second = world.partition(), world.partition()
    first.write([world.entry("account", b"1")])
    first.release()
    world.clock.advance(1.0)
    assert second.acquire()
    with pytest.raises(NotLeadingError):  # nothing is asked on a ledger that nobody has read
        second.write([world.entry("account", b"2")])
    assert contents(second)["account"][0] == b"1"
    second.write([world.entry("account", b"2")])


def test_a_lease_that_others_had_meanwhile_is_not_written_on_before_reading(world: World) -> None:
    first, second = world.partition(), world.partition()
    first.write([world.entry("account", b"1")])
    world.clock.advance(2 * LEASE)  # asleep
    world.pass_with_looks(6, second)
    contents(second)
    second.write([world.entry("account", b"2")])
    second.release()
    assert first.acquire()
    with pytest.raises(NotLeadingError):
        first.write([world.entry("account", b"stale")])
    assert contents(first)["account"][0] == b"2"


def test_permission_that_comes_after_the_lease_is_none(world: World) -> None:
    link = Slow(world.server.url, LEASE, world.clock)
    partition = RedisState(link, LEASE, world.clock, world.delay).partition("far.example", "one")
    assert partition.acquire()
    link.seconds = LEASE
    with pytest.raises(NotLeadingError):
        partition.write([world.entry("account")])
    link.seconds = LEASE - 1
    assert partition.acquire()
    partition.write([world.entry("account")])


def test_a_write_whose_answer_is_lost_is_read_again(world: World) -> None:
    link = Slow(world.server.url, LEASE, world.clock)
    partition = RedisState(link, LEASE, world.clock, world.delay).partition("far.example", "one")
    assert partition.acquire()
    partition.write([world.entry("account", b"1")])
    link.lost = True
    with pytest.raises(NotLeadingError):
        partition.write([world.entry("account", b"2")])
    link.lost = False
    world.clock.advance(1.0)
    assert partition.acquire()
    with pytest.raises(NotLeadingError):
        partition.write([world.entry("account", b"3")])
    assert contents(partition)["account"][0] == b"2"
    partition.write([world.entry("account", b"3")])


def test_who_starts_in_the_same_moment_shares_the_accounts_and_keeps_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random, "uniform", random.Random(7).uniform)
    names = [f"account-{number}" for number in range(9)]
    states = [RedisState(TimedLink(world.server.url, LEASE, world.clock), LEASE, world.clock) for _ in range(3)]
    partitions = [[state.partition("far.example", name) for name in names] for state in states]

    def led() -> list[list[str]]:
        return [[name for name, partition in zip(names, row, strict=True) if partition.acquire()] for row in partitions]

    for _ in range(20):
        held = led()
        world.clock.advance(0.1)
    assert sorted(name for row in held for name in row) == names
    assert all(len(row) >= 1 for row in held)

    # the first goes: the others share what it had, and keep what they have
    for partition in partitions.pop(0):
        partition.release()
    for _ in range(25):
        after = led()
        world.clock.advance(0.1)
    assert sorted(name for row in after for name in row) == names
    assert all(set(row) >= set(kept) for row, kept in zip(after, held[1:], strict=True))


def test_who_is_alone_takes_an_account_when_its_delay_is_over(world: World) -> None:
    world.delay = lambda: 0.7
    partition = world.state().partition("far.example", "one")
    assert not partition.acquire()
    world.clock.advance(0.69)
    assert not partition.acquire()
    world.clock.advance(0.02)
    assert partition.acquire()


def test_who_led_last_goes_on_first_after_an_outage(world: World) -> None:
    first, second = world.partition(), world.partition()
    first.write([world.entry("account")])
    world.clock.advance(1.0)
    contents(second)
    for link in world.links:
        link.cut = True
    world.pass_with_looks(60, first, second)
    assert not first.acquire()
    for link in world.links:
        link.cut = False
    assert world.pass_with_looks(1, second) == [False]
    assert world.pass_with_looks(2, second, first) == [False, True]
    assert first.read_new().entries == ()
    first.write([world.entry("account")])


def test_who_led_before_another_has_no_precedence(world: World) -> None:
    first, second = world.partition(), world.partition()
    first.write([world.entry("account", b"1")])
    world.clock.advance(2 * LEASE)  # the first is asleep
    assert world.pass_with_looks(6, second) == [True]
    contents(second)
    second.write([world.entry("account", b"2")])
    world.clock.advance(1.0)
    assert contents(first)["account"][0] == b"2"
    world.clock.advance(2 * LEASE)  # Redis was away for both
    assert world.pass_with_looks(1, first) == [False]
    assert world.pass_with_looks(1, first, second) == [False, True]


def test_nothing_is_renewed_where_nothing_is_held(world: World) -> None:
    state = world.state()
    state.partition("far.example", "one")
    before = world.observed.operations
    assert state.renew()
    assert world.observed.operations == before


def test_a_lease_that_redis_has_lost_is_taken_again(world: World) -> None:
    state = world.state()
    partition = state.partition("far.example", "one")
    assert partition.acquire()
    world.redis.flushall()
    assert state.renew()
    world.clock.advance(1.0)
    assert partition.acquire()
    partition.write([world.entry("account")])


def test_a_lease_ends_by_itself_where_redis_cannot_be_told(world: World) -> None:
    state = world.state()
    partition = state.partition("far.example", "one")
    assert partition.acquire()
    world.links[0].cut = True
    assert not state.renew()
    assert partition.acquire()
    with pytest.raises(NotLeadingError):
        partition.write([world.entry("account")])
    world.clock.advance(LEASE)
    assert not partition.acquire()
    partition.release()
    world.links[0].cut = False
    assert world.pass_with_looks(2, partition) == [True]


def test_news_that_cannot_be_read_now_come_later(world: World) -> None:
    first, second = world.partition(), world.partition()
    first.write([world.entry("account")])
    first.release()
    world.clock.advance(1.0)
    assert second.acquire()
    world.links[1].cut = True
    assert second.read_new().entries == ()
    world.links[1].cut = False
    world.clock.advance(1.0)
    with pytest.raises(NotLeadingError):
        second.write([world.entry("account")])
    assert set(contents(second)) == {"account"}
    second.write([world.entry("account")])


class Meeting(TimedLink):
    """A script waits until another one runs."""

    def run(self, script: str, arguments: Sequence[Argument]) -> Answer:
        self.met.wait()
        return super().run(script, arguments)

    met = threading.Barrier(1)


def test_two_calls_at_once_to_a_redis_that_works_are_both_answered(world: World) -> None:
    link = Meeting(world.server.url, LEASE, world.clock, world.log, world.observed)
    state = RedisState(link, LEASE, world.clock, lambda: 0.0)
    partitions = [state.partition("far.example", name) for name in ("one", "two")]
    assert [partition.acquire() for partition in partitions] == [True, True]
    link.met = threading.Barrier(2, timeout=DEADLINE)
    entry = world.entry("key")
    threads = [threading.Thread(target=partition.write, args=([entry],)) for partition in partitions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    link.met = threading.Barrier(1)
    assert not link.met.broken
    assert world.observed.failures == 0
    for name in ("one", "two"):
        assert contents(world.state().partition("far.example", name)).keys() >= {"key"}


def test_each_call_is_timed_whether_it_is_answered_or_not(world: World) -> None:
    link = Slow(world.server.url, LEASE, world.clock, world.log, world.observed)
    partition = RedisState(link, LEASE, world.clock, lambda: 0.0).partition("far.example", "one")
    assert partition.acquire()
    partition.read_new()
    link.seconds = 0.25
    world.observed.seconds.clear()
    partition.write([world.entry("key")])
    link.lost = True
    with pytest.raises(NotLeadingError):
        partition.write([world.entry("key")])
    assert world.observed.seconds == [pytest.approx(0.25), pytest.approx(0.25)]
