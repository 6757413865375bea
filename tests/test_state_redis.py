"""State in a real Redis, in the test's time: who leads, what is new, and what becomes of it when Redis loses data."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support.manual_clock import ManualClock
from support.observed import Observed
from support.redis_server import RedisServer, TimedLink
from support.world import ListLog

from fusionsolar_exporter.state.redis.link import Answer, Argument
from fusionsolar_exporter.state.redis.partition import RedisPartition
from fusionsolar_exporter.state.redis.scripts import PREFIX
from fusionsolar_exporter.state.redis.state import RedisState
from fusionsolar_exporter.state.store import Entry, NotLeadingError

LEASE = 15.0
KEEP = 3600.0


@dataclass
class World:
    server: RedisServer
    clock: ManualClock = field(default_factory=ManualClock)
    links: list[TimedLink] = field(default_factory=list)
    log: ListLog = field(default_factory=ListLog)
    observed: Observed = field(default_factory=Observed)
    delay: Callable[[], float] = lambda: 0.0

    def state(self) -> RedisState:
        self.links.append(TimedLink(self.server.url, LEASE, self.clock, self.log, self.observed))
        return RedisState(self.links[-1], LEASE, self.clock, self.delay)

    def partition(self, account: str = "one") -> RedisPartition:
        """A partition in a process of its own, which has read what there is."""
        partition = self.state().partition("far.example", account)
        partition.acquire()
        partition.read_new()
        return partition

    def entry(self, key: str, value: bytes = b"value", age: float = 0.0, keep: float = KEEP) -> Entry:
        return Entry(key, value, self.clock.now() - age, keep)

    def pass_with_looks(self, seconds: float, *partitions: RedisPartition) -> list[bool]:
        """Time passes; every partition looks every second. What each says at last."""
        leading = [partition.acquire() for partition in partitions]
        for _ in range(int(seconds)):
            self.clock.advance(1.0)
            leading = [partition.acquire() for partition in partitions]
        return leading

    @property
    def redis(self) -> Any:
        return self.server.client()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with RedisServer(tmp_path) as server:
        yield World(server)


def contents(partition: RedisPartition) -> dict[str, tuple[bytes, float]]:
    """What is new: value and age by key."""
    partition.acquire()
    return {kept.key: (kept.value, kept.age) for kept in partition.read_new().entries}


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


class Slow(TimedLink):
    """An answer that takes its time, or never comes although the script ran."""

    seconds = 0.0
    lost = False

    def run(self, script: str, arguments: Sequence[Argument]) -> Answer:
        answer = super().run(script, arguments)
        self.clock.advance(self.seconds)
        if self.lost:
            raise OSError("connection reset")
        return answer


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


def test_who_starts_in_the_same_moment_shares_the_accounts_and_keeps_them(world: World) -> None:
    world.delay = partial(random.Random(7).uniform, 0.0, 1.0)
    names = [f"account-{number}" for number in range(9)]
    states = [world.state() for _ in range(3)]
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


def test_an_emptied_redis_goes_to_who_knows_most_and_is_written_again(world: World) -> None:
    holder, second, third = world.partition(), world.partition(), world.partition()
    holder.write([world.entry("account", b"1")])
    world.clock.advance(1.0)
    contents(second)
    contents(third)
    holder.write([world.entry("account", b"2")])
    world.clock.advance(1.0)
    contents(third)  # knows more than the second; the holder dies with Redis
    world.redis.flushall()
    leading = [False, False]
    waited = 0
    while not any(leading):
        leading = world.pass_with_looks(1, second, third)
        waited += 1
    assert leading == [False, True]
    assert LEASE / 3 <= waited <= LEASE
    assert third.was_emptied()
    assert not third.was_emptied()
    assert third.read_new().entries == ()
    third.write([world.entry("account", b"3")])
    world.clock.advance(1.0)
    assert contents(second)["account"][0] == b"3"
    assert not second.was_emptied()


def test_the_holder_of_an_emptied_redis_goes_on_at_once(world: World) -> None:
    holder, second = world.partition(), world.partition()
    holder.write([world.entry("account", b"1")])
    world.clock.advance(1.0)
    contents(second)
    world.redis.flushall()
    assert world.pass_with_looks(3, second) == [False]
    with pytest.raises(NotLeadingError):
        holder.write([world.entry("account", b"2")])
    assert holder.acquire()
    assert holder.was_emptied()
    holder.write([world.entry("account", b"2"), world.entry("list")])
    world.clock.advance(1.0)
    assert set(contents(second)) == {"account", "list"}


def test_what_is_written_after_a_loss_is_news_to_everybody(world: World) -> None:
    holder = world.partition()
    holder.write([world.entry("account", b"1"), world.entry("list"), world.entry("readings")])
    world.clock.advance(1.0)
    world.redis.flushall()
    ignorant = world.partition()  # started in just this moment
    assert ignorant.acquire()
    ignorant.write([world.entry("account", b"2")])
    with pytest.raises(NotLeadingError):
        holder.write([world.entry("account", b"3")])
    assert contents(holder)["account"][0] == b"2"
    assert not holder.acquire()


def test_older_data_that_comes_back_is_not_believed(world: World) -> None:
    holder = world.partition()
    holder.write([world.entry("account", b"old")])
    world.redis.execute_command("SAVE")
    world.clock.advance(5.0)
    holder.write([world.entry("account", b"new")])
    world.server.stop()
    world.server.start()
    assert holder.acquire()
    assert holder.read_new().entries == ()
    holder.write([world.entry("account", b"newest")])
    assert holder.was_emptied()
    assert contents(world.state().partition("far.example", "one"))["account"][0] == b"newest"


def test_a_lease_from_before_it_went_to_another_comes_back_to_nobody(world: World) -> None:
    former, second = world.partition(), world.partition()
    former.write([world.entry("account", b"1")])
    world.redis.execute_command("SAVE")
    former.release()
    world.clock.advance(1.0)
    assert second.acquire()
    assert contents(second)
    second.write([world.entry("account", b"2")])
    contents(former)
    second.write([world.entry("account", b"3")])  # which only it knows
    world.server.stop()
    world.server.start()
    with pytest.raises(NotLeadingError):
        second.write([world.entry("account", b"4")])
    waited = 0
    while not second.acquire():
        assert world.pass_with_looks(1, former) == [False]
        waited += 1
        assert waited <= LEASE + 1
    second.write([world.entry("account", b"4")])


def test_a_lease_whose_grant_was_lost_is_taken_up(world: World) -> None:
    link = Slow(world.server.url, LEASE, world.clock)
    partition = RedisState(link, LEASE, world.clock, world.delay).partition("far.example", "one")
    link.lost = True
    assert not partition.acquire()
    link.lost = False
    assert world.pass_with_looks(1, partition) == [True]
    partition.write([world.entry("account")])


def test_what_redis_has_thrown_out_is_presumed_asked(world: World) -> None:
    holder = world.partition()
    holder.write([world.entry("account"), world.entry("list")])
    world.redis.delete(f"{PREFIX}{holder.account}:entry:account")
    late = world.state().partition("far.example", "one")
    late.acquire()
    found = late.read_new()
    assert ([kept.key for kept in found.entries], found.unknown) == (["list"], True)
    assert not late.read_new().unknown


def test_a_value_of_another_program_is_left_out(world: World) -> None:
    holder = world.partition()
    holder.write([world.entry("account"), world.entry("list")])
    world.redis.set(f"{PREFIX}{holder.account}:entry:list", b"\x80foreign")
    late = world.state().partition("far.example", "one")
    late.acquire()
    found = late.read_new()
    assert ([kept.key for kept in found.entries], found.unknown) == (["account"], True)


@pytest.mark.parametrize("gone", ["meta", "numbers", "ends"])
def test_bookkeeping_that_redis_has_thrown_out_is_noticed_and_put_right(world: World, gone: str) -> None:
    holder = world.partition()
    holder.write([world.entry("account"), world.entry("calls")])
    world.redis.delete(f"{PREFIX}{holder.account}:{gone}")
    holder.release()
    late = world.state().partition("far.example", "one")
    assert late.acquire()
    assert late.read_new().unknown
    assert not late.unread
    late.write([world.entry("account"), world.entry("calls")])
    assert late.was_emptied() == (gone != "ends") or late.was_emptied()
    again = world.state().partition("far.example", "one")
    again.acquire()
    found = again.read_new()
    assert ({kept.key for kept in found.entries}, found.unknown) == ({"account", "calls"}, False)


@pytest.mark.parametrize("key", ["leases", "demands", "fence", "ACCOUNT:meta"])
def test_keys_of_another_program_stop_everything_with_a_clear_message(world: World, key: str) -> None:
    partition = world.state().partition("far.example", "one")
    name = PREFIX + key.replace("ACCOUNT", partition.account)
    world.redis.rpush(name, "foreign")
    assert not partition.acquire()
    ((_, message, fields),) = world.log.lines
    assert f"a key under {PREFIX} holds what this exporter did not write" in message
    assert "another database number" in message
    assert fields["redis"] == f"127.0.0.1:{world.server.port}"
    assert world.redis.lrange(name, 0, -1) == [b"foreign"]
    assert world.observed.works is False
    world.redis.delete(name)
    world.clock.advance(1.0)
    assert partition.acquire()
    assert world.log.messages()[1:] == ["state in Redis can be used again"]


@pytest.mark.parametrize("key", ["numbers", "ends", "meta"])
def test_a_write_is_kept_whole_or_not_at_all(world: World, key: str) -> None:
    partition = world.partition()
    name = f"{PREFIX}{partition.account}:{key}"
    world.redis.delete(name)
    world.redis.set(name, "foreign")
    with pytest.raises(NotLeadingError):
        partition.write([world.entry("account"), world.entry("list")])
    assert world.redis.keys(f"{PREFIX}{partition.account}:entry:*") == []


def test_strings_of_another_program_in_our_hashes_are_no_leases(world: World) -> None:
    partition = world.state().partition("far.example", "one")
    world.redis.hset(f"{PREFIX}leases", mapping={partition.account: "foreign", "else": "1 2 3"})
    world.redis.hset(f"{PREFIX}demands", partition.account, "foreign")
    world.redis.hset(f"{PREFIX}{partition.account}:meta", mapping={"number": "foreign", "free": "foreign"})
    world.redis.hset(f"{PREFIX}{partition.account}:looks", "else", "foreign")
    world.redis.set(f"{PREFIX}fence", "foreign")
    assert partition.acquire()
    partition.write([world.entry("account")])


def test_redis_whose_clock_is_set_forward_makes_nothing_older(world: World) -> None:
    first, second = world.partition(), world.partition()
    first.write([world.entry("account", age=4.0)])
    world.clock.advance(1.0)
    contents(second)
    first.write([world.entry("account", age=4.0)])
    for link in world.links:
        link.step = 7200.0
    world.clock.advance(1.0)
    _, age = contents(second)["account"]
    assert 4.0 <= age <= 6.0


def test_redis_whose_clock_is_set_back_locks_nobody_out(world: World) -> None:
    first, second = world.partition(), world.partition()
    first.write([world.entry("account")])
    for link in world.links:
        link.step = -7200.0
    died_at = world.clock.now()
    while not any(world.pass_with_looks(1, second)):
        assert world.clock.now() < died_at + 2 * LEASE + 2
    _, age = contents(second)["account"]
    assert age == 0.0  # counts as now


def test_who_demands_an_account_gets_it_and_gives_it_back(world: World) -> None:
    state = world.state()
    holder = state.partition("far.example", "one")
    assert holder.acquire()
    follower = world.partition()
    holder.write([world.entry("account", b"1")])

    doctor = world.state().partition("far.example", "one")
    doctor.request_handover()
    assert not doctor.acquire()
    holder.write([world.entry("account", b"2")])  # of the request that is on its way
    assert not holder.acquire()
    assert world.pass_with_looks(2, holder, follower, doctor) == [False, False, True]
    assert contents(doctor)["account"][0] == b"2"
    doctor.write([world.entry("account", b"of the doctor")])
    assert world.pass_with_looks(10, holder, follower) == [False, False]
    doctor.release()
    assert sum(world.pass_with_looks(2, holder, follower)) == 1
    assert contents(holder)["account"][0] == b"of the doctor"


def test_who_demands_several_accounts_gets_them_all_at_once(world: World) -> None:
    holders = [world.partition("one"), world.partition("two")]
    doctor = world.state()
    wanted = [doctor.partition("far.example", "one"), doctor.partition("far.example", "two")]
    for holder, partition in zip(holders, wanted, strict=True):
        partition.request_handover()
        holder.write([])
        assert world.pass_with_looks(2, holder, partition) == [False, True]


def test_a_holder_that_asks_nothing_learns_of_a_demand_when_it_renews(world: World) -> None:
    state = world.state()
    holder = state.partition("far.example", "one")
    assert holder.acquire()
    doctor = world.state().partition("far.example", "one")
    doctor.request_handover()
    assert holder.acquire()
    world.clock.advance(LEASE / 3)
    state.renew()
    assert not holder.acquire()
    assert world.pass_with_looks(1, doctor) == [True]


def test_a_demand_ends_with_who_made_it(world: World) -> None:
    holder = world.partition()
    doctor = world.partition()
    doctor.request_handover()
    holder.write([])
    assert not holder.acquire()
    assert world.pass_with_looks(LEASE - 2, holder) == [False]
    assert world.pass_with_looks(4, holder) == [True]


def test_an_account_that_is_removed_and_comes_back_is_not_led_twice_by_one_process(world: World) -> None:
    state = world.state()
    old = state.partition("far.example", "one")
    assert old.acquire()
    new = state.partition("far.example", "one")
    assert world.pass_with_looks(2, new) == [False]
    old.release()
    assert world.pass_with_looks(1, new) == [True]


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
