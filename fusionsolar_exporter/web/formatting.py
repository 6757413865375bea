"""Moments, spans and counts as people read them."""

from collections.abc import Mapping
from datetime import UTC, datetime

NOTHING = "-"
"""Stands where there is nothing to say."""

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def span(seconds: float | None) -> str:
    """Write a span by its two largest units: ``1 h 30 min``; a dash where there is none."""
    if seconds is None:
        return NOTHING
    rest = round(seconds)
    if rest <= 0:
        return f"{seconds:.2g} s" if seconds > 0 else "0 s"
    parts: list[str] = []
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count} {unit}")
        elif parts:
            break  # 1 d 5 s is one day
    return " ".join(parts[:2])


def moment(at: float) -> str:
    """Write Unix seconds as a date and time in UTC."""
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except (ValueError, OverflowError, OSError):
        return "beyond the calendar"


def relative(at: float | None, now: float) -> str:
    """Write how far a moment is from now: ``3 min ago``, ``in 20 s``; a dash where there is none."""
    if at is None:
        return NOTHING
    if abs(at - now) < 1:
        return "now"
    return f"{span(now - at)} ago" if at < now else f"in {span(at - now)}"


def lasting(since: float | None, now: float) -> str:
    """Write how long something has lasted; empty where nobody knows, or where clocks differ."""
    return "" if since is None or since > now else span(now - since)


def counted(number: int, noun: str) -> str:
    """Write a number and its noun: ``1 plant``, ``12,000 plants``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def tally(counts: Mapping[str, int]) -> str:
    """Write counts by kind: ``3 battery, 12 string_inverter``; a dash where there are none."""
    return ", ".join(f"{count:,} {kind}" for kind, count in counts.items()) or NOTHING
