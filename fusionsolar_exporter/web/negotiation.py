"""Which representation a client prefers (RFC 9110, section 12.5). Odd headers never fail: they mean the default."""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

OPENMETRICS_VERSIONS = frozenset({"1.0.0", "0.0.1"})
TEXT_VERSION = "0.0.4"
_REMEMBERED = 16
"""Headers whose answer is known: a client says the same at each scrape, and one of 64 KiB may be kept as well."""

# possessive, so that no header makes matching slow; a quoted part may hold commas and semicolons
_ITEM = re.compile(r'(?:[^,"]|"(?:\\.|[^"\\])*+"?)++', re.DOTALL)
_PART = re.compile(r'(?:[^;"]|"(?:\\.|[^"\\])*+"?)++', re.DOTALL)
_QUALITY = re.compile(r"0(?:\.[0-9]*)?|1(?:\.0*)?|\.[0-9]+")


@dataclass(frozen=True, slots=True)
class _Choice:
    """One item of such a header: ``text/plain;version=0.0.4;q=0.5``."""

    value: str
    parameters: Mapping[str, str]
    quality: float


def _choices(header: str) -> Iterator[_Choice]:
    """Read the items of a header; an item whose quality is no number from 0 to 1 is passed over."""
    for item in _ITEM.findall(header.lower()):
        parts = _PART.findall(item)
        parameters: dict[str, str] = {}
        for part in parts[1:]:
            name, _, value = part.partition("=")
            parameters.setdefault(name.strip(), value.strip().strip('"'))
        quality = parameters.pop("q", "1")
        if parts and _QUALITY.fullmatch(quality):
            yield _Choice(parts[0].strip(), parameters, float(quality))


def _highest(ranked: Iterator[tuple[int, float]]) -> float:
    """Give the quality of the most specific match, of several alike the highest; 0 where nothing matches."""
    return max(ranked, default=(0, 0.0))[1]


def _openmetrics_ranks(header: str) -> Iterator[tuple[int, float]]:
    for choice in _choices(header):
        version = choice.parameters.get("version")
        if choice.value == "application/openmetrics-text" and version in {None, *OPENMETRICS_VERSIONS}:
            yield (1 if version is None else 2), choice.quality


def _text_ranks(header: str) -> Iterator[tuple[int, float]]:
    for choice in _choices(header):
        version = choice.parameters.get("version")
        if choice.value == "text/plain" and version in {None, TEXT_VERSION}:
            yield (3 if version is None else 4), choice.quality
        elif choice.value in {"text/*", "*/*"}:
            yield (2 if choice.value == "text/*" else 1), choice.quality


@functools.lru_cache(_REMEMBERED)
def wants_openmetrics(accept: str) -> bool:
    """Tell whether OpenMetrics is preferred: named itself (no wildcard), and no less wanted than text 0.0.4."""
    quality = _highest(_openmetrics_ranks(accept))
    return quality > 0 and quality >= _highest(_text_ranks(accept))


def _coding_ranks(header: str, names: frozenset[str], wildcard: str) -> Iterator[tuple[int, float]]:
    for choice in _choices(header):
        if choice.value in names:
            yield 2, choice.quality
        elif choice.value == wildcard:
            yield 1, choice.quality


@functools.lru_cache(_REMEMBERED)
def wants_gzip(accept_encoding: str) -> bool:
    """Tell whether gzip is acceptable, and no less wanted than the plain body where that is named."""
    quality = _highest(_coding_ranks(accept_encoding, frozenset({"gzip", "x-gzip"}), "*"))
    return quality > 0 and quality >= _highest(_coding_ranks(accept_encoding, frozenset({"identity"}), ""))
