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


def product(one: int, other: int) -> int:
    """The product of two polynomials modulo that of the checksum."""
    result = 0
    bit = _ONE
    while one:
        if one & bit:
            result ^= other
            one ^= bit
        bit >>= 1
        other = (other >> 1) ^ _POLYNOMIAL if other & 1 else other >> 1
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
    result = zlib.crc32(_ZEROS[:rest], _ONE ^ _ALL) ^ _ALL  # zlib inverts checksums before and after
    for place in range(many.bit_length()):
        if many >> place & 1:
            result = product(_SQUARES[place], result)
    return result


def joined(crc: int, following: int, following_shift: int) -> int:
    """The checksum of two texts in a row from theirs."""
    return product(following_shift, crc) ^ following
