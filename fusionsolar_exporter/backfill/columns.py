"""The values of one plant or device over a day, key by key: numbers side by side, as they are kept and written."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import nan

from fusionsolar_exporter.northbound.model import DatedReading

Dated = tuple[DatedReading, float]
"""A row, and the moment at which it stands, in Unix seconds."""

BEGINS, ENDS, FIRST_KEY = range(3)
"""Numbers of columns: where the periods start, the moments that the rows stand at, and the values of the first key."""


@dataclass(frozen=True, slots=True)
class Columns:
    """So many rows, in the order of time. NaN stands where a row has no value of a key."""

    id: str
    keys: tuple[str, ...]
    rows: int
    numbers: "memoryview[float]"
    """Column after column."""

    @classmethod
    def size(cls, keys: Sequence[str], rows: int) -> int:
        """How many numbers these have."""
        return (FIRST_KEY + len(keys)) * rows

    def column(self, number: int) -> "memoryview[float]":
        """One number a row."""
        return self.numbers[number * self.rows : (number + 1) * self.rows]


def columns_of(rows: Iterable[Dated]) -> list[Columns]:
    """The rows of any plants or devices, by id; of two that stand at one second the later one counts."""
    found: dict[str, dict[int, Dated]] = {}
    for row, at in rows:
        found.setdefault(row.id, {})[round(at)] = row, at
    return [_columns(key, dict(sorted(of_key.items()))) for key, of_key in sorted(found.items())]


def one_column(key: str, points: Mapping[float, float]) -> Columns:
    """Values by moment, in the order of time."""
    return Columns(key, ("",), len(points), memoryview(array("d", (*points, *points, *points.values()))))


def _columns(key: str, rows: Mapping[int, Dated]) -> Columns:
    all_values = [row.values for row, _ in rows.values()]
    kinds = dict.fromkeys(map(tuple, all_values))
    keys = tuple(dict.fromkeys(chain.from_iterable(kinds)))
    columns: Iterable[Iterable[float]]
    if len(kinds) > 1:
        maps = [dict(values.items()) for values in all_values]
        columns = ([values.get(name, nan) for values in maps] for name in keys)
    else:
        columns = zip(*(values.values() for values in all_values), strict=True)
    begins = (row.begin for row, _ in rows.values())
    return Columns(key, keys, len(rows), memoryview(array("d", chain(begins, rows, *columns))))
