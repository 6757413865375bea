"""Who leads an account among the processes of one machine: a lock that the system releases when its holder dies.

Beside the lock there is a turnstile: whoever wants the lock now stands in it, and the holder makes room as soon as it
sees that.
"""

import fcntl
import os
from pathlib import Path


class FileLock:
    """One account's lock, by two files that stay empty."""

    def __init__(self, path: Path) -> None:
        self._lock = _open(path.with_name(path.name + ".lock"))
        self._turnstile = _open(path.with_name(path.name + ".wanted"))
        self.held = False
        """Whether this process has it."""
        self._demanding = False

    def hold(self) -> bool:
        """Take the lock where it is free, keep it where it is held, give it up where someone else demands it."""
        wanted = not self._demanding and not _try(self._turnstile, fcntl.LOCK_SH)
        if not self._demanding and not wanted:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)
        if wanted:
            self.release()
        elif not self.held:
            self.held = _try(self._lock, fcntl.LOCK_EX)
        return self.held

    def demand(self) -> None:
        """Stand in the turnstile, where nobody else does."""
        self._demanding = self._demanding or _try(self._turnstile, fcntl.LOCK_EX)

    def release(self) -> None:
        """Give the lock up, where it is held, and leave the turnstile."""
        if self.held:
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            self.held = False
        if self._demanding:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)
            self._demanding = False

    def close(self) -> None:
        """Give up everything."""
        os.close(self._lock)
        os.close(self._turnstile)
        self.held = self._demanding = False


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
