"""The pieces of all parts of an account, or of all accounts, by metric; an answer changes a few of them."""

from collections.abc import Iterable, Mapping

from fusionsolar_exporter.rendering.piece import Piece
from fusionsolar_exporter.rendering.row import Row


class Rows:
    """Each part or account has a place; the pieces of a metric are joined in their order."""

    def __init__(self, names: Iterable[str], before: "Rows | None" = None) -> None:
        self._pieces: dict[str, dict[int, Piece]] = {name: {} for name in names}
        self._rows: dict[str, Row] = dict(before._rows) if before is not None else {}  # noqa: SLF001 - its own
        self._changed: set[str] = set(self._pieces)

    def put(self, place: int, pieces: Mapping[str, Piece], before: Mapping[str, Piece]) -> None:
        """What is at a place, and what was there."""
        for name in before.keys() - pieces.keys():
            del self._pieces[name][place]
            self._changed.add(name)
        for name, piece in pieces.items():
            row = self._pieces[name]
            if row.get(place) is piece:
                continue
            self._changed.add(name)
            if place not in row and row and place < next(reversed(row)):
                self._pieces[name] = dict(sorted([*row.items(), (place, piece)]))
            else:
                row[place] = piece

    def joined(self) -> Mapping[str, Row]:
        """The rows of the metrics that have pieces, in the order of the names."""
        for name in self._changed:
            pieces = tuple(self._pieces[name].values())
            if pieces:
                self._rows[name] = Row.of(pieces, self._rows.get(name))
            else:
                self._rows.pop(name, None)
        self._changed.clear()
        return {name: self._rows[name] for name in self._pieces if name in self._rows}
