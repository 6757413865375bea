"""State in a real Redis that loses data, gets older data back, or is shared with another program."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.redis_server import RedisServer
from support.redis_world import LEASE, Slow, World, contents

from fusionsolar_exporter.state.redis.scripts import PREFIX
from fusionsolar_exporter.state.redis.state import RedisState
from fusionsolar_exporter.state.store import NotLeadingError


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with RedisServer(tmp_path) as server:
        yield World(server)


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
    assert waited == LEASE  # the holder may live, and have a request on its way
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


def test_who_led_before_another_has_no_precedence_in_an_emptied_redis_either(world: World) -> None:
    former, second = world.partition(), world.partition()
    former.write([world.entry("account", b"1")])
    world.clock.advance(1.0)
    contents(second)
    world.links[0].cut = True
    while not second.acquire():
        world.pass_with_looks(1, former)
    second.write([world.entry("account", b"2")])
    world.redis.flushall()
    world.links[0].cut = False
    world.clock.advance(1.0)
    assert not former.acquire()
    with pytest.raises(NotLeadingError):
        second.write([world.entry("account", b"3")])
    assert second.acquire()


@pytest.mark.parametrize("knows", [True, False])
def test_a_redis_that_has_just_started_gives_an_account_to_nobody_else_for_a_lease(
    world: World, *, knows: bool
) -> None:
    holder, other = world.partition(), world.partition()
    holder.write([world.entry("account", b"1")])
    world.clock.advance(1.0)
    if knows:
        contents(other)
        world.redis.execute_command("SAVE")
    world.server.stop()
    world.server.start()
    for link in world.links:
        link.started = world.clock.now()
    if not knows:
        begun = world.state()
        world.links[-1].started = world.clock.now()
        other = begun.partition("far.example", "one")  # the only one that this Redis has ever heard of
    assert world.pass_with_looks(LEASE - 2, other) == [False]
    assert not holder.lease.good(world.clock.now() + 2)
    assert world.pass_with_looks(3 + LEASE / 3, other) == [True]


@pytest.mark.parametrize("saves", [True, False])
def test_in_a_redis_that_has_just_started_who_has_a_lease_goes_on_and_who_had_one_waits(
    world: World, *, saves: bool
) -> None:
    holder = world.partition()
    holder.write([world.entry("account", b"1")])

    def restart(away: float) -> None:
        world.server.stop(save=saves)
        world.clock.advance(away)
        world.server.start()
        world.links[0].started = world.clock.now()

    restart(1.0)
    if not saves:
        with pytest.raises(NotLeadingError):
            holder.write([world.entry("account", b"2")])
    assert holder.acquire()
    holder.write([world.entry("account", b"3")])
    restart(LEASE)  # another may have led, and be forgotten
    assert world.pass_with_looks(LEASE - 2, holder) == [False]
    assert world.pass_with_looks(3 + LEASE / 3, holder) == [True]
    holder.write([world.entry("account", b"4")])


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
    assert late.was_emptied()
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
    assert age < 0.0  # nobody knows it
