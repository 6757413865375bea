"""Who leads where locks cannot be opened, or are deleted while they are held; and that nothing is left open."""

import errno
import gc
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.manual_clock import ManualClock
from support.observed import Observed
from support.process import DEADLINE, ExporterProcess
from support.scrape import Scrape
from support.world import ListLog

from fusionsolar_exporter.demo import scaled_rate_limits
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.scaled_time import ScaledTime
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem
from fusionsolar_exporter.state import Entry, NotLeadingError
from fusionsolar_exporter.state.file_lock import FileLock, NobodyLocksError, nothing_can_be_at
from fusionsolar_exporter.state.sqlite import SqliteState
from fusionsolar_exporter.state.sqlite_partition import SqlitePartition

SPEED = 60.0
USER, PASSWORD = "northbound", "a password that is never shown"
NOON = 1_750_248_000.0
PLAN = FleetPlan(plants=4, devices_per_plant=6, start=NOON)


class Machine:
    """Processes on one file."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "state.sqlite"
        self.clock, self.log, self.observed = ManualClock(), ListLog(), Observed()

    def process(self) -> SqlitePartition:
        partition = SqliteState(self.file, self.clock, self.log, self.observed).partition("host", "user")
        partition.acquire()
        partition.read_new()
        return partition

    def entry(self) -> Entry:
        return Entry("key", b"value", self.clock.now(), 1e6)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def locks(directory: Path) -> list[Path]:
    return [*directory.glob("*.lock"), *directory.glob("*.wanted")]


def test_locks_that_are_deleted_are_opened_anew_and_the_older_process_stops(machine: Machine, tmp_path: Path) -> None:
    older = machine.process()
    assert older.acquire()
    for lock in locks(tmp_path):
        lock.unlink()
    newer = machine.process()
    assert newer.acquire()
    with pytest.raises(NotLeadingError):
        older.write([machine.entry()])
    assert not older.acquire()
    newer.write([machine.entry()])
    newer.release()
    assert older.acquire()
    assert [kept.key for kept in older.read_new().entries] == ["key"]


def test_who_notices_first_that_locks_are_gone_goes_on_leading(machine: Machine, tmp_path: Path) -> None:
    older = machine.process()
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    assert older.acquire()
    assert older.was_emptied()
    older.write([machine.entry()])
    newer = machine.process()
    assert not newer.acquire()
    assert [
        kept.key
        for kept in SqliteState(machine.file, machine.clock, machine.log, machine.observed)
        .partition("host", "user")
        .read_new()
        .entries
    ] == ["key"]


def test_who_leads_is_asked_for_the_account_through_files_that_were_deleted_too(
    machine: Machine, tmp_path: Path
) -> None:
    leader = machine.process()
    for lock in locks(tmp_path):
        lock.unlink()
    assert leader.acquire()
    visitor = machine.process()
    visitor.request_handover()
    assert not leader.acquire()
    assert visitor.acquire()


def test_a_lock_that_is_there_and_cannot_be_opened_is_no_lock(machine: Machine, tmp_path: Path) -> None:
    machine.process().release()
    (lock,) = tmp_path.glob("*.lock")
    lock.unlink()
    lock.mkdir()  # no user may open that for writing
    partition = machine.process()
    assert [partition.acquire() for _ in range(3)] == [False] * 3
    assert machine.observed.works is False
    (line,) = [fields for level, _, fields in machine.log.lines if level == "warning"]
    assert line["error"] == "Is a directory"
    with pytest.raises(NotLeadingError):
        partition.write([machine.entry()])
    partition.request_handover()
    lock.rmdir()
    assert partition.acquire()
    partition.write([machine.entry()])
    assert machine.observed.works


@pytest.mark.parametrize("place", ["/dev/null", "/proc/self/nowhere"])
def test_where_there_can_be_no_lock_nobody_has_one(place: str) -> None:
    with pytest.raises(NobodyLocksError):
        FileLock(Path(place) / "lock").hold()


def test_an_account_that_is_given_up_leaves_nothing_open(machine: Machine) -> None:
    gc.collect()  # what other tests have left
    before = open_files()
    state = SqliteState(machine.file, machine.clock, machine.log, machine.observed)
    opened = open_files()
    for number in range(20):
        partition = state.partition("host", f"user {number}")
        assert partition.acquire()
        partition.read_new()
        partition.release()
    assert open_files() == opened
    state.close()
    assert open_files() == before


@pytest.mark.no_cover
def test_a_state_directory_that_is_deleted_makes_no_second_leader(tmp_path: Path) -> None:
    """Real processes, and a far side whose time runs sixty times as fast."""
    now = ScaledTime(SPEED, NOON)
    system = SimulatedSystem(SimulatedFleet(PLAN), now=now, users={USER: PASSWORD})
    directories = [tmp_path / name for name in ("one", "other")]
    state = tmp_path / "state"
    with SimulatorServer(system) as simulator:
        account = {"name": "default", "url": simulator.url, "username": USER, "password": PASSWORD}
        config = {
            "accounts": [account | {"rate_limits": scaled_rate_limits(SPEED)}],
            "state": {"url": f"sqlite:{state / 'state.sqlite'}"},
        }
        for directory in directories:
            directory.mkdir()
        with ExporterProcess(config, directories[0]) as first:
            until = now() + DEADLINE * SPEED
            while not system.log.counts[Interface.ALARMS]:
                assert now() < until
                first.metrics()
            shutil.rmtree(state)
            while not (state / "state.sqlite").exists():  # noticed within some seconds, whether anything is due or not
                assert now() < until
                first.metrics()
            with ExporterProcess(config, directories[1]) as second:
                until = now() + 12 * SPEED
                leaders: tuple[float | None, ...] = ()
                while now() < until:
                    found = [Scrape(one.metrics()) for one in (first, second)]
                    leaders = tuple(one.value("fusionsolar_account_leader", account="default") for one in found)
    # whichever of them it is: nobody asks without the lock, and what the other shows may be a moment old
    assert set(leaders) == {0.0, 1.0}
    # what the deleted file knew is gone: whoever leads then may be refused once for each interface
    assert all(count == 1 for count in system.log.refusals.values())


@pytest.mark.no_cover
def test_a_file_that_is_locked_at_the_start_costs_a_real_process_no_login(tmp_path: Path) -> None:
    now = ScaledTime(SPEED, NOON)
    system = SimulatedSystem(SimulatedFleet(PLAN), now=now, users={USER: PASSWORD})
    state = tmp_path / "state.sqlite"
    with SimulatorServer(system) as simulator:
        account = {"name": "default", "url": simulator.url, "username": USER, "password": PASSWORD}
        config = {
            "accounts": [account | {"rate_limits": scaled_rate_limits(SPEED)}],
            "state": {"url": f"sqlite:{state}"},
        }
        with ExporterProcess(config, tmp_path) as exporter:
            until = now() + DEADLINE * SPEED
            while not system.log.counts[Interface.ALARMS]:
                assert now() < until
                exporter.metrics()
            exporter.kill()
        with closing(sqlite3.connect(state, isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("BEGIN EXCLUSIVE")
            asked = dict(system.log.counts)
            with ExporterProcess(config, tmp_path) as exporter:
                until = now() + 3 * SPEED
                while now() < until:
                    assert Scrape(exporter.metrics()).value("fusionsolar_state_up") == 0
                assert dict(system.log.counts) == asked
                other.execute("ROLLBACK")
                other.close()
                until = now() + DEADLINE * SPEED
                while len(Scrape(exporter.metrics()).all("fusionsolar_device_info")) < len(system.fleet.devices):
                    assert now() < until
                assert Scrape(exporter.metrics()).value("fusionsolar_state_up") == 1
    # on a busy machine the session itself may be over by now
    assert system.log.counts[Interface.LOGIN] == asked[Interface.LOGIN] or now() - NOON > 30 * 60
    assert {code for _, code in system.log.refusals} <= {305}


@pytest.mark.parametrize(
    ("where", "number", "nothing"),
    [
        ("missing/file", errno.ENOENT, True),
        ("missing", errno.ENOENT, False),
        ("file/inside", errno.ENOTDIR, True),
        ("missing", errno.EROFS, True),
        ("file", errno.EROFS, False),
        ("file/inside", errno.EROFS, True),
        ("missing", errno.EACCES, True),
        ("missing", errno.EIO, False),
        ("missing", errno.EMFILE, False),
    ],
)
def test_where_nothing_is_and_nothing_can_be(tmp_path: Path, where: str, number: int, nothing: bool) -> None:
    (tmp_path / "file").touch()
    assert nothing_can_be_at(tmp_path / where, OSError(number, "error")) is nothing
