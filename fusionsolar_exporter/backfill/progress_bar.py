"""How far a backfill is, for people."""

from typing import TextIO

from fusionsolar_exporter.pacing.clock import Clock

_LINE_EVERY = 60.0  # seconds
_WIDTH = 30


class ProgressBar:
    """Progress: a bar on a terminal, else a line a minute."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock
        self._terminal = stream.isatty()
        self._said_at = clock.now()
        self._unsaid = ""

    def __call__(self, done: int, of: int) -> None:
        """So many requests are done."""
        share = done / of if of else 1.0
        if self._terminal:
            filled = int(_WIDTH * share)
            self._stream.write(f"\r[{'#' * filled}{'.' * (_WIDTH - filled)}] {done} of {of} requests")
            self._stream.flush()
        else:
            self._unsaid = f"{done} of {of} requests, {share:.0%}\n"
            if self._clock.now() >= self._said_at + _LINE_EVERY:
                self._said_at = self._clock.now()
                self._say()

    def end(self) -> None:
        """There is no more to come."""
        if self._terminal:
            self._stream.write("\n")
            self._stream.flush()
        elif self._unsaid:
            self._say()

    def _say(self) -> None:
        self._stream.write(self._unsaid)
        self._stream.flush()
        self._unsaid = ""
