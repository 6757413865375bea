"""Texts and numbers as the exposition formats write them."""

import re
from collections.abc import Mapping

from fusionsolar_exporter.northbound.scalars import shortened

_SURROGATE = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"
_EXPONENT_FROM = 1e6  # from here on the formats switch to exponents, much sooner than Python does


def label_value(text: str) -> str:
    """The text as it comes, cut where it is too long; lone surrogates, which no encoding has, become U+FFFD."""
    short = shortened(text)
    return short if short.isascii() else _SURROGATE.sub(_REPLACEMENT, short)


def pair(name: str, value: str) -> str:
    """One label with its value, escaped."""
    escaped = value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return f'{name}="{escaped}"'


def pairs(labels: Mapping[str, str]) -> tuple[str, ...]:
    """Labels with their values, escaped, in the order of the names."""
    return tuple(pair(name, labels[name]) for name in sorted(labels))


def number(value: float) -> str:
    """A finite value as Prometheus's own libraries write it."""
    text = repr(float(value))
    if value < _EXPONENT_FROM:
        return text
    whole, dot, fraction = text.partition(".")
    if not dot or "e" in fraction:
        return text
    mantissa = f"{whole[0]}.{whole[1:]}{fraction}".rstrip("0.")
    return f"{mantissa}e+{len(whole) - 1:02d}"
