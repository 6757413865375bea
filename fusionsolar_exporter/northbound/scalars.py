"""Numbers, texts and ids out of whatever JSON the far side writes for them."""

import math
import re

from fusionsolar_exporter.northbound.bounds import LONGEST_NAME

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_LONGEST_NUMBER = 64  # digits; anything longer is no measurement, and no id
_LONGEST_WORDS = 10_000  # looking for secrets in them takes time
_LARGEST_INTEGER = 10**_LONGEST_NUMBER


def number(value: object) -> float | None:
    """A finite float from a number or a text that is one; None for everything else, booleans included."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        if len(value) > _LONGEST_NUMBER or not _NUMBER.fullmatch(value):
            return None
    elif not isinstance(value, int | float):
        return None
    try:
        result = float(value)
    except (OverflowError, ValueError):
        return None
    return result if math.isfinite(result) else None


def integer(value: object) -> int | None:
    """An int of up to 64 digits from ``512``, ``512.0``, ``"512"`` or ``"512.0"``; None for everything else."""
    if type(value) is int and -_LARGEST_INTEGER < value < _LARGEST_INTEGER:
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        result = value
    elif isinstance(value, str) and len(value) <= _LONGEST_NUMBER and _INTEGER.fullmatch(value):
        result = int(value)  # exact, where a float would round ids of 16 digits and more
    else:
        rounded = number(value)
        if rounded is None or not rounded.is_integer():
            return None
        result = int(rounded)
    return result if abs(result) < _LARGEST_INTEGER else None


def text(value: object) -> str:
    """A text as it came; finite numbers as Python writes them, whole ones without ``.0``; empty for everything else."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    whole = integer(value)
    try:
        return str(value if whole is None else whole)
    except ValueError:  # an integer of more than 4,300 digits
        return ""


def shortened(name: str) -> str:
    """The name, cut where it is longer than any label should be."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def label(value: object) -> str:
    """A text that becomes a label, shortened."""
    if type(value) is str and len(value) <= LONGEST_NAME:
        return value
    return shortened(text(value))


def quoted(words: str) -> str:
    """What the far side said, in brackets: as a whole, since whoever shows it takes out secrets before it cuts."""
    if len(words) > _LONGEST_WORDS:
        return f" (and {len(words):,} characters, which nobody reads)"
    return f" ({words})" if words else ""


def code(value: object) -> str:
    """A text that is asked for again: empty where it is longer than any code."""
    found = value if type(value) is str else text(value)
    return found if len(found) <= LONGEST_NAME else ""


def identifier(value: object) -> str:
    """An id as text, equal for ``214060404588862``, ``"214060404588862"`` and ``214060404588862.0``."""
    if type(value) is int and -_LARGEST_INTEGER < value < _LARGEST_INTEGER:
        return str(value)
    whole = integer(value) if not isinstance(value, str) or value.strip().lstrip("+-").isdigit() else None
    return code(value).strip() if whole is None else text(whole)
