"""Time and waiting, behind one small protocol, so that tests run a week in seconds."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """A clock for pacing, and its relation to the wall."""

    def now(self) -> float:
        """Seconds that never jump and go on while the machine sleeps; close to Unix time."""
        ...

    def wall(self, moment: float) -> float:
        """Unix time of a moment that :meth:`now` gave, after any correction of the wall clock."""
        ...

    def wait(self, event: threading.Event, seconds: float) -> None:
        """Return when ``event`` is set, at the latest after ``seconds``."""
        ...

    def pause(self, seconds: float) -> None:
        """Return after ``seconds``."""
        ...


class SystemClock:
    """The machine's clock: counts from boot, so that a corrected wall clock never opens a rate limit."""

    _STEP_SECONDS = 1.0  # smaller differences are drift between the two clocks, not a correction

    def __init__(self) -> None:
        self._anchor = time.time() - self._since_boot()
        self._correction = 0.0

    def now(self) -> float:
        """See :meth:`Clock.now`."""
        return self._anchor + self._since_boot()

    def wall(self, moment: float) -> float:
        """See :meth:`Clock.wall`."""
        correction = time.time() - self.now()
        if abs(correction - self._correction) > self._STEP_SECONDS:
            self._correction = correction
        return moment + self._correction

    def wait(self, event: threading.Event, seconds: float) -> None:
        """See :meth:`Clock.wait`."""
        event.wait(min(max(seconds, 0.0), threading.TIMEOUT_MAX))

    def pause(self, seconds: float) -> None:
        """See :meth:`Clock.pause`."""
        time.sleep(max(seconds, 0.0))

    @staticmethod
    def _since_boot() -> float:
        # Linux only; elsewhere the monotonic clock is the nearest there is (it may pause while the machine sleeps)
        boottime = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if boottime is None else time.clock_gettime(boottime)
