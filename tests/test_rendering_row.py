"""Pieces in a row: the same bytes as one after the other, and little work where few of them change."""

import random
import zlib

from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.rendering.piece import LARGE_BYTES, Piece, body
from fusionsolar_exporter.rendering.row import Row

NUMBERS = st.lists(st.integers(0, 99), max_size=70)


def whole(piece: Piece, *, gzipped: bool) -> bytes:
    sent = b"".join(body([piece], gzipped=gzipped).parts)
    return zlib.decompress(sent, 31) if gzipped else sent


@given(NUMBERS, NUMBERS)
def test_a_row_is_its_pieces_whatever_it_was_before(earlier: list[int], later: list[int]) -> None:
    pieces = [Piece.of(b"%d\n" % number, 1) for number in range(100)]
    before = Row.of(tuple(pieces[number] for number in earlier), None)
    row = Row.of(tuple(pieces[number] for number in later), before)
    text = b"".join(b"%d\n" % number for number in later)
    assert whole(row.joined, gzipped=False) == text
    assert whole(row.joined, gzipped=True) == text
    assert (row.joined.samples, row.joined.size) == (len(later), len(text))


def test_only_the_neighbours_of_a_piece_that_changed_are_joined_again() -> None:
    pieces = [Piece.of(b"%d\n" % number, 1) for number in range(100)]
    before = Row.of(tuple(pieces), None)
    assert Row.of(tuple(pieces), before) is before
    pieces[40] = Piece.of(b"other\n", 1)
    after = Row.of(tuple(pieces), before)
    assert [one is other for one, other in zip(before.groups, after.groups, strict=True)].count(False) == 1
    assert b"other\n" in whole(after.joined, gzipped=True)


def test_what_is_large_is_shared_and_what_is_small_is_put_together() -> None:
    chance = random.Random(1)
    large = [Piece.of(chance.randbytes(2 * LARGE_BYTES)) for _ in range(30)]
    small = [Piece.of(b"%d\n" % number) for number in range(60)]
    joined = Piece.join([*small[:20], *large[:15], *small[20:], *large[15:]])
    condensed = joined.condensed()
    assert whole(condensed, gzipped=True) == whole(joined, gzipped=False)
    assert len(condensed.packed) == len(large) + 2
    shared = {id(piece.packed[0]) for piece in large}
    assert shared <= {id(block) for block in condensed.packed}
    assert len(Piece.join(small).condensed().packed) == 1
