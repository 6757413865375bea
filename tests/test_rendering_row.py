"""Pieces in a row: the same bytes as one after the other, and little work where few of them change."""

import random
import zlib
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusionsolar_exporter.rendering.piece import LARGE_BYTES, TOGETHER_BYTES, Piece, body, together
from fusionsolar_exporter.rendering.row import Row
from fusionsolar_exporter.rendering.rows import Rows

NUMBERS = st.lists(st.integers(0, 99), max_size=70)


def whole(piece: Piece, *, gzipped: bool) -> bytes:
    sent = b"".join(body([piece], gzipped=gzipped).parts)
    return zlib.decompress(sent, 31) if gzipped else sent


@settings(deadline=None)
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


def test_neighbours_are_put_together_up_to_a_size() -> None:
    size = LARGE_BYTES // 3
    parts = [bytes([number % 256]) * size for number in range(3 * TOGETHER_BYTES // size)]
    found = list(together([*parts, b"x" * LARGE_BYTES, b"y"]))
    assert b"".join(found) == b"".join([*parts, b"x" * LARGE_BYTES, b"y"])
    *blocks, large, last = found
    assert (large, last) == (b"x" * LARGE_BYTES, b"y")
    assert {len(block) for block in blocks[:-1]} == {TOGETHER_BYTES // size * size}
    assert 0 < len(blocks[-1]) <= TOGETHER_BYTES
    assert list(together([])) == []


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40), st.integers(0, 5)), max_size=30), st.integers(0, 60))
def test_rows_are_cut_where_the_limit_is(changes: list[tuple[int, int, int]], most: int) -> None:
    """``changes``: metric, place and lines of what is put there."""
    rows = Rows("abcd")
    pieces: dict[tuple[int, int], Piece] = {}
    for metric, place, lines in changes:
        name, old = "abcd"[metric], pieces.pop((metric, place), None)
        new = Piece.of(b"".join(b"%s %d %d\n" % (name.encode(), place, line) for line in range(lines)), lines)
        rows.put(place, {name: new} if lines else {}, {name: old} if old else {})
        if lines:
            pieces[metric, place] = new
        found = rows.joined(most)
        text = b"".join(whole(pieces[key], gzipped=False) for key in sorted(pieces))
        expected = text.splitlines(keepends=True)
        assert rows.samples == len(expected)
        assert b"".join(whole(piece, gzipped=False) for piece in found.values()) == b"".join(expected[:most])
        assert sum(piece.samples for piece in found.values()) == min(most, len(expected))


def test_what_the_limit_cuts_is_not_even_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows("abcdefghij")
    for place in range(100):
        rows.put(place, {name: Piece.of(b"x\n" * 10, 10) for name in "abcdefghij"}, {})
    made: list[int] = []
    join = Piece.join

    def counting(pieces: Iterable[Piece]) -> Piece:
        some = list(pieces)
        made.append(len(some))
        return join(some)

    monkeypatch.setattr(Piece, "join", counting)
    assert sum(piece.samples for piece in rows.joined(1505).values()) == 1505
    assert sum(made) < 100 * 2 + 30  # two rows of 100 pieces in groups, and what is kept of the second
