"""What a far side may really allow: a limit says of each call, at the moment it arrives, whether it is served.

Written without a look at the exporter or its simulator: a misunderstanding of one must not be the other's.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence

_TOLERANCE = 1e-6


class Shape(ABC):
    """A limit. Moments are seconds."""

    @abstractmethod
    def admit(self, at: float) -> bool:
        """Count a call and say whether it is served."""

    @abstractmethod
    def rate(self, at: float) -> float:
        """Calls a second that may be served for ever, as things are at a moment."""


class Window(Shape):
    """At most so many calls in every sliding window."""

    def __init__(self, calls: int, seconds: float, *, refused_count: bool = True) -> None:
        self._calls, self._seconds, self._refused_count = calls, seconds, refused_count
        self._counted: deque[float] = deque()

    def admit(self, at: float) -> bool:
        while self._counted and self._counted[0] <= at - self._seconds + _TOLERANCE:
            self._counted.popleft()
        served = len(self._counted) < self._calls
        if served or self._refused_count:
            self._counted.append(at)
        return served

    def rate(self, at: float) -> float:
        del at
        return self._calls / self._seconds


class Gap(Window):
    """So many seconds between two calls."""

    def __init__(self, seconds: float, *, refused_count: bool = True) -> None:
        super().__init__(1, seconds, refused_count=refused_count)


class Bucket(Shape):
    """Fills evenly, a call every so many seconds, and holds so many."""

    def __init__(self, seconds: float, savings: float = 1.0) -> None:
        self._seconds, self._savings = seconds, savings
        self._held = savings
        self._at = 0.0

    def admit(self, at: float) -> bool:
        self._held = min(self._savings, self._held + (at - self._at) / self._seconds)
        self._at = at
        served = self._held >= 1 - _TOLERANCE
        if served:
            self._held -= 1
        return served

    def rate(self, at: float) -> float:
        del at
        return 1 / self._seconds


class All(Shape):
    """Several limits at once; a call that one refuses counts for all of them."""

    def __init__(self, *limits: Shape) -> None:
        self._limits = limits

    def admit(self, at: float) -> bool:
        served = [limit.admit(at) for limit in self._limits]  # each counts the call
        return all(served)

    def rate(self, at: float) -> float:
        return min(limit.rate(at) for limit in self._limits)


class Changing(Shape):
    """Another limit from each of these moments on."""

    def __init__(self, *parts: tuple[float, Shape]) -> None:
        self._parts = parts

    def admit(self, at: float) -> bool:
        return self._now(at).admit(at)

    def rate(self, at: float) -> float:
        return self._now(at).rate(at)

    def _now(self, at: float) -> Shape:
        return [shape for since, shape in self._parts if since <= at][-1]


class Daily(Shape):
    """One limit by day, from an hour to another, and a second one by night."""

    def __init__(self, day: Shape, night: Shape, hours: tuple[float, float]) -> None:
        self._day, self._night, self._hours = day, night, hours

    def admit(self, at: float) -> bool:
        return self._now(at).admit(at)

    def rate(self, at: float) -> float:
        return self._now(at).rate(at)

    def _now(self, at: float) -> Shape:
        return self._day if self._hours[0] <= at / 3600 % 24 < self._hours[1] else self._night


class Blocking(Shape):
    """A refused call closes the interface for a while, and prolongs that."""

    def __init__(self, limit: Shape, seconds: float) -> None:
        self._limit, self._seconds = limit, seconds
        self._until = -1.0

    def admit(self, at: float) -> bool:
        served = self._limit.admit(at) and at >= self._until
        if not served:
            self._until = at + self._seconds
        return served

    def rate(self, at: float) -> float:
        return self._limit.rate(at)


class Others(Shape):
    """Another program spends calls of the same limit, at these moments of every period."""

    def __init__(self, limit: Shape, period: float, moments: Sequence[float]) -> None:
        self._limit, self._period = limit, period
        self._calls = self._endless(sorted(moments))
        self._next = next(self._calls, float("inf"))
        self._spent = len(moments) / period

    def _endless(self, moments: Sequence[float]) -> Iterator[float]:
        turn = 0
        while moments:
            yield from (turn * self._period + moment for moment in moments)
            turn += 1

    def admit(self, at: float) -> bool:
        while self._next <= at:
            self._limit.admit(self._next)
            self._next = next(self._calls)
        return self._limit.admit(at)

    def rate(self, at: float) -> float:
        return self._limit.rate(at) - self._spent
