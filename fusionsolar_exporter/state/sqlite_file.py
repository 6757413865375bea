"""The SQLite file: made, checked, set aside where it is not ours or broken, and noticed where it is replaced."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_APPLICATION = 0x4675536F
_VERSION = 1
_BUSY_SECONDS = 5.0
_PAGE_BYTES = 16384  # an answer of 100 inverters has 80 kB
_SCHEMA = """
CREATE TABLE entries (
    account TEXT NOT NULL,
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    wall REAL NOT NULL,
    boot TEXT NOT NULL,
    since_boot REAL NOT NULL,
    keep REAL NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (account, key)
);
CREATE UNIQUE INDEX entries_by_number ON entries (account, number);
"""
# a file that is broken, no database, or without our table; everything else may pass: full disk, rights, another writer
_BROKEN = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT})
_PRIMARY_CODE = 0xFF


class BrokenFileError(Exception):
    """The file cannot be what we wrote."""


class UnusableFileError(Exception):
    """The file can be neither read nor written at present."""


@dataclass(frozen=True, slots=True)
class _Opened:
    connection: sqlite3.Connection
    inode: tuple[int, int]


class SqliteFile:
    """Not thread-safe: its owner locks. Raises BrokenFileError and UnusableFileError, nothing else."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opened: _Opened | None = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is undone where anything fails."""
        with self._named_errors():
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection to read from."""
        with self._named_errors():
            yield self._connected()

    def replaced(self) -> bool:
        """Whether the file that was opened is not the one at its path any more; it is then closed."""
        if self._opened is None:
            return False
        try:
            found = self.path.stat()
        except OSError:
            found = None
        if found is not None and (found.st_dev, found.st_ino) == self._opened.inode:
            return False
        self.close()
        return True

    def set_aside(self) -> Path:
        """Move the file out of the way, with all that belongs to it; its new path."""
        self.close()
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        aside = self.path.with_name(f"{self.path.name}.broken-{stamp}")
        try:
            for suffix in ("", "-wal", "-shm"):
                given = self.path.with_name(self.path.name + suffix)
                if given.exists():
                    given.rename(aside.with_name(aside.name + suffix))
        except OSError as error:
            raise UnusableFileError(f"it cannot be moved out of the way: {error.strerror}") from None
        return aside

    def close(self) -> None:
        """Close what is open."""
        opened, self._opened = self._opened, None
        if opened is not None:
            try:
                opened.connection.close()
            except sqlite3.Error:
                return  # whatever it could not write is written anew

    def _connected(self) -> sqlite3.Connection:
        if self._opened is None:
            self._opened = self._open()
        return self._opened.connection

    def _open(self) -> _Opened:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(file, 0o600)  # it holds session tokens
            found = os.fstat(file)
        finally:
            os.close(file)
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return _Opened(connection, (found.st_dev, found.st_ino))

    @staticmethod
    def _prepare(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing, a power cut half a minute
        connection.execute("BEGIN IMMEDIATE")
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if not tables and not application and not version:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        elif application != _APPLICATION:
            raise BrokenFileError("it was written by another program")
        elif version != _VERSION:
            raise BrokenFileError(f"it is of version {version}, and this exporter reads version {_VERSION}")
        connection.execute("COMMIT")

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code is not None and code & _PRIMARY_CODE in _BROKEN:
                raise BrokenFileError(str(error)) from None
            raise UnusableFileError(str(error)) from None
        except OSError as error:
            raise UnusableFileError(error.strerror or str(error)) from None
