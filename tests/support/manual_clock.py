"""A clock that tests control."""

import threading


class ManualClock:
    """Time passes when it is told to."""

    def __init__(self, now: float = 1_750_000_000.0) -> None:
        self._now = now
        self.wall_step = 0.0
        self.boot_id = "boot"
        self._booted_at = now - 3600.0

    def now(self) -> float:
        return self._now

    def wall(self, moment: float) -> float:
        return moment + self.wall_step

    def boot(self, moment: float) -> tuple[str, float]:
        return self.boot_id, moment - self._booted_at

    def wait(self, event: threading.Event, seconds: float) -> None:
        del event
        self._now += max(seconds, 0.0)

    def pause(self, seconds: float) -> None:
        self._now += max(seconds, 0.0)

    def advance(self, seconds: float) -> None:
        self._now += seconds

    def advance_to(self, moment: float) -> None:
        self._now = max(self._now, moment)
