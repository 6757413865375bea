"""Checksums of joined texts from those of their parts (CRC-32 as in gzip, RFC 1952).

gzip ends with one checksum over everything. With this the compressed pieces of an exposition become one stream without
looking at their texts again; streams of several members would do without, but curl and browsers stop after the first.
"""

import zlib

_POLYNOMIAL = 0xEDB88320
_ONE = 1 << 31
"""The polynomial 1: bits are reflected."""
_ALL = 0xFFFFFFFF
_ZEROS = memoryview(bytes(1 << 16))
_FEW = 4096  # bytes: so many zeros are read in less time than a product takes
_IF_CARRIED = (0, _POLYNOMIAL)
_FOURS = range(0, 32, 4)


def _times_x(polynomial: int) -> int:
    return (polynomial >> 1) ^ _IF_CARRIED[polynomial & 1]


_CARRIED = tuple(_times_x(_times_x(_times_x(_times_x(four)))) for four in range(16))
"""What the four highest powers become when they are raised by four."""


def product(one: int, other: int) -> int:
    """The product of two polynomials modulo that of the checksum, four bits at a time: every join needs one."""
    second = _times_x(other)
    third = _times_x(second)
    low = (0, _times_x(third), third, third ^ _times_x(third))
    multiples = [some ^ more for some in (0, second, other, other ^ second) for more in low]
    result = 0
    for place in _FOURS:
        result = (result >> 4) ^ _CARRIED[result & 15] ^ multiples[one >> place & 15]
    return result


def _squares(bits: int) -> tuple[int, ...]:
    """What 1, 2, 4, 8 ... times as many bytes as there are zeros above multiply a checksum by."""
    found = [zlib.crc32(_ZEROS, _ONE ^ _ALL) ^ _ALL]
    while len(found) < bits:
        found.append(product(found[-1], found[-1]))
    return tuple(found)


_SQUARES = _squares(32)


def shift(size: int) -> int:
    """What a checksum is multiplied by when so many bytes (up to 2**47) follow: what zeros make of the polynomial 1."""
    many, rest = divmod(size, len(_ZEROS))
    result = _followed_by_zeros(_ONE, rest)
    for place in range(many.bit_length()):
        if many >> place & 1:
            result = product(_SQUARES[place], result)
    return result


def joined(crc: int, following: int, size: int, following_shift: int) -> int:
    """The checksum of two texts in a row from theirs, and the size and the shift of the second one."""
    if not crc:
        return following
    return (_followed_by_zeros(crc, size) if size <= _FEW else product(following_shift, crc)) ^ following


def _followed_by_zeros(crc: int, count: int) -> int:
    """What so many zeros, which are at most those above, make of a polynomial."""
    return zlib.crc32(_ZEROS[:count], crc ^ _ALL) ^ _ALL  # zlib inverts checksums before and after
