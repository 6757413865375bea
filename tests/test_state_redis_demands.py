"""State in a real Redis: who demands an account of another process gets it, and gives it back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.redis_server import RedisServer
from support.redis_world import LEASE, World, contents


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with RedisServer(tmp_path) as server:
        yield World(server)


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
