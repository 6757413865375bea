"""``Retry-After``: how long not to ask (RFC 9110, 10.2.3), in seconds or as a date."""

from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 3600.0
"""Seconds that are believed."""


def retry_after(value: str | None, date: str | None) -> float | None:
    """Seconds; ``date`` is the answer's own, by which a date is counted. None where neither says anything."""
    if value is None:
        return None
    told = value.strip()
    if told.isascii() and told.isdigit():
        return min(float(told[:12]), LONGEST)
    until, since = _unix_time(told), _unix_time(date or "")
    if until is None or since is None:
        return None
    return min(max(until - since, 0.0), LONGEST)


def _unix_time(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
