"""The entries of all accounts in a SQLite file, and what becomes of them where it cannot be used."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from fusionsolar_exporter.event_log import Log
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.state.mounts import remote_file_system
from fusionsolar_exporter.state.sqlite_file import BrokenFileError, SqliteFile, UnusableFileError
from fusionsolar_exporter.state.store import Entry, Kept, StateObserver

_AGAIN_SECONDS = 60.0  # after a failure
_SOON_SECONDS = 5.0  # after one that passes by itself
_CLEAN_SECONDS = 600.0
# half the work of INSERT OR REPLACE, which deletes first
_KEEP = """
INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (account, key) DO UPDATE SET
number = excluded.number, wall = excluded.wall, boot = excluded.boot, since_boot = excluded.since_boot,
keep = excluded.keep, value = excluded.value
"""
_LARGEST_VALUE = 64 * 1024 * 1024  # bytes; nothing that we write comes near

R = TypeVar("R")


class SqliteEntries:
    """Safe from any thread. Nothing here raises: what cannot be done now is tried again later."""

    def __init__(self, path: Path, clock: Clock, log: Log, observer: StateObserver) -> None:
        self.clock = clock
        self._log = log
        self._observer = observer
        self._lock = threading.Lock()
        self._again_at = 0.0
        self._clean_at = 0.0
        self._working = True
        self._unlocked = ""
        self.contents = 0
        """Counts how often what was in the file got lost."""
        self.lost = False
        """Whether the file had to be set aside, and what it held is not known."""
        self.vacant = False
        """Whether there is no file and none can be made, so that nobody has ever kept anything in it."""
        remote = remote_file_system(path)
        if remote is not None:
            log.warning(
                "state is on another machine's file system: kept without SQLite's log, which is slower, and safe only "
                "if that file system's locks are; put it on a disk of this machine, or use Redis",
                file=str(path),
                file_system=remote,
            )
        self._file = SqliteFile(path, remote=remote is not None)
        self._use(_look)

    @property
    def path(self) -> Path:
        """Of the file."""
        return self._file.path

    @property
    def working(self) -> bool:
        """Whether the file could be used when it was needed last."""
        return self._working

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    def read(self, account: str, after: int) -> Sequence[tuple[int, Kept]] | None:
        """Entries of an account with numbers beyond one, in their order; None where the file cannot be read."""
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
                (number, Kept(key, value, (since_boot - then) if boot == its_boot else (wall - its_wall)))
                for number, key, value, its_wall, its_boot, then in rows
            ]

        return self._use(select)

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
                    file.clear_aside()
            return int(number)

        return self._use(insert)

    def in_place(self) -> bool:
        """Whether the file that is open is the one that others would open; else all of it has to be written anew."""
        with self._lock:
            self._notice_replaced()
            return self._working

    def cannot_lock(self, error: str) -> None:
        """An account's lock is there, and cannot be had."""
        with self._lock:
            news, self._unlocked = error != self._unlocked, error
            self._observer.working(False)
        if news:
            self._observer.failed()
            self._log.warning(
                "the lock of an account cannot be opened: another process may refresh it, so nothing is asked; "
                "make the files of the state readable and writable for this user",
                file=str(self.path),
                error=error,
            )

    def locks(self) -> None:
        """Locks can be had."""
        self._unlocked = ""

    def _use(self, operation: Callable[[SqliteFile], R]) -> R | None:
        """Do something with the file; None where it cannot be used, which is tried again in a minute."""
        with self._lock:
            began = self.clock.now()
            if not self._working and began < self._again_at:
                return None
            try:
                self._notice_replaced()
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

    def _notice_replaced(self) -> None:
        if self._file.replaced():
            self.contents += 1
            self._observer.failed()
            self._log.warning("the state file was replaced: writing anew", file=str(self.path))

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

    def _fails(self, error: BrokenFileError | UnusableFileError, now: float) -> None:
        self._observer.failed()
        self._observer.working(False)
        passing = isinstance(error, UnusableFileError) and error.passing
        self.vacant = isinstance(error, UnusableFileError) and error.vacant
        self._again_at = now + (_SOON_SECONDS if passing else _AGAIN_SECONDS)
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
        self.vacant = False
        self._observer.working(not self._unlocked)
        if not self._working:
            self._working = True
            self.contents += 1
            self._log.info("state is kept again", file=str(self.path))


def _look(file: SqliteFile) -> None:
    with file.reading() as connection:
        connection.execute("SELECT number FROM entries LIMIT 1").fetchone()
