"""A restart costs nothing: what was known is served at once, and nothing is asked before its time."""

import random
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr
from support.kept_world import KeptWorld, Killed
from support.world import PASSWORD, World

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface as FarInterface
from fusionsolar_exporter.simulator.limit_text import limits_of
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.status import AccountState

pytestmark = pytest.mark.no_cover  # the tracer would double their time

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
PLAN = FleetPlan(plants=3, devices_per_plant=6, alarm_share=0.5, odd_names=True)


def served(snapshot: Snapshot) -> Snapshot:
    """What is served, without what counts since the start of the process."""
    return replace(snapshot, expired={})


def test_everything_is_served_again_before_any_request(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(20 * MINUTE)
    before, status = world.account.cache.snapshot(), world.account.status()
    assert before.device_readings
    assert before.alarms
    assert before.plant_readings
    requests = sum(world.system.log.counts.values())
    world.kill()
    world.start()
    after = world.account.status()
    assert served(world.account.cache.snapshot()) == served(before)
    assert sum(world.system.log.counts.values()) == requests
    assert (after.up, after.state, after.leads) == (True, AccountState.OK, True)
    assert after.clock_offset_seconds == pytest.approx(status.clock_offset_seconds)
    for was, now in zip(status.collectors, after.collectors, strict=True):
        assert (now.collector, now.success, now.batches) == (was.collector, was.success, was.batches)
        assert now.last_success_at == pytest.approx(was.last_success_at, abs=1e-3)
        assert now.next_sweep_at == pytest.approx(was.next_sweep_at, abs=1e-3)
        assert now.interval_seconds == pytest.approx(was.interval_seconds)


def test_restarts_ask_neither_more_nor_less_than_a_process_that_lives_on(tmp_path: Path) -> None:
    plain, killed = World(PLAN), KeptWorld(tmp_path, PLAN)
    plain.run(2 * HOUR)
    for _ in range(12):
        killed.run(10 * MINUTE)
        killed.kill()
        killed.start()
    assert killed.refused == plain.refused == {}
    assert killed.instruments.attempts == plain.instruments.attempts


@pytest.mark.parametrize("seed", range(6))
def test_twenty_kills_in_half_an_hour(tmp_path: Path, seed: int) -> None:
    world = KeptWorld(tmp_path, PLAN)
    chance = random.Random(seed)

    def perhaps() -> None:
        if chance.random() < 0.3:
            raise Killed

    end = world.clock.now() + 30 * MINUTE
    kills = 0
    while kills < 20:
        moment = world.clock.now() + chance.expovariate(20 / (30 * MINUTE))
        partition, _ = world.partitions[0]
        keep = partition.write

        def write(entries: object, *, keep: object = keep) -> None:
            perhaps()
            keep(entries)  # type: ignore[operator]
            perhaps()

        try:
            world.run_until(min(moment, end))
            world.deadly.before = world.deadly.after = perhaps
            partition.write = write  # type: ignore[method-assign]
            world.run_until(min(moment + MINUTE, end))
        except Killed:
            pass
        kills += 1
        world.kill()
        world.start()
    world.run_until(end)
    assert world.refused == {}
    assert world.system.log.counts[FarInterface.LOGIN] <= 2  # one a token life, which ends within the half hour
    assert not world.log.messages("warning")


def test_a_removed_file_costs_one_login_and_one_refusal_an_interface(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    for _ in range(2):
        world.run(7 * MINUTE)
        world.kill()
        for file in tmp_path.iterdir():
            file.unlink()
        world.start()
    world.run(HOUR - 14 * MINUTE)
    assert world.system.log.counts[FarInterface.LOGIN] <= 3 + 1  # the last token's life ends within the hour
    assert all(count <= 2 for count in world.refused.values()), world.refused
    assert {code for _, code in world.refused} <= {407}
    assert world.account.status().up


@pytest.mark.parametrize("damage", ["garbage", "truncated", "empty header", "another program", "another version"])
def test_a_broken_file_is_set_aside_and_everything_counts_as_just_asked(tmp_path: Path, damage: str) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    world.kill()
    break_file(world.file, damage)
    world.start()
    (line,) = [fields for level, msg, fields in world.log.lines if level == "warning" and "set aside" in msg]
    assert str(world.file) == line["file"]
    assert Path(str(line["set_aside_as"])).exists()
    assert world.observed.failures == 1
    world.run(30 * MINUTE)
    assert world.refused == {}
    assert world.system.log.counts[FarInterface.LOGIN] == 2
    assert world.account.status().up
    assert world.observed.works


def break_file(file: Path, damage: str) -> None:
    for suffix in ("-wal", "-shm"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    content = file.read_bytes()
    if damage == "garbage":
        file.write_bytes(random.Random(1).randbytes(5000))
    elif damage == "truncated":
        file.write_bytes(content[: len(content) // 3])
    elif damage == "empty header":
        file.write_bytes(bytes(100) + content[100:])
    else:
        file.unlink()
        with sqlite3.connect(file) as connection:
            if damage == "another version":
                connection.execute("PRAGMA application_id = 0x4675536F")
                connection.execute("PRAGMA user_version = 99")
            connection.execute("CREATE TABLE entries (a)")
        connection.close()


def test_refused_credentials_stay_refused_until_they_change(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.reconfigure(password=SecretStr("wrong"))
    world.run(MINUTE)
    for _ in range(10):
        world.kill()
        world.start()
        world.run(MINUTE)
    assert world.system.log.counts[FarInterface.LOGIN] == 1
    assert world.account.status().state is AccountState.CREDENTIALS
    assert "wrong" not in world.file.read_bytes().decode("latin-1")
    world.kill()
    world.reconfigure(password=SecretStr(PASSWORD))
    world.start()
    world.run(MINUTE)
    assert world.account.status().up


def test_holds_outlive_the_process(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(MINUTE)
    world.system.faults.order(Fault(FaultKind.FAIL_CODE, FarInterface.DEVICE_REAL_TIME, fail_code=407))
    world.run(6 * MINUTE)
    (held,) = [one for one in world.account.status().interfaces if one.held_until is not None]
    asked = world.instruments.attempts[Interface.GET_DEV_REAL_KPI]
    world.kill()
    world.start()
    (again,) = [one for one in world.account.status().interfaces if one.held_until is not None]
    assert (again.interface, again.hold_reason) == (held.interface, held.hold_reason)
    assert held.held_until is not None
    assert again.held_until == pytest.approx(held.held_until)
    world.run_until(held.held_until - 1)
    assert world.instruments.attempts[Interface.GET_DEV_REAL_KPI] == asked
    world.run(MINUTE)
    assert world.instruments.attempts[Interface.GET_DEV_REAL_KPI] > asked


@pytest.mark.parametrize("step", [-30 * DAY, -HOUR, HOUR, 30 * DAY])
def test_a_wall_clock_that_jumps_opens_no_limit_and_closes_none(tmp_path: Path, step: float) -> None:
    plain, world = World(PLAN), KeptWorld(tmp_path, PLAN)
    plain.run(2 * HOUR)
    world.run(32 * MINUTE)
    world.kill()
    world.clock.wall_step = step
    world.start()
    world.run(2 * HOUR - 32 * MINUTE)
    assert world.refused == {}
    assert world.instruments.attempts == plain.instruments.attempts


def test_after_a_reboot_with_a_clock_that_is_behind_calls_count_as_now_and_values_are_dropped(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    world.kill()
    world.clock.advance(10 * HOUR)
    world.clock.boot_id, world.clock.wall_step = "after the reboot", -DAY
    world.start()
    snapshot = world.account.cache.snapshot()
    assert (len(snapshot.plants), len(snapshot.plant_readings), len(snapshot.alarms)) == (3, 0, 0)
    assert not snapshot.device_readings
    assert not snapshot.listed_plants
    last = world.account._engine.limiter.ledger.last_start
    assert world.clock.now() - HOUR < last <= world.clock.now()
    world.run(HOUR)
    assert all(code == 305 for _, code in world.refused), world.refused  # the session is older than it could know
    assert world.account.status().up


def test_after_a_reboot_the_wall_clock_says_how_long_it_took(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    world.kill()
    world.clock.boot_id = "after the reboot"
    world.clock.advance(20 * MINUTE)
    world.start()
    assert not world.account.cache.snapshot().plant_readings  # three intervals are over
    assert world.account.cache.snapshot().listed_plants
    world.run(MINUTE)
    assert world.account.cache.snapshot().plant_readings
    assert world.refused == {}


def test_a_restart_after_days_goes_on_with_what_it_knows(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    world.kill()
    world.clock.advance(3 * DAY)
    world.start()
    assert len(world.account.cache.snapshot().plants) == 3
    assert not world.account.cache.snapshot().listed_plants
    world.run(20)
    assert world.account.cache.snapshot().device_readings
    assert world.account.cache.snapshot().listed_plants


def test_a_left_out_id_is_asked_once_more_at_each_start(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    bad = next(iter(world.system.fleet.plants))
    world.system.faults.order(
        Fault(FaultKind.REFUSE_IDS, FarInterface.PLANT_REAL_TIME, times=None, fail_code=20008, ids=frozenset({bad}))
    )
    world.run(3 * HOUR)
    assert world.log.messages("warning").count("left out for a day: the far side refuses this id although it lists it")
    refused = dict(world.refused)
    for _ in range(3):
        world.kill()
        world.start()
        world.run(HOUR)
    more = {key: count - refused.get(key, 0) for key, count in world.refused.items()}
    assert more == {("getStationRealKpi", 20008): 3}


def test_two_processes_on_one_file_are_one_exporter(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    second = world.process()
    end = world.clock.now() + HOUR
    while world.clock.now() < end:
        at = min(world.account.step(), second.step())
        world.clock.advance_to(min(at, world.clock.now() + 1.0))
    assert world.account.status().leads
    assert not second.status().leads
    assert second.status().up
    assert served(second.cache.snapshot()) == served(world.account.cache.snapshot())
    plain = World(PLAN)
    plain.run(HOUR)
    assert world.instruments.attempts == plain.instruments.attempts
    partition, state = world.partitions.pop(0)
    assert partition._lock is not None
    partition._lock.close()
    state.close()
    second.step()
    assert second.status().leads
    asked = world.instruments.attempts[Interface.LOGIN]
    world.account = second
    world.run(10 * MINUTE)
    assert world.instruments.attempts[Interface.LOGIN] <= asked + 1
    assert world.refused == {}


def test_a_learnt_pace_outlives_the_process(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.system.change_limits(limits_of("getStationRealKpi window=15m"))
    world.run(3 * HOUR)
    (learnt,) = [one for one in world.account.status().interfaces if one.pace_ratio > 1]
    refused = len(world.system.log.refusals)
    world.kill()
    world.start()
    (again,) = [one for one in world.account.status().interfaces if one.pace_ratio > 1]
    assert again.interface == learnt.interface
    assert again.pace_ratio == pytest.approx(learnt.pace_ratio)
    assert learnt.pace_learnt_at is not None
    assert again.pace_learnt_at == pytest.approx(learnt.pace_learnt_at)
    assert len(world.system.log.refusals) == refused


def test_a_shared_pace_outlives_the_process(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.system.change_limits(limits_of("getStationRealKpi+getDevRealKpi every=3m"))
    world.run(8 * HOUR)
    learnt = {one.interface: one.pace_ratio for one in world.account.status().interfaces if one.pace_ratio > 1}
    refused = len(world.system.log.refusals)
    world.kill()
    world.start()
    again = {one.interface: one.pace_ratio for one in world.account.status().interfaces if one.pace_ratio > 1}
    assert set(learnt) == {Interface.GET_STATION_REAL_KPI, Interface.GET_DEV_REAL_KPI}
    assert again == pytest.approx(learnt)
    world.run(10 * MINUTE)
    assert len(world.system.log.refusals) == refused


def test_a_slow_request_counts_from_its_end_after_a_restart_too(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    limiter = world.account._engine.limiter
    interface = Interface.GET_STATION_REAL_KPI
    limit = limiter.limit(interface)
    world.deadly.seconds = 20.0  # a request takes forty
    asked = world.instruments.attempts[interface]
    while world.instruments.attempts[interface] == asked:
        world.run(1.0)
    world.deadly.seconds = 0.05
    counted = limiter.ledger.within(interface, limit, world.clock.now())
    (arrived, *_) = [request.at for request in world.system.log.of(FarInterface.PLANT_REAL_TIME)][-1:]
    assert counted[-1] == pytest.approx(arrived + 20.0 - limit.margin, abs=0.1)
    world.kill()
    world.start()
    again = world.account._engine.limiter.ledger.within(interface, limit, world.clock.now())
    assert again == pytest.approx(counted)
    assert world.account._engine.limiter.ledger.earliest(interface, limit) == pytest.approx(
        counted[-1] + limit.window, abs=0.1
    )
    world.run(HOUR)
    assert world.refused == {}
