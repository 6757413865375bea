"""State in a SQLite file, shared by the processes of one machine.

Where the file cannot be written, the exporter goes on without: everything it knows is in its memory too.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from typing_extensions import override

from fusionsolar_exporter.event_log import Log
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.state.file_lock import FileLock
from fusionsolar_exporter.state.sqlite_file import BrokenFileError, SqliteFile, UnusableFileError
from fusionsolar_exporter.state.store import (
    LOOK_SECONDS,
    Entry,
    Kept,
    NotLeadingError,
    Partition,
    State,
    StateObserver,
    name_of,
)

_AGAIN_SECONDS = 60.0  # after a failure
_CLEAN_SECONDS = 600.0
# half the work of INSERT OR REPLACE, which deletes first
_KEEP = """
INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, key) DO UPDATE SET
number = excluded.number, wall = excluded.wall, boot = excluded.boot, since_boot = excluded.since_boot,
keep = excluded.keep, value = excluded.value
"""
_LARGEST_VALUE = 64 * 1024 * 1024  # bytes; nothing that we write comes near

R = TypeVar("R")


class SqliteState(State):
    """``sqlite:PATH``."""

    def __init__(self, path: Path, clock: Clock, log: Log, observer: StateObserver) -> None:
        self.clock = clock
        self._file = SqliteFile(path)
        self._log = log
        self._observer = observer
        self._lock = threading.Lock()
        self._again_at = 0.0
        self._clean_at = 0.0
        self._working = True
        self.contents = 0
        """Counts how often what was in the file got lost."""
        self.lost = False
        """Whether the file had to be set aside, and what it held is not known."""
        self._use(_look)

    @property
    def path(self) -> Path:
        """Of the file."""
        return self._file.path

    @override
    def partition(self, host: str, username: str) -> "SqlitePartition":
        return SqlitePartition(self, name_of(host, username))

    @override
    def close(self) -> None:
        with self._lock:
            self._file.close()

    def read(self, account: str, after: int) -> Sequence[tuple[int, Kept]]:
        """Entries of an account with numbers beyond one, in their order."""
        now = self.clock.now()
        boot, since_boot = self.clock.boot(now)
        wall = self.clock.wall(now)

        def select(file: SqliteFile) -> list[tuple[int, Kept]]:
            with file.reading() as connection:
                rows = connection.execute(
                    "SELECT number, key, value, wall, boot, since_boot FROM entries "
                    "WHERE account = ? AND number > ? AND length(value) <= ? ORDER BY number",
                    (account, after, _LARGEST_VALUE),
                ).fetchall()
            return [
                # within one boot no correction of the wall clock makes an entry older or younger
                (number, Kept(key, value, max((since_boot - then) if boot == its_boot else (wall - its_wall), 0.0)))
                for number, key, value, its_wall, its_boot, then in rows
            ]

        return self._use(select) or ()

    def write(self, account: str, entries: Sequence[Entry]) -> int | None:
        """Keep entries; the number of the last one, or None where nothing can be kept."""
        now = self.clock.now()

        def insert(file: SqliteFile) -> int:
            with file.transaction() as connection:
                query = "SELECT coalesce(max(number), 0) FROM entries WHERE account = ?"
                (number,) = connection.execute(query, (account,)).fetchone()
                for entry in entries:
                    number += 1
                    boot, since_boot = self.clock.boot(entry.made_at)
                    row = (account, entry.key, number, self.clock.wall(entry.made_at), boot, since_boot, entry.keep)
                    connection.execute(_KEEP, (*row, entry.value))
                if now >= self._clean_at:
                    self._clean_at = now + _CLEAN_SECONDS
                    boot, since_boot = self.clock.boot(now)
                    connection.execute(
                        "DELETE FROM entries WHERE keep < CASE boot WHEN ? THEN ? - since_boot ELSE ? - wall END",
                        (boot, since_boot, self.clock.wall(now)),
                    )
            return int(number)

        return self._use(insert)

    def _use(self, operation: Callable[[SqliteFile], R]) -> R | None:
        """Do something with the file; None where it cannot be used, which is tried again in a minute."""
        with self._lock:
            began = self.clock.now()
            if not self._working and began < self._again_at:
                return None
            try:
                if self._file.replaced():
                    self.contents += 1
                    self._log.warning("the state file was replaced: writing anew", file=str(self.path))
                try:
                    result = operation(self._file)
                except BrokenFileError as error:
                    self._set_aside(error)
                    result = operation(self._file)
            except (BrokenFileError, UnusableFileError) as error:
                self._fails(error, began)
                return None
            finally:
                self._observer.operation(self.clock.now() - began)
            self._works()
            return result

    def _set_aside(self, error: BrokenFileError) -> None:
        self._observer.failed()
        aside = self._file.set_aside()
        self.contents += 1
        self.lost = True
        self._log.warning(
            "the state file cannot be read: set aside, starting with an empty one; "
            "every interface may just have been asked, so each waits for its window",
            file=str(self.path),
            error=str(error),
            set_aside_as=str(aside),
        )

    def _fails(self, error: Exception, now: float) -> None:
        self._observer.failed()
        self._observer.working(False)
        self._again_at = now + _AGAIN_SECONDS
        self._file.close()
        if self._working:
            self._working = False
            self._log.warning(
                "state cannot be kept: going on in memory only, and trying again now and then; "
                "make the path writable, or set state.url",
                file=str(self.path),
                error=str(error),
            )

    def _works(self) -> None:
        self._observer.working(True)
        if not self._working:
            self._working = True
            self.contents += 1
            self._log.info("state is kept again", file=str(self.path))


def _look(file: SqliteFile) -> None:
    with file.reading() as connection:
        connection.execute("SELECT number FROM entries LIMIT 1").fetchone()


class SqlitePartition(Partition):
    """One account's part of the file."""

    keeps = True

    def __init__(self, state: SqliteState, account: str) -> None:
        self._state = state
        self._account = account
        self._lock: FileLock | None = None
        self._number = 0
        self._contents: int | None = None
        self._was_lost = False

    @override
    def acquire(self) -> bool:
        """Where no lock can be had, nobody else can have one either."""
        try:
            if self._lock is None:
                self._lock = FileLock(self._state.path.with_name(f"{self._state.path.name}.{self._account}"))
            return self._lock.hold()
        except OSError:
            return True

    @override
    def wait_seconds(self) -> float:
        return LOOK_SECONDS

    @override
    def was_lost(self) -> bool:
        lost, self._was_lost = self._was_lost, False
        return lost

    @override
    def was_emptied(self) -> bool:
        before, self._contents = self._contents, self._state.contents
        return before is not None and before != self._state.contents

    @override
    def read_new(self) -> Sequence[Kept]:
        found = self._state.read(self._account, self._number)
        if self._contents is None:
            self._contents = self._state.contents
            self._was_lost = self._state.lost
        if found:
            self._number = found[-1][0]
        return [kept for _, kept in found]

    @override
    def write(self, entries: Sequence[Entry]) -> None:
        """Where nothing can be kept, memory has to do."""
        if self._lock is not None and not self._lock.held:
            raise NotLeadingError
        self._number = self._state.write(self._account, entries) or self._number

    @override
    def release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    @override
    def request_handover(self) -> None:
        if self.acquire() or self._lock is None:
            return
        self._lock.demand()
