"""Who leads an account among the processes of one machine: a lock that the system releases when its holder dies.

Beside the lock there is a turnstile: whoever wants the lock now stands in it, and the holder makes room as soon as it
sees that.
"""

import errno
import fcntl
import os
from pathlib import Path

_TRIES = 3  # somebody may remove the file between opening and locking it
_NOT_TO_BE_MADE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT})


class NobodyLocksError(Exception):
    """Nobody can have the lock: there is no file, and none can be made."""


class FileLock:
    """One account's lock, by two files that stay empty. OSError where they are there and cannot be opened."""

    def __init__(self, path: Path) -> None:
        self._lock = _LockFile(path.with_name(path.name + ".lock"))
        self._turnstile = _LockFile(path.with_name(path.name + ".wanted"))
        self.held = False
        """Whether this process has it."""
        self._demanding = False

    def hold(self) -> bool:
        """Take the lock where it is free, keep it where it is held, give it up where someone else demands it."""
        if self._lock.opened_anew():
            self.held = False  # a lock on a file that was removed keeps nobody out
        if self._turnstile.opened_anew():
            self._demanding = False
        wanted = not self._demanding and not self._turnstile.take(fcntl.LOCK_SH)
        if not self._demanding and not wanted:
            self._turnstile.free()
        if wanted:
            self.release()
        elif not self.held:
            self.held = self._lock.take(fcntl.LOCK_EX)
        return self.held

    def still_held(self) -> bool:
        """Whether this process has it, and by the file that others would open."""
        return self.held and self._lock.is_in_place()

    def demand(self) -> None:
        """Stand in the turnstile, where nobody else does."""
        self._demanding = self._demanding or self._turnstile.take(fcntl.LOCK_EX)

    def release(self) -> None:
        """Give the lock up, where it is held, and leave the turnstile."""
        if self.held:
            self._lock.free()
            self.held = False
        if self._demanding:
            self._turnstile.free()
            self._demanding = False

    def close(self) -> None:
        """Give up everything."""
        self._lock.close()
        self._turnstile.close()
        self.held = self._demanding = False


class _LockFile:
    """A file that processes lock; opened when it is first needed, and again where another one is in its place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def is_in_place(self) -> bool:
        """Whether what is open is what others would open."""
        if self._file is None:
            return False
        try:
            found = self._path.stat()
        except OSError:
            return False
        own = os.fstat(self._file)
        return (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino)

    def opened_anew(self) -> bool:
        """Have the file open that is in place; whether it was another before."""
        if self.is_in_place():
            return False
        self.close()
        self._file = _open(self._path)
        return True

    def take(self, kind: int) -> bool:
        """Lock it, where nobody else has."""
        for _ in range(_TRIES):
            self.opened_anew()
            try:
                fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            if self.is_in_place():
                return True
        return False

    def free(self) -> None:
        """Unlock it."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close it, which unlocks it."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)

    @property
    def _descriptor(self) -> int:
        return -1 if self._file is None else self._file


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if nothing_can_be_at(path, error):
            raise NobodyLocksError(error.strerror) from None
        if error.errno not in _NOT_TO_BE_MADE:
            raise
    return os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # a file that may not be written can be locked too


def nothing_can_be_at(path: Path, error: OSError) -> bool:
    """Whether opening a file, and making it where there is none, failed since there is none and none can be made."""
    if error.errno in {errno.ENOENT, errno.ENOTDIR}:
        return not path.parent.is_dir()
    if error.errno not in _NOT_TO_BE_MADE:
        return False
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False
