"""Checksums of joined texts."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.rendering import crc
from fusionsolar_exporter.rendering.piece import Piece, body


@given(st.binary(), st.binary(), st.integers(0, 300_000))
def test_the_checksum_of_two_texts_is_that_of_both_together(one: bytes, other: bytes, more: int) -> None:
    other += bytes(more)
    assert crc.joined(zlib.crc32(one), zlib.crc32(other), len(other), crc.shift(len(other))) == zlib.crc32(one + other)


def test_sizes_beyond_every_buffer() -> None:
    zeros = bytes(1 << 20)
    size, checksum = 0, zlib.crc32(b"text")
    expected = checksum
    for _ in range(70):
        expected = zlib.crc32(zeros, expected)
        size += len(zeros)
    assert crc.joined(checksum, zlib.crc32(bytes(size)), size, crc.shift(size)) == expected


@given(st.lists(st.binary(max_size=300), max_size=12))
def test_joined_pieces_are_one_gzip_stream_without_a_second_member(texts: list[bytes]) -> None:
    whole = body([Piece.join(map(Piece.of, texts)), Piece.of(b"more")], gzipped=True)
    stream = zlib.decompressobj(31)
    assert stream.decompress(b"".join(whole.parts)) == b"".join(texts) + b"more"
    assert stream.eof
    assert stream.unused_data == b""
