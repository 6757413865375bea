"""State that ends with the process."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from typing_extensions import override

from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.state.store import (
    LOOK_SECONDS,
    Entry,
    Found,
    Kept,
    NotLeadingError,
    Partition,
    State,
    name_of,
)


@dataclass(slots=True, eq=False)
class _Kept:
    """What the partitions of one account share: who leads, and what was kept when the last one was given up."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    leader: "MemoryPartition | None" = None
    entries: dict[str, Entry] = field(default_factory=dict)


class MemoryPartition(Partition):
    """Keeps what is written when the account is given up, for one that a later configuration brings back."""

    named = True
    keeps = False

    def __init__(self, kept: _Kept, clock: Clock) -> None:
        self._kept = kept
        self._clock = clock
        self._unread = True

    @override
    def acquire(self) -> bool:
        with self._kept.lock:
            if self._kept.leader is None:
                self._kept.leader = self
            return self._kept.leader is self

    @override
    def wait_seconds(self) -> float:
        return LOOK_SECONDS

    @override
    def was_emptied(self) -> bool:
        return False

    @property
    @override
    def unread(self) -> bool:
        return self._unread

    @override
    def read_new(self) -> Found:
        with self._kept.lock:
            if self._kept.leader is not self or not self._unread:
                return Found()
            self._unread = False
            now = self._clock.now()
            entries = tuple(self._kept.entries.values())
        return Found([Kept(one.key, one.value, now - one.made_at) for one in entries if now - one.made_at <= one.keep])

    @override
    def write(self, entries: Sequence[Entry]) -> None:
        with self._kept.lock:
            if self._kept.leader is not self:
                raise NotLeadingError
            self._kept.entries.update({entry.key: entry for entry in entries})

    @override
    def release(self) -> None:
        with self._kept.lock:
            if self._kept.leader is self:
                self._kept.leader = None

    @override
    def request_handover(self) -> None:
        pass


class MemoryState(State):
    """``memory:``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    @override
    def partition(self, host: str, username: str) -> MemoryPartition:
        with self._lock:
            return MemoryPartition(self._kept.setdefault(name_of(host, username), _Kept()), self._clock)

    @override
    def close(self) -> None:
        pass
