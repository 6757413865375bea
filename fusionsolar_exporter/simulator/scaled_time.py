"""The time of the simulated world: as fast as wanted, so that every limit scales by itself."""

import time


class ScaledTime:
    """Unix seconds that start at ``start`` (now, where it is None) and pass ``speed`` times as fast as real ones."""

    def __init__(self, speed: float = 1.0, start: float | None = None) -> None:
        if speed <= 0:
            raise ValueError(f"speed is {speed:g}: simulated time must pass, give a number above 0")
        self.speed = speed
        self._start = time.time() if start is None else start
        self._began = time.monotonic()

    def __call__(self) -> float:
        """Return the present moment of the simulated world, in Unix seconds."""
        return self._start + (time.monotonic() - self._began) * self.speed
