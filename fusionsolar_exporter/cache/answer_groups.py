"""What answers brought: each answer is one entry of a cache, so entries are few and expiry is one look."""

import heapq
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from cachetools import TLRUCache

from fusionsolar_exporter.cache.published import Edition, PublishedDict

K = TypeVar("K")
V = TypeVar("V")

_FEW = 64  # groups without ids, for which nobody looks


@dataclass(frozen=True, eq=False, slots=True)
class _AnswerGroup(Generic[K]):
    """What is left of one answer: its ids that no newer one has named."""

    expires_at: float
    ids: set[K]


def _until(group: _AnswerGroup[K], _ids: set[K], _now: float) -> float:
    return group.expires_at


class AnswerGroups(Generic[K, V]):
    """Values by id, each until the time to live of its own answer ends. Not thread-safe, not even to read."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._groups: TLRUCache[_AnswerGroup[K], set[K]] = TLRUCache(maxsize=math.inf, ttu=_until, timer=now)
        self._group_of: dict[K, _AnswerGroup[K]] = {}
        self._values: PublishedDict[K, V] = PublishedDict()
        self._by_expiry: list[tuple[float, int, _AnswerGroup[K]]] = []  # a heap; groups may have lost their ids
        self._crowded = _FEW
        """From how many entries on that heap is rid of groups without ids."""
        self.expired = 0
        """How many values have expired since the start."""

    @property
    def next_expiry(self) -> float:
        """The moment at which the next value expires that has not yet; infinite where there is none."""
        while self._by_expiry and not self._by_expiry[0][2].ids:
            heapq.heappop(self._by_expiry)
        return self._by_expiry[0][0] if self._by_expiry else math.inf

    @property
    def values(self) -> Edition[K, V]:
        """The values by id, as of the last :meth:`expire`; the same object until one of them changes."""
        return self._values.copy

    @property
    def ids(self) -> frozenset[K]:
        """The ids, as of the last :meth:`expire`; the same object until one comes or goes."""
        return self._values.keys

    def put(self, values: Mapping[K, V], expires_at: float) -> None:
        """Take an answer, which replaces what older ones said of its ids; one that is past leaves nothing of them."""
        self.expire()
        self._leave_groups(values)
        group = _AnswerGroup(expires_at, set(values))
        self._groups[group] = group.ids
        if group in self._groups:
            self._remember(group)
            self._group_of.update(dict.fromkeys(values, group))
            self._values.update(values)
        else:  # it was past, by the cache's own look at the clock, or is by now
            group.ids.clear()
            self._forget(values)

    def expire(self) -> int:
        """Drop what has expired; how many values that were."""
        groups = list(self._groups.expire())
        if not groups:
            return 0
        gone = [key for _, ids in groups for key in ids]
        for _, ids in groups:
            ids.clear()
        self._forget(gone)
        self.expired += len(gone)
        return len(gone)

    def discard(self, ids: Collection[K]) -> None:
        """Drop these, as far as they are there, without counting them as expired."""
        self.expire()
        self._leave_groups(ids)
        self._forget(ids)

    def retain(self, keep: Callable[[K], bool]) -> None:
        """Drop the ids that are not to be kept."""
        self.discard(self._values.other_than(keep))

    def __len__(self) -> int:
        return len(self._values)

    def _remember(self, group: _AnswerGroup[K]) -> None:
        heapq.heappush(self._by_expiry, (group.expires_at, id(group), group))
        if len(self._by_expiry) > self._crowded:  # those behind one that stays for long would wait there as long
            self._by_expiry = [entry for entry in self._by_expiry if entry[2].ids]
            heapq.heapify(self._by_expiry)
            self._crowded = 2 * len(self._by_expiry) + _FEW

    def _leave_groups(self, ids: Iterable[K]) -> None:
        for key in ids:
            group = self._group_of.get(key)
            if group is not None:
                group.ids.remove(key)
                if not group.ids:
                    self._groups.pop(group, None)

    def _forget(self, ids: Iterable[K]) -> None:
        for key in ids:
            self._group_of.pop(key, None)
        self._values.remove(ids)
