"""The power of each plant over the last 24 hours, for the small charts of the status page: bounded, whatever comes."""

import math
import threading
from array import array
from collections.abc import Mapping, Sequence

BUCKET_SECONDS = 600
"""A point stands for ten minutes: real-time data comes every five, and a chart is 144 pixels wide."""
POINTS = 24 * 3600 // BUCKET_SECONDS


class PowerCurves:
    """One account's curves. Safe from any thread. Moments are Unix seconds, values watts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.recorded_at = -math.inf
        self._newest = 0
        """Number of the newest bucket, counted from the Unix epoch."""
        self._points: dict[str, array[float]] = {}
        self._total = _empty()

    def record(self, moment: float, watts: Mapping[str, float | None]) -> None:
        """Take the present powers by plant; the newest of a bucket counts. Plants that are not named are dropped."""
        bucket = int(moment // BUCKET_SECONDS)
        with self._lock:
            self.recorded_at = moment
            if bucket < self._newest - POINTS:
                return  # the clock went back by more than is kept: nothing here can be placed
            self._advance(bucket)
            place = bucket % POINTS
            self._points = {code: self._points.get(code) or _empty() for code in watts}
            for code, value in watts.items():
                if value is not None:
                    self._points[code][place] = value
            known = [value for value in watts.values() if value is not None]
            if known:
                self._total[place] = sum(known)

    def curve(self, moment: float, code: str) -> Sequence[float | None]:
        """The points of a plant up to a moment, oldest first: None where nothing was read; none of a plant unknown."""
        with self._lock:
            points = self._points.get(code)
            return () if points is None else self._until(moment, points)

    def total(self, moment: float) -> Sequence[float | None]:
        """The same of all plants together."""
        with self._lock:
            return self._until(moment, self._total)

    def _advance(self, bucket: int) -> None:
        """Forget what a new day of buckets writes over."""
        for passed in range(max(self._newest + 1, bucket - POINTS + 1), bucket + 1):
            for points in (*self._points.values(), self._total):
                points[passed % POINTS] = math.nan
        self._newest = max(self._newest, bucket)

    def _until(self, moment: float, points: "array[float]") -> list[float | None]:
        newest = int(moment // BUCKET_SECONDS)
        known = range(self._newest - POINTS + 1, self._newest + 1)
        places = ((bucket in known, points[bucket % POINTS]) for bucket in range(newest - POINTS + 1, newest + 1))
        return [value if kept and not math.isnan(value) else None for kept, value in places]


def _empty() -> "array[float]":
    return array("f", [math.nan]) * POINTS
