"""A lockstep clock whose moment is kept in a file: a test and the processes that it drives live in the same time."""

import mmap
import struct
from collections.abc import Callable
from pathlib import Path

from typing_extensions import override

from support.lockstep_clock import LockstepClock

_FIELDS = struct.Struct("ddd")


class DrivenClock(LockstepClock):
    """One process at a time has threads that live by it; whoever answers one of them may let time pass meanwhile."""

    def __init__(self, file: Path, threads: Callable[[], int] = lambda: 0) -> None:
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), _FIELDS.size)
        told = _FIELDS.unpack_from(self._shared)
        super().__init__(told[0], threads)
        _FIELDS.pack_into(self._shared, 0, *told)

    @classmethod
    def create(cls, file: Path, now: float) -> "DrivenClock":
        """Time begins, in a machine that was started an hour before."""
        file.write_bytes(_FIELDS.pack(now, now - 3600.0, 0.0))
        return cls(file)

    @override
    def boot(self, moment: float) -> tuple[str, float]:
        return f"boot at {self._booted_at}", moment - self._booted_at

    def reboot(self) -> None:
        """The machine starts now, after its processes have ended."""
        self._booted_at = self._now

    def close(self) -> None:
        self._shared.close()

    def _get(self, place: int) -> float:
        return float(_FIELDS.unpack_from(self._shared)[place])

    def _set(self, place: int, value: float) -> None:
        struct.pack_into("d", self._shared, place * 8, value)

    # where the clock of one process has fields, these are in the file
    _now = property(lambda self: self._get(0), lambda self, value: self._set(0, value))
    _booted_at = property(lambda self: self._get(1), lambda self, value: self._set(1, value))
    wall_step = property(lambda self: self._get(2), lambda self, value: self._set(2, value))
