"""The SQLite file: made, checked, set aside where it is not ours or broken, and noticed where it is replaced."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from fusionsolar_exporter.state.file_lock import nothing_can_be_at

_APPLICATION = 0x4675536F
_VERSION = 1
_FIRST_BUSY_SECONDS = 0.5  # a start waits for nobody
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
_PASSING = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_PRIMARY_CODE = 0xFF
_ASIDE, _STAMP = ".broken-", "%Y%m%dT%H%M%S.%fZ"
_KEPT_ASIDE = timedelta(days=7)


class BrokenFileError(Exception):
    """The file cannot be what we wrote."""


class UnusableFileError(Exception):
    """The file can be neither read nor written at present.

    ``passing`` where another process is only busy with it, ``vacant`` where there is none and none can be made.
    """

    def __init__(self, message: str, *, passing: bool = False, vacant: bool = False) -> None:
        super().__init__(message)
        self.passing = passing
        self.vacant = vacant


@dataclass(frozen=True, slots=True)
class _Opened:
    connection: sqlite3.Connection
    inodes: Mapping[Path, tuple[int, int]]
    """Of the files that others would have to open too."""


class SqliteFile:
    """Not thread-safe: its owner locks. Raises BrokenFileError and UnusableFileError, nothing else.

    ``remote`` where the file is on another machine: WAL needs memory that all processes share, and is not used there.
    """

    def __init__(self, path: Path, *, remote: bool = False) -> None:
        self.path = path
        self._remote = remote
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
        """A connection to read from; where the file may not be written, one that only reads."""
        try:
            with self._named_errors():
                connection = self._connected()
        except UnusableFileError as error:
            if error.vacant or error.passing:
                raise
            with self._named_errors():
                connection = self._read_only()
            try:
                with self._named_errors():
                    yield connection
            finally:
                connection.close()
            return
        with self._named_errors():
            yield connection

    def replaced(self) -> bool:
        """Whether what was opened, the log beside it included, is not what others would open; it is then closed."""
        if self._opened is None or all(_inode(path) == inode for path, inode in self._opened.inodes.items()):
            return False
        self.close()
        return True

    def set_aside(self) -> Path:
        """Move the file out of the way, with all that belongs to it; its new path."""
        self.close()
        aside = self.path.with_name(f"{self.path.name}{_ASIDE}{datetime.now(UTC).strftime(_STAMP)}")
        try:
            for suffix in ("", "-wal", "-shm"):
                given = self.path.with_name(self.path.name + suffix)
                if given.exists():
                    given.rename(aside.with_name(aside.name + suffix))
        except OSError as error:
            raise UnusableFileError(f"it cannot be moved out of the way: {error.strerror}") from None
        return aside

    def clear_aside(self) -> None:
        """Delete what was set aside more than a week ago."""
        until = datetime.now(UTC) - _KEPT_ASIDE
        try:
            for found in self.path.parent.glob(f"{_literal(self.path.name)}{_ASIDE}*"):
                stamp = found.name.partition(_ASIDE)[2].partition("-")[0]
                if datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC) < until:
                    found.unlink(missing_ok=True)
        except (OSError, ValueError):
            return  # somebody else's, or not to be had: nothing depends on it

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
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            vacant = nothing_can_be_at(self.path, error)
            raise UnusableFileError(error.strerror or str(error), vacant=vacant) from None
        try:
            os.fchmod(file, 0o600)  # it holds session tokens
        finally:
            os.close(file)
        connection = self._connection(str(self.path))
        try:
            self._prepare(connection)
            # what was read first has brought the log and its index; where there is none, none of them are there
            paths = (self.path.with_name(self.path.name + suffix) for suffix in ("", "-wal", "-shm"))
            inodes = {path: inode for path in paths if (inode := _inode(path)) is not None}
        except BaseException:
            connection.close()
            raise
        return _Opened(connection, inodes)

    def _read_only(self) -> sqlite3.Connection:
        """Without its log only where that holds nothing."""
        given = self.path.absolute().as_uri()
        log = self.path.with_name(self.path.name + "-wal")
        options = ("mode=ro",) if log.exists() and log.stat().st_size else ("mode=ro", "immutable=1")
        for option in options:
            connection = self._connection(f"{given}?{option}", uri=True)
            try:
                version = _version_of(connection)
            except BaseException as error:
                connection.close()
                if option == options[-1] or not isinstance(error, sqlite3.OperationalError):
                    raise
            else:
                if version:
                    return connection
                connection.close()
                raise UnusableFileError("there is nothing in it")
        raise UnusableFileError("it cannot be read")  # pragma: no cover - one of them was the last

    @staticmethod
    def _connection(where: str, *, uri: bool = False) -> sqlite3.Connection:
        timeout = _FIRST_BUSY_SECONDS
        return sqlite3.connect(where, timeout=timeout, isolation_level=None, check_same_thread=False, uri=uri)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
        connection.execute(f"PRAGMA journal_mode = {'DELETE' if self._remote else 'WAL'}")
        # in a log a killed process loses nothing, and a power cut half a minute
        connection.execute(f"PRAGMA synchronous = {'FULL' if self._remote else 'NORMAL'}")
        if not _version_of(connection):
            connection.execute("BEGIN IMMEDIATE")
            if not _version_of(connection):  # another process may have been quicker
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {_VERSION}")
            connection.execute("COMMIT")
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000:.0f}")

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = (getattr(error, "sqlite_errorcode", None) or 0) & _PRIMARY_CODE
            if code in _BROKEN:
                raise BrokenFileError(str(error)) from None
            raise UnusableFileError(str(error), passing=code in _PASSING) from None
        except OSError as error:
            raise UnusableFileError(error.strerror or str(error)) from None


def _version_of(connection: sqlite3.Connection) -> int:
    """The version of what is in the file; 0 where there is nothing yet, BrokenFileError where it is none of ours."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if not tables and not application and not version:
        return 0
    if application != _APPLICATION:
        raise BrokenFileError("it was written by another program")
    if version != _VERSION:
        raise BrokenFileError(f"it is of version {version}, and this exporter reads version {_VERSION}")
    return int(version)


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _literal(name: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)
