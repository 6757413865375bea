"""What is wanted of a backfill: from when to when, what, where to, with which labels."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from fusionsolar_exporter.metrics.families import FAMILIES
from fusionsolar_exporter.status import REPORTS

DEVICE_HISTORY = "device_5m"
KNOWN = (*(report.value for report in REPORTS), DEVICE_HISTORY)
"""What can be asked for: the reports, and devices every five minutes."""
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_TAKEN = frozenset(label for family in FAMILIES.values() for label in family.all_labels)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bound:
    """A day in the plant's own zone, or a moment in Unix seconds."""

    day: date | None = None
    moment: float = 0.0

    def at(self, offset: float) -> float:
        """Unix seconds where clocks are ``offset`` seconds ahead of UTC."""
        if self.day is None:
            return self.moment
        return (datetime(self.day.year, self.day.month, self.day.day, tzinfo=UTC) - _EPOCH).total_seconds() - offset


@dataclass(frozen=True, slots=True)
class Options:
    """One run."""

    begin: Bound
    end: Bound
    what: tuple[str, ...]
    labels: Mapping[str, str]
    output: Path | None
    dry_run: bool


def bound(text: str) -> Bound:
    """Read a date or a time with its zone; ValueError with what is wrong."""
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            return Bound(date.fromisoformat(text))
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"{text!r} is no time: write a date as 2025-06-15, or a time as 2025-06-15T12:00:00+02:00")
    return Bound(moment=moment.timestamp())


def what(text: str) -> tuple[str, ...]:
    """Read a list of what is wanted; ValueError with what is wrong."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in KNOWN]
    if unknown or not names:
        raise ValueError(
            f"{', '.join(map(repr, unknown)) or repr(text)} cannot be asked for; there are {', '.join(KNOWN)}"
        )
    return tuple(name for name in KNOWN if name in names)


def labels(pairs: Sequence[str]) -> Mapping[str, str]:
    """Read ``NAME=VALUE``; ValueError with what is wrong."""
    found: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not value or not _LABEL.fullmatch(name) or name.startswith("__"):
            raise ValueError(f"{pair!r} is no label: write NAME=VALUE, such as job=fusionsolar")
        if name in _TAKEN:
            raise ValueError(f"the label {name!r} is the exporter's own; choose another name")
        if name in found:
            raise ValueError(f"the label {name!r} is given twice")
        found[name] = value
    return found
