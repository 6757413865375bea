"""Time and waiting, behind one small protocol, so that tests run a week in seconds."""

import threading
import time
import uuid
from pathlib import Path
from typing import Protocol

from typing_extensions import override


class Clock(Protocol):
    """A clock for pacing, and its relation to the wall."""

    def now(self) -> float:
        """Seconds that never jump and go on while the machine sleeps; close to Unix time."""
        ...

    def wall(self, moment: float) -> float:
        """Unix time of a moment that :meth:`now` gave, after any correction of the wall clock."""
        ...

    def boot(self, moment: float) -> tuple[str, float]:
        """Name of the machine's present run, and the seconds from its start to a moment that :meth:`now` gave.

        Processes of one run agree on both, whatever happens to the wall clock.
        """
        ...

    def wait(self, event: threading.Event, seconds: float) -> None:
        """Return when ``event`` is set, at the latest after ``seconds``."""
        ...

    def pause(self, seconds: float) -> None:
        """Return after ``seconds``."""
        ...


def moment_of(clock: Clock, wall: float) -> float:
    """The moment at which the wall clock, as it goes now, says so: the opposite of :meth:`Clock.wall`."""
    now = clock.now()
    return now + wall - clock.wall(now)


class SystemClock(Clock):
    """The machine's clock: counts from boot, so that a corrected wall clock never opens a rate limit."""

    _STEP_SECONDS = 1.0  # smaller differences are drift between the two clocks, not a correction

    def __init__(self) -> None:
        self._anchor = time.time() - self._since_boot()
        self._boot_id = _boot_id()
        self._correction = 0.0

    @override
    def now(self) -> float:
        return self._anchor + self._since_boot()

    @override
    def wall(self, moment: float) -> float:
        correction = time.time() - self.now()
        if abs(correction - self._correction) > self._STEP_SECONDS:
            self._correction = correction
        return moment + self._correction

    @override
    def boot(self, moment: float) -> tuple[str, float]:
        return self._boot_id, moment - self._anchor

    @override
    def wait(self, event: threading.Event, seconds: float) -> None:
        event.wait(min(max(seconds, 0.0), threading.TIMEOUT_MAX))

    @override
    def pause(self, seconds: float) -> None:
        time.sleep(max(seconds, 0.0))

    @staticmethod
    def _since_boot() -> float:
        # Linux only; elsewhere the monotonic clock is the nearest there is (it may pause while the machine sleeps)
        boottime = getattr(time, "CLOCK_BOOTTIME", None)
        return time.monotonic() if boottime is None else time.clock_gettime(boottime)


def _boot_id() -> str:
    """Linux names each run of the machine; elsewhere every process counts as a run of its own."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return str(uuid.uuid4())
