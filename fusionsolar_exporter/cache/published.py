"""Dictionaries of which copies are given out, as few as possible."""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class PublishedDict(Generic[K, V]):
    """One copy serves every reader until something changes. Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self._items: dict[K, V] = {}
        self._copy: Mapping[K, V] | None = {}
        self._keys: frozenset[K] | None = frozenset()

    @property
    def copy(self) -> Mapping[K, V]:
        """The entries as they are now; nobody changes what is given out."""
        if self._copy is None:
            self._copy = self._items.copy()
        return self._copy

    @property
    def keys(self) -> frozenset[K]:
        """The keys as they are now; another object only where one came or went."""
        if self._keys is None:
            self._keys = frozenset(self._items)
        return self._keys

    def update(self, items: Mapping[K, V]) -> None:
        """Keep these; a key that is there keeps its place."""
        before = len(self._items)
        self._items.update(items)
        self._copy = None
        if len(self._items) > before:
            self._keys = None

    def remove(self, keys: Iterable[K]) -> None:
        """Drop these, as far as they are there."""
        before = len(self._items)
        for key in keys:
            self._items.pop(key, None)
        if len(self._items) < before:
            self._copy = self._keys = None

    def other_than(self, keep: Callable[[K], bool]) -> list[K]:
        """The keys that are not to be kept."""
        return [key for key in self._items if not keep(key)]

    def __len__(self) -> int:
        return len(self._items)
