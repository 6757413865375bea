"""What cannot be read is not the same as nothing: all may just have been asked, and nothing is written over it."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.kept_world import KeptWorld
from support.manual_clock import ManualClock
from support.observed import Observed
from support.world import ListLog

from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.simulator.interfaces import Interface as FarInterface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.state.mounts import remote_file_system
from fusionsolar_exporter.state.sqlite import SqliteState
from fusionsolar_exporter.state.sqlite_file import SqliteFile, UnusableFileError

MINUTE, HOUR = 60.0, 3600.0
PLAN = FleetPlan(plants=2, devices_per_plant=3)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program has the file to itself: a backup, or a shell."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        yield


@pytest.fixture
def world(tmp_path: Path) -> KeptWorld:
    """It has run for ten minutes, and was killed."""
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    world.kill()
    return world


def test_a_file_that_is_locked_at_the_start_is_waited_for(world: KeptWorld) -> None:
    asked = dict(world.instruments.attempts)
    with locked(world.file):
        world.start()
        world.run(7.0)
        assert not world.observed.works
        assert dict(world.instruments.attempts) == asked
    world.run(MINUTE)
    assert world.observed.works
    assert len(world.account.cache.snapshot().plants) == PLAN.plants
    world.run(HOUR)
    assert world.refused == {}
    assert world.system.log.counts[FarInterface.LOGIN] == 3  # one for each half hour


@pytest.mark.no_cover
def test_a_file_that_stays_locked_counts_as_just_asked_and_is_not_written_over(world: KeptWorld) -> None:
    asked = dict(world.instruments.attempts)
    with locked(world.file):
        world.start()
        started = world.clock.now()
        world.run(4 * MINUTE)
        assert world.instruments.attempts[Interface.GET_STATION_REAL_KPI] == asked[Interface.GET_STATION_REAL_KPI]
        world.run(6 * MINUTE)
        assert world.instruments.attempts[Interface.GET_STATION_REAL_KPI] > asked[Interface.GET_STATION_REAL_KPI]
    world.run(10 * MINUTE)
    assert world.observed.works
    ledger, limiter = world.account._engine.limiter.ledger, world.account._engine.limiter
    limit = limiter.limit(Interface.GET_DEV_LIST)
    listed = ledger.within(Interface.GET_DEV_LIST, limit, world.clock.now())
    assert any(moment < started for moment in listed)  # read at last, and joined to what was asked meanwhile
    assert len(listed) == len(world.system.log.of(FarInterface.DEVICES))
    world.kill()
    world.start()
    again = world.account._engine.limiter.ledger.within(Interface.GET_DEV_LIST, limit, world.clock.now())
    assert again == pytest.approx(listed)
    assert set(world.refused) <= {("login", 407)}


def test_a_state_without_its_calls_is_partly_lost(world: KeptWorld) -> None:
    with closing(sqlite3.connect(world.file, isolation_level=None)) as other:
        other.execute("DELETE FROM entries WHERE key = 'calls'")
    asked = world.instruments.attempts[Interface.GET_STATION_REAL_KPI]
    world.start()
    started = world.clock.now()
    world.run(4 * MINUTE)
    assert world.instruments.attempts[Interface.GET_STATION_REAL_KPI] == asked
    world.run_until(started + HOUR)
    assert world.instruments.attempts[Interface.GET_STATION_REAL_KPI] > asked
    assert world.refused == {}


def test_calls_that_cannot_be_read_count_as_just_asked(world: KeptWorld) -> None:
    with closing(sqlite3.connect(world.file, isolation_level=None)) as other:
        other.execute("UPDATE entries SET value = ? WHERE key = 'calls'", (b"\x05\x00\x00\x00no js",))
    asked = dict(world.instruments.attempts)
    world.start()
    started = world.clock.now()
    ledger, limiter = world.account._engine.limiter.ledger, world.account._engine.limiter
    for interface in Interface:
        assert ledger.last(interface, limiter.limit(interface)) >= started - 1, interface
    world.run(4 * MINUTE)
    assert world.instruments.attempts[Interface.GET_STATION_REAL_KPI] == asked[Interface.GET_STATION_REAL_KPI]
    assert world.instruments.attempts[Interface.STATIONS] == asked[Interface.STATIONS]
    world.run_until(started + HOUR)
    assert world.instruments.attempts[Interface.GET_STATION_REAL_KPI] > asked[Interface.GET_STATION_REAL_KPI]
    assert world.refused == {}


_AS_ANOTHER_USER = """
import os, sys
from pathlib import Path
sys.path[:0] = {path!r}
from support.manual_clock import ManualClock
from support.observed import Observed
from support.world import ListLog
from fusionsolar_exporter.state.sqlite import SqliteState
os.setuid(65534)
state = SqliteState(Path({file!r}), ManualClock(), ListLog(), Observed())
found = state.partition({host!r}, "northbound").read_new()
print(sorted(kept.key for kept in found.entries))
"""


@pytest.mark.skipif(os.getuid() != 0, reason="needs another user")
def test_a_file_that_may_only_be_read_is_read(world: KeptWorld) -> None:
    with closing(sqlite3.connect(world.file)) as other:
        other.execute("PRAGMA journal_mode = DELETE")  # no log is left beside it
    directory = Path(tempfile.mkdtemp())  # others may enter it, as they may not enter a test's own
    try:
        file = Path(shutil.copy(world.file, directory))
        directory.chmod(0o555)
        file.chmod(0o444)
        program = _AS_ANOTHER_USER.format(path=sys.path, file=str(file), host=world.settings.account.host)
        told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    finally:
        shutil.rmtree(directory)
    assert "'calls'" in told.stdout, told.stderr


@pytest.mark.no_cover
def test_a_state_that_cannot_be_written_at_the_start_may_lack_its_newest_calls(world: KeptWorld) -> None:
    asked = world.instruments.attempts[Interface.GET_STATION_REAL_KPI]
    with closing(sqlite3.connect(world.file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")  # reading goes on, writing does not
        world.start()
        world.run(4 * MINUTE)
        assert world.account.cache.snapshot().plants
        assert world.instruments.attempts[Interface.GET_STATION_REAL_KPI] == asked


@dataclass
class Bench:
    file: Path
    clock: ManualClock = field(default_factory=ManualClock)
    log: ListLog = field(default_factory=ListLog)
    observed: Observed = field(default_factory=Observed)

    def state(self) -> SqliteState:
        return SqliteState(self.file, self.clock, self.log, self.observed)


def test_a_log_that_is_deleted_while_it_is_used_is_noticed_counted_and_nothing_is_lost(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    world.file.with_name("state.sqlite-wal").unlink()
    before = world.account.cache.snapshot()
    world.account.step()
    assert "the state file was replaced: writing anew" in world.log.messages("warning")
    assert world.observed.failures == 1
    files = tmp_path / "copy"
    files.mkdir()
    for one in tmp_path.glob("state.sqlite*"):  # as a process that is killed now leaves them
        shutil.copy(one, files)
    world.kill()
    world.file = files / "state.sqlite"
    world.start()
    assert world.account.cache.snapshot().devices == before.devices
    world.run(20 * MINUTE)
    assert world.refused == {}
    assert world.system.log.counts[FarInterface.LOGIN] == 1


def test_what_was_set_aside_is_deleted_after_a_week(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "state.sqlite")
    old, new = (tmp_path / f"state.sqlite.broken-{year}0101T000000.000000Z" for year in (2020, 9990))
    foreign = tmp_path / "state.sqlite.broken-by-me"
    for one in (old, Path(f"{old}-wal"), new, foreign):
        one.touch()
    foreign.rename(tmp_path / "state.sqlite.brokenly")
    partition = bench.state().partition("host", "user")
    assert partition.acquire()
    partition.read_new()
    partition.write([])
    assert sorted(one.name for one in tmp_path.glob("*.broken*")) == [new.name, "state.sqlite.brokenly"]


def test_a_file_on_another_machine_is_kept_without_a_log(tmp_path: Path) -> None:
    local, remote = SqliteFile(tmp_path / "local"), SqliteFile(tmp_path / "remote", remote=True)
    modes = []
    for file in (local, remote):
        with file.transaction() as connection:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            modes.append(mode)
        file.close()
    assert modes == ["wal", "delete"]


def test_a_place_where_nothing_can_be_is_told_from_one_that_is_only_shut(tmp_path: Path) -> None:
    with pytest.raises(UnusableFileError) as nowhere, SqliteFile(Path("/dev/null/state")).reading():
        pass
    (tmp_path / "state").mkdir()
    with pytest.raises(UnusableFileError) as shut, SqliteFile(tmp_path / "state").reading():
        pass
    assert (nowhere.value.vacant, shut.value.vacant) == (True, False)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/mnt/far away/state.sqlite", "nfs4"),
        ("/mnt/far away/disk/state.sqlite", None),
        ("/mnt/farther/state.sqlite", None),
        ("/var/state.sqlite", None),
    ],
)
def test_file_systems_of_other_machines_are_known(tmp_path: Path, path: str, kind: str | None) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "50 22 0:40 / /mnt/far\\040away rw shared:2 - nfs4 far.example:/export rw,vers=4.2\n"
        "51 50 8:2 / /mnt/far\\040away/disk rw - xfs /dev/sdb1 rw\n"
        "something else\n"
    )
    assert remote_file_system(Path(path), mounts) == kind
    assert remote_file_system(Path(path), tmp_path / "missing") is None
