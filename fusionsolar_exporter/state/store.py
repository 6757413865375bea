"""The protocol of state: what a backend promises, whatever it is.

An account has one *partition*. Exactly one process leads it, that is: refreshes the account and writes; every other one
reads what the leader wrote. Entries are bytes under a key; a backend knows nothing of their meaning.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

LOOK_SECONDS = 1.0
"""Who does not lead looks so often for news, and whether the account is free."""


def name_of(host: str, username: str) -> str:
    """What an account is called in the state: a digest, since neither is anybody else's business."""
    return hashlib.blake2b(f"{host}\n{username}".encode(errors="surrogatepass"), digest_size=8).hexdigest()


class NotLeadingError(Exception):
    """Another process refreshes the account, or nobody can know: nothing may be asked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to keep. Replaces what was kept under the same key."""

    key: str
    value: bytes
    made_at: float
    """The moment it speaks of, in the pacing clock's seconds."""
    keep: float
    """Seconds from then on after which nobody wants it any more."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that was kept, by this process or another."""

    key: str
    value: bytes
    age: float
    """Seconds since the moment it speaks of; negative where the clocks contradict each other, and nobody knows it."""


@dataclass(frozen=True, slots=True)
class Found:
    """What reading brought: entries, nothing, or that it cannot be known."""

    entries: Sequence[Kept] = ()
    """Oldest first."""
    unknown: bool = False
    """Whether there may be more than could be read, so that everything may just have been asked."""


class Partition(Protocol):
    """One account's part of the state. Used by one thread, the account's own."""

    @property
    def keeps(self) -> bool:
        """Whether anything is kept at all: where not, nobody needs to make entries."""
        ...

    @property
    def named(self) -> bool:
        """Whether it is known whose part it is; until then nobody leads."""
        ...

    def acquire(self) -> bool:
        """Whether this process refreshes the account now; takes an account that is free, gives it up where asked to."""
        ...

    def wait_seconds(self) -> float:
        """Where this process does not lead: after how long it makes sense to try again."""
        ...

    def was_emptied(self) -> bool:
        """Whether the store lacks what this process knows; says so once."""
        ...

    @property
    def unread(self) -> bool:
        """Whether what was kept has still to be read: until then nothing is written over it."""
        ...

    def read_new(self) -> Found:
        """What others have written since the last call; all there is, at the first call."""
        ...

    def write(self, entries: Sequence[Entry]) -> None:
        """Keep all of these, or none; NotLeadingError where this process does not lead (any more)."""
        ...

    def release(self) -> None:
        """Let others lead, and hold nothing open."""
        ...

    def request_handover(self) -> None:
        """Have the process that leads give the account up, until this partition is released."""
        ...


class State(Protocol):
    """A backend. Safe from any thread."""

    def partition(self, host: str, username: str) -> Partition:
        """The partition of the account that limits and session belong to."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...


class StateObserver(Protocol):
    """What a backend reports to."""

    def operation(self, seconds: float) -> None:
        """Reading or writing took so long, well or not."""
        ...

    def failed(self) -> None:
        """Reading or writing failed."""
        ...

    def working(self, working: bool) -> object:
        """Whether state is kept, as of now."""
        ...
