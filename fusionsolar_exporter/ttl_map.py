"""A mapping whose entries each have a moment of expiry. Not thread-safe: its owner locks."""

import math
from collections.abc import Callable, ItemsView, Iterator
from typing import Generic, TypeVar

from cachetools import TLRUCache

K = TypeVar("K")
V = TypeVar("V")


class TtlMap(Generic[K, V]):
    """``cachetools.TLRUCache`` keeps the order of expiry, a plain dict beside it is read without touching that order.

    The cache's size is unbounded: it evicts by age alone, since what the lists name has to fit.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._moment = -math.inf
        # the cache expires entries inside its own methods too: it sees time pass only in expire(), where we take note
        self._expiry: TLRUCache[K, float] = TLRUCache(
            math.inf, lambda _key, expires_at, _moment: expires_at, timer=lambda: self._moment
        )
        self._values: dict[K, V] = {}
        self.expired = 0
        """How many entries have expired since the start."""

    def put(self, key: K, value: V, expires_at: float) -> None:
        """Keep a value until a moment; one that is past is not kept."""
        self.expire()
        if expires_at <= self._moment:
            self.discard(key)
        else:
            self._expiry[key] = expires_at
            self._values[key] = value

    def expire(self) -> int:
        """Drop what has expired; how many that were."""
        self._moment = self._now()
        gone = list(self._expiry.expire() or ())
        for key, _ in gone:
            del self._values[key]
        self.expired += len(gone)
        return len(gone)

    def discard(self, key: K) -> None:
        """Drop an entry, if it is there, without counting it as expired."""
        if key in self._values:
            del self._values[key]
            del self._expiry[key]

    def retain(self, keep: Callable[[K], bool]) -> None:
        """Drop the entries whose keys are not to be kept."""
        for key in [key for key in self._values if not keep(key)]:
            self.discard(key)

    def clear(self) -> None:
        """Drop every entry."""
        self.retain(lambda _: False)

    def items(self) -> ItemsView[K, V]:
        """The entries, as of the last :meth:`expire`."""
        return self._values.items()

    def __iter__(self) -> Iterator[K]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)
