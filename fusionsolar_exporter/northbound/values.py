"""The values of one reading: numbers side by side, and keys that readings of the same kind share.

A fleet of ten thousand inverters has a million values; as dictionaries of texts and floats they would take ten times
as much memory.
"""

from array import array
from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from weakref import WeakValueDictionary


class Values(Mapping[str, float]):
    """An immutable mapping from the far side's keys to finite numbers, in the order of the answer."""

    __slots__ = ("_numbers", "_places")

    def __init__(self, values: Iterable[tuple[str, float]]) -> None:
        found = dict(values)
        self._places = kind_of(tuple(found))
        self._numbers = array("d", found.values())

    @classmethod
    def of(cls, kind: Mapping[str, int], numbers: "array[float]") -> "Values":
        """From what :func:`kind_of` gave, and the numbers in the order of its keys."""
        values = cls.__new__(cls)
        values._places, values._numbers = kind, numbers  # noqa: SLF001 - its own
        return values

    def __getitem__(self, key: str) -> float:
        return self._numbers[self._places[key]]

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._numbers)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Values) and other._places == self._places:
            return self._numbers == other._numbers
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]  # like every mapping

    def __repr__(self) -> str:
        return f"Values({dict(self)!r})"

    def values(self) -> ValuesView[float]:
        """The numbers, without looking up each by its key."""
        return _Numbers(self)

    def items(self) -> ItemsView[str, float]:
        """Keys and numbers, likewise."""
        return _Items(self)

    @property
    def kind(self) -> Mapping[str, int]:
        """The keys in the order of the answer, each with its place; the same object for all readings of a kind."""
        return self._places

    @property
    def numbers(self) -> "array[float]":
        """The numbers in the order of the keys; not to be changed."""
        return self._numbers


class _Numbers(ValuesView[float]):
    _mapping: Values

    def __iter__(self) -> Iterator[float]:
        return iter(self._mapping.numbers)


class _Items(ItemsView[str, float]):
    _mapping: Values

    def __iter__(self) -> Iterator[tuple[str, float]]:
        return zip(self._mapping, self._mapping.numbers, strict=True)


class _Kind(dict[str, int]):
    """Goes with the last reading that is of it."""

    __slots__ = ("__weakref__",)


_kinds: WeakValueDictionary[tuple[str, ...], _Kind] = WeakValueDictionary()


def kind_of(keys: tuple[str, ...]) -> Mapping[str, int]:
    """The one mapping from these keys to their places, for as long as anybody holds it."""
    found = _kinds.get(keys)
    # of two threads one wins: the other's is the same, but for its identity
    return _kinds.setdefault(keys, _Kind(zip(keys, range(len(keys)), strict=True))) if found is None else found
