"""The entries of a SQLite file: what has had its time goes, now and then."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.manual_clock import ManualClock
from support.world import ListLog

from fusionsolar_exporter.quiet_observer import NoStateObserver
from fusionsolar_exporter.state.sqlite_entries import SqliteEntries
from fusionsolar_exporter.state.sqlite_partition import SqlitePartition
from fusionsolar_exporter.state.store import Entry

MINUTE = 60.0


def test_what_need_not_be_kept_any_longer_goes_every_ten_minutes(tmp_path: Path) -> None:
    path, clock = tmp_path / "state.sqlite", ManualClock()
    entries = SqliteEntries(path, clock, ListLog(), NoStateObserver())

    def written(key: str) -> set[str]:
        assert entries.write("home", [Entry(key, b"x", clock.now(), 1.5 * MINUTE)]) is not None
        with closing(sqlite3.connect(path)) as file:
            return {found for (found,) in file.execute("SELECT key FROM entries")}

    assert written("a") == {"a"}
    clock.advance(2 * MINUTE)
    assert written("b") == {"a", "b"}
    clock.advance(7 * MINUTE)
    assert written("c") == {"a", "b", "c"}, "it is looked for in all of the file: not at each write"
    clock.advance(MINUTE + 1)
    assert written("d") == {"c", "d"}
    clock.advance(2 * MINUTE)
    assert written("e") == {"c", "d", "e"}
    entries.close()


def test_what_was_never_read_is_unknown_unless_nothing_can_be_there(tmp_path: Path) -> None:
    def partition(path: Path) -> SqlitePartition:
        return SqlitePartition(SqliteEntries(path, ManualClock(), ListLog(), NoStateObserver()), "home")

    (tmp_path / "file").write_text("")
    assert partition(tmp_path / "file" / "state.sqlite").read_new().unknown is False
    (tmp_path / "folder.sqlite").mkdir()
    assert partition(tmp_path / "folder.sqlite").read_new().unknown is True


def test_what_was_read_once_stays_known_while_the_file_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = SqliteEntries(tmp_path / "state.sqlite", ManualClock(), ListLog(), NoStateObserver())
    partition = SqlitePartition(entries, "home")
    assert partition.read_new().unknown is False
    monkeypatch.setattr(entries, "read", lambda *_: None)
    assert partition.read_new().unknown is False
    assert SqlitePartition(entries, "home").read_new().unknown is True
    entries.close()
