"""Dictionaries of which copies are given out, as few as possible."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Edition(dict[K, V]):
    """A copy that knows how it differs from the one before it. Nobody changes it."""

    __slots__ = ("_before", "_changed", "_mark")

    def __init__(self, items: Mapping[K, V], changed: Collection[K], before: "Edition[K, V] | None" = None) -> None:
        super().__init__(items)
        self._changed = changed
        # marks, not the editions themselves: each would keep all that came before it
        self._mark = object()
        self._before = before._mark if before is not None else None  # noqa: SLF001 - its own

    def changed_since(self, other: object) -> Collection[K] | None:
        """The keys whose entries came, went or changed since the edition before; None where ``other`` is not that."""
        return self._changed if isinstance(other, Edition) and other._mark is self._before else None  # noqa: SLF001


class PublishedDict(Generic[K, V]):
    """One copy serves every reader until something changes. Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self._items: dict[K, V] = {}
        self._edition: Edition[K, V] = Edition({}, ())
        self._changed: set[K] = set()
        """Since that edition."""
        self._keys: frozenset[K] | None = frozenset()

    @property
    def copy(self) -> Edition[K, V]:
        """The entries as they are now; nobody changes what is given out."""
        if self._changed:
            self._edition = Edition(self._items, self._changed, self._edition)
            self._changed = set()
        return self._edition

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
        self._changed.update(items)
        if len(self._items) > before:
            self._keys = None

    def remove(self, keys: Iterable[K]) -> None:
        """Drop these, as far as they are there."""
        gone = [key for key in keys if key in self._items]
        for key in gone:
            del self._items[key]
        self._changed.update(gone)
        if gone:
            self._keys = None

    def other_than(self, keep: Callable[[K], bool]) -> list[K]:
        """The keys that are not to be kept."""
        return [key for key in self._items if not keep(key)]

    def __len__(self) -> int:
        return len(self._items)
