"""The power of each plant over the last 24 hours, for the small charts of the status page: bounded, whatever comes."""

import math
import threading
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

BUCKET_SECONDS = 600
"""A point stands for ten minutes: real-time data comes every five, and a chart is 144 pixels wide."""
POINTS = 24 * 3600 // BUCKET_SECONDS


@dataclass(frozen=True, slots=True)
class PowerPoint:
    """The powers of one point of all curves, in watts by plant code."""

    bucket: int
    """Its number, counted from the Unix epoch."""
    watts: Mapping[str, float]


class PowerCurves:
    """One account's curves. Safe from any thread. Moments are Unix seconds, values watts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.recorded_at = -math.inf
        self.changes = 0
        """Grows whenever a curve may be another."""
        self._newest = 0
        """Number of the newest bucket."""
        self._points: dict[str, array[float]] = {}
        self._total = _empty()
        self._unkept: set[int] = set()
        """Buckets that state does not have as they are."""

    def record(self, moment: float, watts: Mapping[str, float | None]) -> None:
        """Take the present powers by plant; the newest of a bucket counts. Plants that are not named are dropped."""
        bucket = int(moment // BUCKET_SECONDS)
        with self._lock:
            self.recorded_at = moment
            if bucket < self._newest - POINTS:
                return  # the clock went back by more than is kept: nothing here can be placed
            self._advance(bucket)
            self._points = {code: self._points.get(code) or _empty() for code in watts}
            self._put(bucket, {code: value for code, value in watts.items() if value is not None})
            self._unkept = {each for each in (*self._unkept, bucket) if each > self._newest - POINTS}

    def restore(self, point: PowerPoint, moment: float) -> None:
        """Take a point that was kept: what is known here counts for more, and the future is nobody's."""
        newest = int(moment // BUCKET_SECONDS)
        with self._lock:
            if not max(newest, self._newest) - POINTS < point.bucket <= newest:
                return
            self._advance(point.bucket)
            place = point.bucket % POINTS
            for code in point.watts:
                self._points.setdefault(code, _empty())
            known = {code: points[place] for code, points in self._points.items() if not math.isnan(points[place])}
            self._put(point.bucket, {**point.watts, **known})

    def unkept(self) -> Sequence[PowerPoint]:
        """The finished points that state does not have yet; what has not ended may still change."""
        with self._lock:
            return [self._point(bucket) for bucket in sorted(self._unkept) if bucket < self._newest]

    def kept(self, points: Iterable[PowerPoint]) -> None:
        """State has these now."""
        with self._lock:
            self._unkept.difference_update(point.bucket for point in points)

    def keep_again(self) -> None:
        """State has lost everything."""
        with self._lock:
            known = range(self._newest - POINTS + 1, self._newest + 1)
            self._unkept.update(bucket for bucket in known if not math.isnan(self._total[bucket % POINTS]))

    def curve(self, moment: float, code: str) -> Sequence[float | None]:
        """The points of a plant up to a moment, oldest first: None where nothing was read; none of a plant unknown."""
        with self._lock:
            points = self._points.get(code)
            return () if points is None else self._until(moment, points)

    def total(self, moment: float) -> Sequence[float | None]:
        """The same of all plants together."""
        with self._lock:
            return self._until(moment, self._total)

    def _put(self, bucket: int, watts: Mapping[str, float]) -> None:
        place = bucket % POINTS
        for code, value in watts.items():
            self._points[code][place] = value
        if watts:
            self._total[place] = sum(watts.values())
        self.changes += 1

    def _point(self, bucket: int) -> PowerPoint:
        place = bucket % POINTS
        known = ((code, points[place]) for code, points in self._points.items())
        return PowerPoint(bucket, {code: value for code, value in known if not math.isnan(value)})

    def _advance(self, bucket: int) -> None:
        """Forget what a new day of buckets writes over."""
        for passed in range(max(self._newest + 1, bucket - POINTS + 1), bucket + 1):
            for points in (*self._points.values(), self._total):
                points[passed % POINTS] = math.nan
        self._newest = max(self._newest, bucket)

    def _until(self, moment: float, points: "array[float]") -> list[float | None]:
        newest = int(moment // BUCKET_SECONDS)
        turn = self._newest % POINTS + 1
        # those known, oldest first, shifted by what has passed since the newest of them
        known = [None if value != value else value for value in points[turn:] + points[:turn]]  # noqa: PLR0124 - NaN
        passed = min(max(newest - self._newest, -POINTS), POINTS)
        none: list[float | None] = [None] * abs(passed)
        return known[passed:] + none if passed >= 0 else none + known[:passed]


def _empty() -> "array[float]":
    return array("f", [math.nan]) * POINTS
