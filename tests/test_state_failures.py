"""What is wrong with a state file is said once, costs nothing but the state, and never stops the exporter."""

import gc
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.http_world import HttpWorld
from support.kept_world import KeptWorld
from support.manual_clock import ManualClock
from support.observed import Observed
from support.world import PASSWORD, USER, ListLog

from fusionsolar_exporter.simulator.interfaces import Interface as FarInterface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.state import Entry, NotLeadingError
from fusionsolar_exporter.state.sqlite import SqliteState
from fusionsolar_exporter.state.sqlite_file import UnusableFileError
from fusionsolar_exporter.state.sqlite_partition import SqlitePartition

MINUTE = 60.0
PLAN = FleetPlan(plants=2, devices_per_plant=3)
UNUSABLE = ["/proc/self/state/state.sqlite", "/dev/null/state.sqlite"]


class Bench:
    """Backends on one file, each as a process would have it."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.clock = ManualClock()
        self.log = ListLog()
        self.observed = Observed()

    def state(self) -> SqliteState:
        return SqliteState(self.file, self.clock, self.log, self.observed)

    def leader(self, username: str = "user") -> SqlitePartition:
        """A partition in a process of its own, which leads and has read what there is."""
        partition = self.state().partition("host", username)
        assert partition.acquire()
        partition.read_new()
        return partition

    def entry(self, key: str, value: bytes = b"value", keep: float = 1e6) -> Entry:
        return Entry(key, value, self.clock.now(), keep)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path / "deep" / "state.sqlite")


@pytest.mark.parametrize("path", UNUSABLE)
def test_a_path_that_cannot_be_written_means_memory_with_one_warning(path: str) -> None:
    with HttpWorld(PLAN, state={"url": f"sqlite:{path}"}) as world:
        world.run(10 * MINUTE)
        scrape = world.scrape()
        (line,) = [line for line in world.log_lines() if line["msg"].startswith("state cannot be kept")]
    assert line["file"] == path
    assert scrape.value("fusionsolar_state_up") == 0
    assert (scrape.value("fusionsolar_state_errors_total") or 0) >= 2
    assert scrape.value("fusionsolar_up", account="default") == 1
    assert scrape.value("fusionsolar_account_leader", account="default") == 1


def test_state_that_works_says_so(tmp_path: Path) -> None:
    with HttpWorld(PLAN, state={"url": f"sqlite:{tmp_path / 'state.sqlite'}"}) as world:
        world.run(10 * MINUTE)
        scrape = world.scrape()
    assert scrape.value("fusionsolar_state_up") == 1
    assert scrape.value("fusionsolar_state_errors_total") == 0
    counts = {one.name: one.value for one in scrape.all("fusionsolar_state_operation_duration_seconds")}
    assert counts["fusionsolar_state_operation_duration_seconds_count"] > 10


def test_a_full_disk_degrades_to_memory_and_recovers(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, replace(PLAN, plants=20))
    _, state = world.partitions[0]
    with state.entries._file.reading() as connection:
        connection.execute("PRAGMA max_page_count = 4")
    world.run(30)
    assert world.observed.works is False
    assert world.account.status().up
    (line,) = [fields for level, _, fields in world.log.lines if level == "warning"]
    assert "full" in str(line["error"])
    world.run(10 * MINUTE)  # the connection was given up, and with it the limit
    assert world.observed.works
    assert "state is kept again" in world.log.messages("info")
    world.kill()
    world.start()
    assert len(world.account.cache.snapshot().plants) == 20  # the lists were written again
    assert world.account.cache.snapshot().listed_devices
    world.run(10 * MINUTE)
    assert world.refused == {}


def test_a_file_that_is_removed_while_it_is_used_is_written_anew(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    for suffix in ("", "-wal", "-shm"):
        world.file.with_name(world.file.name + suffix).unlink()
    world.run(10 * MINUTE)
    assert world.file.exists()
    assert "the state file was replaced: writing anew" in world.log.messages("warning")
    before = world.account.cache.snapshot()
    world.kill()
    world.start()
    assert world.account.cache.snapshot().devices == before.devices
    assert world.account.cache.snapshot().device_readings == before.device_readings
    world.run(10 * MINUTE)
    assert world.refused == {}
    assert world.system.log.counts[FarInterface.LOGIN] <= 2


def test_a_file_that_breaks_while_it_is_used_is_set_aside_and_nothing_is_lost(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    _, state = world.partitions[0]
    with state.entries._file.transaction() as connection:
        connection.execute("DROP TABLE entries")
    world.run(10 * MINUTE)
    assert len([one for one in tmp_path.iterdir() if ".broken-" in one.name]) >= 1
    assert world.observed.works
    assert world.account.status().up
    world.kill()
    world.start()
    world.run(10 * MINUTE)
    assert world.refused == {}


def test_two_gigabytes_of_something_else_are_set_aside_at_once(bench: Bench) -> None:
    bench.file.parent.mkdir()
    with bench.file.open("wb") as file:
        file.write(b"something else")
        file.truncate(2 * 1024**3)
    state = bench.state()
    assert bench.observed.failures == 1
    assert state.partition("host", "user").read_new().entries == []
    assert sorted(one.stat().st_size for one in bench.file.parent.glob("*.broken-*")) == [2 * 1024**3]


def test_a_value_of_unlikely_size_is_left_alone(bench: Bench) -> None:
    partition = bench.leader()
    partition.write([bench.entry("large", bytes(64 * 1024 * 1024 + 1)), bench.entry("small")])
    assert [kept.key for kept in bench.state().partition("host", "user").read_new().entries] == ["small"]


def test_the_file_is_for_its_owner_alone(bench: Bench) -> None:
    bench.file.parent.mkdir()
    bench.file.touch(mode=0o644)
    partition = bench.leader()
    partition.write([bench.entry("key")])
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in bench.file.parent.iterdir()}
    assert len(modes) == 5
    assert set(modes.values()) == {0o600}


def test_an_account_sees_nothing_of_another(bench: Bench) -> None:
    state = bench.state()
    one, other = state.partition("host", "one"), state.partition("host", "other")
    for partition in (one, other):
        assert partition.acquire()
        partition.read_new()
    one.write([bench.entry("key", b"of one")])
    other.write([bench.entry("key", b"of the other")])
    again = bench.state()
    assert [kept.value for kept in again.partition("host", "one").read_new().entries] == [b"of one"]
    assert [kept.value for kept in again.partition("host", "other").read_new().entries] == [b"of the other"]
    assert again.partition("elsewhere", "one").read_new().entries == []


def test_what_is_new_is_what_others_wrote_in_the_order_of_writing(bench: Bench) -> None:
    writer, reader = bench.leader(), bench.state().partition("host", "user")
    writer.write([bench.entry("a"), bench.entry("b")])
    assert [kept.key for kept in reader.read_new().entries] == ["a", "b"]
    bench.clock.advance(5)
    writer.write([bench.entry("a", b"newer")])
    assert [(kept.key, kept.value, kept.age) for kept in reader.read_new().entries] == [("a", b"newer", 0)]
    assert reader.read_new().entries == []
    assert writer.read_new().entries == []


def test_who_does_not_lead_writes_nothing(bench: Bench) -> None:
    leader, other = bench.state().partition("host", "user"), bench.state().partition("host", "user")
    assert leader.acquire()
    assert not other.acquire()
    with pytest.raises(NotLeadingError):
        other.write([bench.entry("key")])
    leader.release()
    assert other.acquire()
    assert not leader.acquire()
    with pytest.raises(NotLeadingError):
        leader.write([bench.entry("key")])


def test_who_demands_the_account_gets_it_and_gives_it_back(bench: Bench) -> None:
    leader, visitor, third = (bench.state().partition("host", "user") for _ in range(3))
    assert leader.acquire()
    visitor.request_handover()
    assert not visitor.acquire()
    assert not leader.acquire()
    assert not third.acquire()
    assert visitor.acquire()
    assert not leader.acquire()
    assert visitor._lock is not None
    visitor._lock.close()
    assert leader.acquire()


def test_entries_that_nobody_wants_any_more_go(bench: Bench) -> None:
    partition = bench.leader()
    partition.write([bench.entry("short", keep=10), bench.entry("long")])
    bench.clock.advance(3600)
    partition.write([bench.entry("other")])
    assert [kept.key for kept in bench.state().partition("host", "user").read_new().entries] == ["long", "other"]


def test_an_entry_that_is_written_late_is_as_old_as_what_it_speaks_of(bench: Bench) -> None:
    partition = bench.leader()
    entry = bench.entry("key")
    bench.clock.advance(100)
    partition.write([entry])
    bench.clock.advance(10)
    assert [kept.age for kept in bench.state().partition("host", "user").read_new().entries] == [110]


@pytest.mark.parametrize("value", [b"", b"\xff\xff\xff\xff", b"\x02\x00\x00\x00{}", b"\x03\x00\x00\x00nul" + bytes(8)])
@pytest.mark.parametrize(
    "key", ["account", "calls", "alarms/0/x", "device_realtime/x", "device_list/x", "plant_list", "x"]
)
def test_an_entry_that_makes_no_sense_is_left_out(tmp_path: Path, key: str, value: bytes) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    partition, _ = world.partitions[0]
    partition.write([Entry(key, value, world.clock.now(), 1e6)])
    world.kill()
    world.start()
    if key != "x":
        (line,) = [fields for level, _, fields in world.log.lines if level == "warning"]
        assert line["key"] == key
    world.run(20 * MINUTE)
    assert world.refused == {}
    assert world.account.status().up


def test_no_secret_and_no_person_is_in_the_file(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(20 * MINUTE)
    content = b"".join(one.read_bytes() for one in tmp_path.iterdir())
    assert PASSWORD.encode() not in content
    assert USER.encode() not in content
    for text in ("Example Street", "Example Person", "person@example.com"):  # the plant list has them
        assert text.encode() not in content


def test_a_state_that_is_opened_many_times_holds_nothing_open(bench: Bench) -> None:
    def descriptors() -> int:
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir()))

    def visit() -> None:
        state = bench.state()
        partition = state.partition("host", "user")
        assert partition.acquire()
        partition.read_new()
        partition.write([bench.entry("key")])
        partition.release()
        state.close()

    visit()
    before = descriptors()
    for _ in range(20):
        visit()
    assert descriptors() == before
    assert bench.observed.failures == 0


@pytest.mark.parametrize("damage", [b"\xff" * 100_000, b"no database at all" * 5000])
def test_a_file_whose_bytes_break_while_it_is_open_is_set_aside(bench: Bench, damage: bytes) -> None:
    partition = bench.leader()
    partition.write([bench.entry("before")])
    for suffix in ("-wal", ""):
        path = bench.file.with_name(bench.file.name + suffix)
        with path.open("r+b") as file:
            file.truncate(0)
            file.write(damage)
    other = bench.state().partition("host", "user")  # a process that begins, and finds out
    assert list(other.read_new().entries) == []
    for number in range(3):
        bench.clock.advance(61.0)
        assert partition.acquire()
        partition.write([bench.entry(f"after-{number}")])
    assert bench.observed.works
    assert bench.observed.failures >= 1
    assert [one.name for one in bench.file.parent.iterdir() if ".broken-" in one.name] != []
    last = bench.state().partition("host", "user")
    assert "after-2" in {kept.key for kept in last.read_new().entries}


def test_each_use_of_the_file_is_timed(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    partition = bench.leader()
    file = partition._entries._file
    transaction = file.transaction

    def slow() -> Any:
        bench.clock.advance(0.25)
        return transaction()

    monkeypatch.setattr(file, "transaction", slow)
    bench.observed.seconds.clear()
    partition.write([bench.entry("key")])
    assert bench.observed.seconds == [pytest.approx(0.25)]


def test_a_use_of_the_file_that_fails_is_timed_as_well(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    partition = bench.leader()

    def full() -> Any:
        bench.clock.advance(0.5)
        raise UnusableFileError("disk full")

    monkeypatch.setattr(partition._entries._file, "transaction", full)
    bench.observed.seconds.clear()
    partition.write([bench.entry("key")])
    assert bench.observed.seconds == [pytest.approx(0.5)]
    assert not bench.observed.works


def test_what_could_not_be_kept_is_asked_for_once_and_not_before_it_can_be(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    partition = bench.leader()
    partition.write([bench.entry("key")])
    assert not partition.was_emptied()

    def full() -> Any:
        raise UnusableFileError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(partition._entries._file, "transaction", full)
        partition.write([bench.entry("other")])
        assert not bench.observed.works
        assert not partition.was_emptied()
    bench.clock.advance(61.0)
    partition.write([bench.entry("third")])
    assert bench.observed.works
    assert [partition.was_emptied() for _ in range(3)] == [True, False, False]
