"""Durations as Prometheus writes them: ``500ms``, ``30s``, ``5m``, ``1h30m``, ``1d``, ``2w``, ``1y``."""

import re

_MILLISECONDS = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]+){unit})?" for unit in _MILLISECONDS), re.ASCII)
_LONGEST_MILLISECONDS = (2**63 - 1) // 1_000_000  # what Prometheus can hold: 292 years
_LONGEST_TEXT = 200  # keeps int() far from its limit on digits
_WRITTEN = ("d", "h", "m", "s", "ms")  # 90d reads better than 12w6d


def parse_duration(text: str) -> float:
    """Give the seconds of a duration; each unit at most once, the largest first. ``0`` needs no unit.

    Raises :class:`ValueError` with what is wrong; the message does not repeat the text.
    """
    if text == "0":
        return 0.0
    match = _DURATION.fullmatch(text) if 0 < len(text) <= _LONGEST_TEXT else None
    if match is None:
        raise ValueError("not a duration; expected for example 500ms, 30s, 5m or 1h30m")
    total = sum(int(match[unit] or 0) * size for unit, size in _MILLISECONDS.items())
    if total > _LONGEST_MILLISECONDS:
        raise ValueError("a duration of more than 292 years")
    return total / 1000


def format_duration(seconds: float) -> str:
    """Write seconds, to the millisecond, so that :func:`parse_duration` reads them back."""
    rest = round(seconds * 1000)
    parts = []
    for unit in _WRITTEN:
        count, rest = divmod(rest, _MILLISECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
