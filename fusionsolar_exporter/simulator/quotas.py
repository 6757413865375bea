"""Counts calls for each user and limit and refuses those above it, over every sliding window."""

import math
import threading
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from fusionsolar_exporter.simulator.chance import fraction
from fusionsolar_exporter.simulator.interfaces import Holdings, Interface
from fusionsolar_exporter.simulator.limit_shapes import DOCUMENTED, LimitInForce, LimitShape, LimitShapes

_TOLERANCE = 1e-6  # Unix seconds as floats are exact to a quarter of a microsecond
_REMEMBERED = 2 * 86400.0  # a limit that changes looks back further than the old one did
_FORGET_AT = 4096


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


@dataclass(slots=True)
class _Count:
    """The calls of one user under the limits over the same interfaces."""

    arrivals: list[float] = field(default_factory=list)
    buckets: dict[LimitShape, _Bucket] = field(default_factory=dict)
    others: dict[LimitShape, int] = field(default_factory=dict)
    """How many calls of the other program have come."""

    @property
    def newest(self) -> float:
        """Return when the newest call came."""
        return self.arrivals[-1] if self.arrivals else -math.inf

    def room_at(self, shape: LimitShape, limit: LimitInForce, at: float, scale: float) -> float:
        """Return the first moment from ``at`` on at which a call may come; infinity where none may."""
        first = max(at, self.newest + limit.gap * scale)
        if limit.every is not None:
            every = limit.every * scale
            bucket = self._bucket(shape, every, at)
            return max(first, bucket.at + (1 - bucket.level) * every)
        if limit.calls <= 0:
            return math.inf
        counted = self.arrivals[-limit.calls] if len(self.arrivals) >= limit.calls else -math.inf
        return max(first, counted + limit.window * scale)

    def add(self, shape: LimitShape, limit: LimitInForce, at: float, scale: float, *, admitted: bool) -> None:
        """Count a call that was admitted, or a refused one that counts."""
        self.arrivals.append(max(at, self.newest))  # threads may come in another order than their clock readings
        if len(self.arrivals) > _FORGET_AT and self.arrivals[0] < at - _REMEMBERED:
            del self.arrivals[: bisect_right(self.arrivals, at - _REMEMBERED)]
        if limit.every is not None:
            bucket = self._bucket(shape, limit.every * scale, at)
            bucket.level = max(bucket.level - 1, 0.0) if admitted else 0.0

    def _bucket(self, shape: LimitShape, every: float, at: float) -> _Bucket:
        bucket = self.buckets.setdefault(shape, _Bucket(shape.savings, at))
        bucket.level = min(bucket.level + max(at - bucket.at, 0.0) / every, shape.savings)
        bucket.at = max(bucket.at, at)
        return bucket


class Quotas:
    """Arrivals by user and limit. As documented, every call counts, whatever its answer, refused ones included.

    Durations last ``scale`` times as long as they say. Safe for threads.
    """

    def __init__(self, scale: float = 1.0, shapes: LimitShapes = DOCUMENTED) -> None:
        self.shapes = shapes
        """May be replaced at any time: what was called stays counted."""
        self._lock = threading.Lock()
        self._scale = scale
        self._counts: dict[tuple[str, tuple[Interface, ...]], _Count] = {}
        self._first: float | None = None

    def admit(
        self, user: str, interface: Interface, at: float, holdings: Holdings, more: Sequence[LimitShape] = ()
    ) -> LimitShape | None:
        """Count a call that arrived ``at`` (Unix seconds); the limit that refuses it, None where none does.

        ``more`` are limits that hold for this user besides.
        """
        with self._lock:
            self._first = at if self._first is None else self._first
            shapes = [*self.shapes.in_force(interface, at, self._first), *more]
            counted = [(shape, self._count(user, shape), shape.now(holdings)) for shape in shapes]
            for shape, count, limit in counted:
                self._others_call(shape, count, limit, at)
            soon = at + _TOLERANCE
            refusing = next((s for s, count, limit in counted if count.room_at(s, limit, at, self._scale) > soon), None)
            for shape, count, limit in counted:
                if refusing is None or shape.refused_count:
                    count.add(shape, limit, at, self._scale, admitted=shape is not refusing)
            return refusing

    def rate(self, interface: Interface, at: float, holdings: Holdings) -> float:
        """Return the calls a second that may be made in the long run by one user, the other program's share left out.

        A limit over several interfaces counts as if this one had it alone.
        """
        with self._lock:
            shapes = self.shapes.in_force(interface, at, at if self._first is None else self._first)
            return min((1 - shape.others) * shape.now(holdings).rate for shape in shapes) / self._scale

    def _count(self, user: str, shape: LimitShape) -> _Count:
        return self._counts.setdefault((user, shape.interfaces), _Count())

    def _others_call(self, shape: LimitShape, count: _Count, limit: LimitInForce, at: float) -> None:
        """Let the other program call as often as it has by now; it waits for room, and is never refused."""
        pace = shape.others * limit.rate / self._scale
        if not pace or self._first is None:
            return
        period = 1 / pace
        number = count.others.get(shape, max(int((at - self._first - _REMEMBERED) / period), 0))
        while (wanted := self._first + (number + fraction(shape.interfaces, number)) * period) <= at:
            moment = count.room_at(shape, limit, max(wanted, count.newest), self._scale)
            if moment > at:
                break
            count.add(shape, limit, moment, self._scale, admitted=True)
            number += 1
        count.others[shape] = number
