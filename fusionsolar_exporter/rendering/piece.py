"""Finished stretches of the exposition, plain and compressed, and how they are joined."""

import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from fusionsolar_exporter.rendering import crc

GZIP_LEVEL = 3  # measured: docs/http_server.md
_SMALLEST_WINDOW, _LARGEST_WINDOW = 9, 14  # powers of two, bytes
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"  # deflate, no name, no time, any system (RFC 1952)
_LAST_BLOCK = b"\x03\x00"  # an empty one that ends the stream (RFC 1951)
_MODULUS = 1 << 32
LARGE_BYTES = 512 * 1024
"""From here on a part is sent by itself, not copied. Between 64 KiB and 1 MiB no scrape tells the difference."""
TOGETHER_BYTES = 1024 * 1024
"""Small parts are put together up to this size."""
_LITTLE_BYTES = 4 * 1024 * 1024  # so much is copied as a whole: the fewer parts, the quicker they are sent


@dataclass(frozen=True, slots=True)
class Body:
    """An answer's body, in the parts that it is made of."""

    parts: tuple[bytes, ...]
    size: int
    """Bytes of all parts."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines of an exposition. Pieces are joined without touching their texts."""

    texts: tuple[bytes, ...]
    packed: tuple[bytes, ...]
    """The same in deflate blocks that end on a byte and refer to nothing before them."""
    size: int
    """Bytes of all texts."""
    crc: int
    shift: int
    """What :func:`crc.shift` gives for the size."""
    samples: int

    @classmethod
    def of(cls, text: bytes, samples: int = 0) -> "Piece":
        """Compress a text."""
        compressor = _compressor(len(text))
        packed = compressor.compress(text) + compressor.flush(zlib.Z_FULL_FLUSH)
        return cls((text,), (packed,), len(text), zlib.crc32(text), crc.shift(len(text)), samples)

    @classmethod
    def join(cls, pieces: Iterable["Piece"]) -> "Piece":
        """Pieces in a row as one."""
        texts: list[bytes] = []
        packed: list[bytes] = []
        size, samples, checksum = 0, 0, 0
        for piece in pieces:
            texts.extend(piece.texts)
            packed.extend(piece.packed)
            size += piece.size
            samples += piece.samples
            checksum = crc.joined(checksum, piece.crc, piece.size, piece.shift)
        return cls(tuple(texts), tuple(packed), size, checksum, crc.shift(size), samples)

    def condensed(self) -> "Piece":
        """The same with fewer compressed blocks: one, or where that is much to copy, the large ones shared."""
        little = sum(map(len, self.packed)) <= _LITTLE_BYTES
        packed = (b"".join(self.packed),) if little else tuple(together(self.packed))
        return Piece(self.texts, packed, self.size, self.crc, self.shift, self.samples)

    def only(self, names: Collection[str]) -> "Piece":
        """The samples of these names, which have labels."""
        beginnings = tuple(f"{name}{{".encode() for name in names)
        lines = b"".join(self.texts).split(b"\n")  # line ends in labels are escaped
        kept = [line for line in lines if line.startswith(beginnings)]
        return Piece.of(b"".join(line + b"\n" for line in kept), len(kept))

    def head(self, samples: int) -> "Piece":
        """The first lines only."""
        text = b"".join(self.texts)
        end = 0
        for _ in range(samples):
            end = text.index(b"\n", end) + 1  # line ends in labels are escaped
        return Piece.of(text[:end], samples)


def _compressor(size: int) -> "zlib._Compress":
    """For deflate blocks without a container.

    Most texts are small, and to set up the 256 KiB of the largest window takes ten times as long as to compress them.
    """
    window = min(max(size.bit_length(), _SMALLEST_WINDOW), _LARGEST_WINDOW)
    return zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, -window, window - 8)


def together(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Large parts as they are, small neighbours as one."""
    waiting: list[bytes] = []
    held = 0
    for part in parts:
        large = len(part) >= LARGE_BYTES
        if held and (large or held + len(part) > TOGETHER_BYTES):
            yield b"".join(waiting)
            waiting, held = [], 0
        if large:
            yield part
        else:
            waiting.append(part)
            held += len(part)
    if held:
        yield b"".join(waiting)


def body(pieces: Iterable[Piece], *, gzipped: bool) -> Body:
    """Pieces in a row as the body of an answer."""
    parts: list[bytes] = []
    size, checksum = 0, 0
    for piece in pieces:
        size += piece.size
        if gzipped:
            parts.extend(piece.packed)
            checksum = crc.joined(checksum, piece.crc, piece.size, piece.shift)
        else:
            parts.extend(piece.texts)
    if not gzipped:
        return Body(tuple(parts), size)
    trailer = _LAST_BLOCK + checksum.to_bytes(4, "little") + (size % _MODULUS).to_bytes(4, "little")
    whole = (_GZIP_HEADER, *parts, trailer)
    return Body(whole, sum(map(len, whole)))
