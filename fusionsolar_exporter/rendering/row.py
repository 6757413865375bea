"""Pieces in a row as one piece, at a cost that hardly grows with their number when few of them change."""

from dataclasses import dataclass
from itertools import zip_longest
from operator import is_

from fusionsolar_exporter.rendering.piece import Piece

_GROUP = 16  # pieces; a thousand are joined anew by joining 16 and then 63


@dataclass(frozen=True, slots=True)
class _JoinedGroup:
    pieces: tuple[Piece, ...]
    joined: Piece

    def is_of(self, pieces: tuple[Piece, ...]) -> bool:
        return len(self.pieces) == len(pieces) and all(map(is_, self.pieces, pieces))


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces, and what they became together."""

    groups: tuple[_JoinedGroup, ...]
    joined: Piece

    @classmethod
    def of(cls, pieces: tuple[Piece, ...], before: "Row | None") -> "Row":
        """Join pieces; where they are those of ``before``, in groups or in all, nothing is joined again."""
        known = before.groups if before is not None else ()
        found = [pieces[start : start + _GROUP] for start in range(0, len(pieces), _GROUP)]
        groups = tuple(
            old if old is not None and old.is_of(some) else _JoinedGroup(some, _joined(some))
            for some, old in zip_longest(found, known[: len(found)])
        )
        if before is not None and len(groups) == len(known) and all(map(is_, groups, known)):
            return before
        return cls(groups, _joined(tuple(group.joined for group in groups)))

    def head(self, samples: int) -> Piece:
        """The first so many samples: whole groups, whole pieces, and the beginning of one."""
        kept: list[Piece] = []
        left = samples
        for group in self.groups:
            if group.joined.samples <= left:
                kept.append(group.joined)
                left -= group.joined.samples
                continue
            for piece in group.pieces:
                if left:
                    part = piece if piece.samples <= left else piece.head(left)
                    kept.append(part)
                    left -= part.samples
            break
        return Piece.join(kept)


def _joined(pieces: tuple[Piece, ...]) -> Piece:
    """One piece is what it is: that of a single account may be large."""
    return pieces[0] if len(pieces) == 1 else Piece.join(pieces).condensed()
