"""Sweeps: what counts as one, when batches run at their own phase.

A sweep is one turn through all batches that there are. It ends when each has had its turn, or when one gets its next
turn before another has had its first; it is complete when each was answered with failCode 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fusionsolar_exporter.moments import Moment
from fusionsolar_exporter.refresh.batches.batch import Batch


@dataclass(frozen=True, slots=True)
class KeptSweeps:
    """Sweeps as state keeps them."""

    number: int = 0
    success: bool = False
    last_success_at: Moment | None = None
    last_duration: float | None = None


class Sweeps:
    """The sweeps of one collector. Moments are in the pacing clock's seconds."""

    def __init__(self) -> None:
        self.number = 0
        """Of the newest sweep; 0 before the first."""
        self.success = False
        self.last_success_at: float | None = None
        self.last_duration: float | None = None
        self._started_at = 0.0
        self._open = False
        self._failed = False

    @property
    def finished(self) -> int:
        """How many sweeps have ended."""
        return self.number - 1 if self._open else self.number

    def turn(self, batch: Batch, started_at: float) -> None:
        """A batch is asked; the first batch of a sweep opens it, further calls of one turn change nothing."""
        if not self._open or batch.turn_of == self.number:
            self.number += 1
            self._started_at = started_at
            self._open = True
            self._failed = False

    def outcome(self, batch: Batch, *, answered: bool, batches: Iterable[Batch], ended_at: float) -> None:
        """The batch has had its turn: everything was answered with failCode 0, or something was not."""
        batch.turn_of = self.number
        if not answered:
            self._failed = True
            self.success = False
        if self._open and all(other.turn_of == self.number for other in batches):
            self._open = False
            self.last_duration = ended_at - self._started_at
            if not self._failed:
                self.success = True
                self.last_success_at = ended_at

    def kept(self) -> KeptSweeps:
        """What state keeps; a sweep that is not over is none."""
        return KeptSweeps(self.finished, self.success, self.last_success_at, self.last_duration)

    def restore(self, kept: KeptSweeps) -> None:
        """Take over what was kept."""
        self.number, self.success, self.last_duration = kept.number, kept.success, kept.last_duration
        self.last_success_at = kept.last_success_at
        self._open = self._failed = False
