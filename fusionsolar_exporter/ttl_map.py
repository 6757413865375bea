"""A mapping whose entries each have a moment of expiry. Not thread-safe: its owner locks."""

import math
from collections.abc import Callable, ItemsView, Iterable, Iterator
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class TtlMap(Generic[K, V]):
    """Keys are kept by their moment of expiry: answers bring many with the same one, so moments are few."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._values: dict[K, V] = {}
        self._expires_at: dict[K, float] = {}
        self._keys: dict[float, set[K]] = {}
        self.expired = 0
        """How many entries have expired since the start."""

    @property
    def next_expiry(self) -> float:
        """The moment at which the next entry expires; infinite where there is none."""
        return min(self._keys, default=math.inf)

    def put(self, key: K, value: V, expires_at: float) -> None:
        """Keep a value until a moment; one that is past is not kept. A key that is there keeps its place."""
        now = self._now()
        if self._expires_at.get(key, math.inf) <= now:
            self.expired += 1
        if expires_at <= now:
            self.discard(key)
        else:
            self._forget_moment(key)
            self._values[key] = value
            self._expires_at[key] = expires_at
            self._keys.setdefault(expires_at, set()).add(key)

    def put_all(self, entries: Iterable[tuple[K, V]], expires_at: float) -> None:
        """Keep many values until the same moment, as an answer brings them."""
        now = self._now()
        if expires_at <= now:
            for key, value in entries:
                self.put(key, value, expires_at)
            return
        moments, values = self._expires_at, self._values
        for key, value in entries:
            before = moments.get(key)
            if before != expires_at:
                if before is not None:
                    if before <= now:
                        self.expired += 1
                    self._forget_moment(key)
                moments[key] = expires_at
                self._keys.setdefault(expires_at, set()).add(key)
            values[key] = value

    def expire(self) -> int:
        """Drop what has expired; how many that were."""
        now = self._now()
        gone = [key for moment, keys in self._keys.items() if moment <= now for key in keys]
        for key in gone:
            self.discard(key)
        self.expired += len(gone)
        return len(gone)

    def discard(self, key: K) -> None:
        """Drop an entry, if it is there, without counting it as expired."""
        self._forget_moment(key)
        self._values.pop(key, None)

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

    def _forget_moment(self, key: K) -> None:
        moment = self._expires_at.pop(key, None)
        if moment is not None:
            keys = self._keys[moment]
            keys.remove(key)
            if not keys:
                del self._keys[moment]
