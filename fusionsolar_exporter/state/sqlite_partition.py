"""One account's part of a SQLite file: led by whoever has its lock, and written only by a process that has read it."""

from collections.abc import Sequence
from contextlib import suppress

from typing_extensions import override

from fusionsolar_exporter.state.file_lock import FileLock, NobodyLocksError
from fusionsolar_exporter.state.sqlite_entries import SqliteEntries
from fusionsolar_exporter.state.store import LOOK_SECONDS, Entry, Found, NotLeadingError, Partition

_PROBE, _PROBE_SECONDS = "led", 86400.0
"""Written first of all by who leads: whether anything can be."""


class SqlitePartition(Partition):
    """Used by one thread."""

    named = True
    keeps = True

    def __init__(self, entries: SqliteEntries, account: str) -> None:
        self._entries = entries
        path = entries.path
        self._lock = FileLock(path.with_name(f"{path.name}.{account}"))
        self._account = account
        self._number = 0
        self._read: int | None = None  # of which contents
        self._written: int | None = None  # to which contents everything was written
        self._probed = False
        self._lockless = False  # nobody can have a lock

    @override
    def acquire(self) -> bool:
        """Without its lock a process does not lead, but where nobody can have one."""
        self._lockless = False
        try:
            held = self._lock.hold()
        except NobodyLocksError:
            self._lockless = True
            return True
        except OSError as error:
            self._lock.close()
            self._entries.cannot_lock(error.strerror or str(error))
            return False
        self._entries.locks()
        return held

    @override
    def wait_seconds(self) -> float:
        return LOOK_SECONDS

    @override
    def was_emptied(self) -> bool:
        if not self._entries.in_place() or self.unread:
            return False
        before, self._written = self._written, self._entries.contents
        return before is not None and before != self._written

    @property
    @override
    def unread(self) -> bool:
        return self._read is None

    @override
    def read_new(self) -> Found:
        first = self._read is None
        contents = self._entries.contents
        found = self._entries.read(self._account, self._number if self._read == contents else 0)
        if found is None:
            return Found(unknown=first and not self._entries.vacant)
        if found:
            self._number = found[-1][0]
        self._read = self._entries.contents
        if self._written is None:
            self._written = self._read
        # whoever could not write has left what is older than its last calls
        unwritten = self._lock.held and not self._probed and not self._probe()
        entries = [kept for _, kept in found if kept.key != _PROBE]
        return Found(entries, unknown=(first and self._entries.lost) or unwritten)

    @override
    def write(self, entries: Sequence[Entry]) -> None:
        """Where nothing can be kept, memory has to do; what was there and has not been read stays as it is."""
        # not taken again here: who had it meanwhile has written what is to be read first
        if not self._lock.still_held() and not self._lockless:
            raise NotLeadingError
        number = None if self.unread else self._entries.write(self._account, entries)
        if number is None:
            self._written = -1
        else:
            self._number = number

    @override
    def release(self) -> None:
        self._lock.close()

    @override
    def request_handover(self) -> None:
        if not self.acquire():
            with suppress(OSError, NobodyLocksError):  # said by then
                self._lock.demand()

    def _probe(self) -> bool:
        self._probed = True
        made_at = self._entries.clock.now()
        number = self._entries.write(self._account, [Entry(_PROBE, b"", made_at, _PROBE_SECONDS)])
        self._number = number or self._number
        return number is not None
