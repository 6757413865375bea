"""The pieces of all parts of an account, or of all accounts, by metric; an answer changes a few of them."""

import sys
from collections.abc import Iterable, Mapping

from fusionsolar_exporter.rendering.piece import Piece
from fusionsolar_exporter.rendering.row import Row


class Rows:
    """Each part or account has a place; the pieces of a metric are joined in their order."""

    def __init__(self, names: Iterable[str], before: "Rows | None" = None) -> None:
        self._pieces: dict[str, dict[int, Piece]] = {name: {} for name in names}
        self._rows: dict[str, Row] = dict(before._rows) if before is not None else {}  # noqa: SLF001 - its own
        self._changed: set[str] = set(self._pieces)
        self._samples = dict.fromkeys(self._pieces, 0)

    def put(self, place: int, pieces: Mapping[str, Piece], before: Mapping[str, Piece]) -> None:
        """What is at a place, and what was there."""
        for name in before.keys() - pieces.keys():
            del self._pieces[name][place]
            self._changed.add(name)
        for name, piece in before.items():
            self._samples[name] -= piece.samples
        for name, piece in pieces.items():
            self._samples[name] += piece.samples
            row = self._pieces[name]
            if row.get(place) is piece:
                continue
            self._changed.add(name)
            if place not in row and row and place < next(reversed(row)):
                self._pieces[name] = dict(sorted([*row.items(), (place, piece)]))
            else:
                row[place] = piece

    @property
    def samples(self) -> int:
        """Of all metrics."""
        return sum(self._samples.values())

    def joined(self, most: int = sys.maxsize) -> Mapping[str, Piece]:
        """The metrics that have samples, in the order of the names, until there are so many samples.

        What is beyond is not even joined: it costs nothing.
        """
        left = most
        found: dict[str, Piece] = {}
        for name, samples in self._samples.items():
            if not samples or not left:
                self._rows.pop(name, None)
                continue
            row = self._row(name)
            found[name] = row.joined if samples <= left else row.head(left)
            left -= min(samples, left)
        return found

    def _row(self, name: str) -> Row:
        if name in self._changed or name not in self._rows:
            self._rows[name] = Row.of(tuple(self._pieces[name].values()), self._rows.get(name))
            self._changed.discard(name)
        return self._rows[name]
