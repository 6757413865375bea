"""Chance that repeats: the same words give the same number on every machine and in every run."""

from zlib import crc32


def fraction(*words: object) -> float:
    """Return a number from 0 up to 1, drawn from ``words``."""
    return crc32("/".join(map(str, words)).encode()) / 2**32
