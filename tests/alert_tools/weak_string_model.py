"""The rules about weak strings as plain arithmetic on six-hourly energies, quick enough for years of many inverters."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import floor, log
from typing import Any

from alert_tools.rule_files import rules

WEEK, MONTH = 28, 4 * 28  # quarters of a day
_OFFSET = 8 * 4
_BOTH_ENDS = 1  # a window of Prometheus 2 holds the sample at either end


def thresholds() -> Mapping[str, float]:
    """Those about strings, as the file of thresholds has them."""
    found: dict[str, Any] = {rule.get("record", ""): rule["expr"] for rule in rules()}
    prefix = "fusionsolar:threshold:string_"
    return {
        name.removeprefix(prefix): float(str(expression).removeprefix("vector(").removesuffix(")"))
        for name, expression in found.items()
        if name.startswith(prefix)
    }


@dataclass(frozen=True, slots=True)
class Accused:
    """A string that is called weak, at a quarter and at the one after it."""

    string: int
    quarter: int
    """When the alert fires: an hour after the second."""


def accusations(energies: Sequence[Sequence[float]]) -> Iterator[Accused]:
    """Every firing of FusionSolarStringWeak for one inverter."""
    known, sums = thresholds(), [[0.0, *accumulate(string)] for string in energies]
    apart_sums = [[0] for _ in energies]
    judged_counts = [0]
    before: set[int] = set()
    for quarter in range(len(energies[0])):
        changes = _changes(sums, quarter, known["week_ratio"])
        apart = _apart(changes, known["alike_ratio"])
        for string, counted in enumerate(apart_sums):
            counted.append(counted[-1] + apart[string])
        judged_counts.append(judged_counts[-1] + bool(changes))
        weak: set[int] = set()
        suspects = [string for string in range(len(energies)) if apart[string]] if changes else []
        least = min((changes[string] for string in suspects), default=0.0)
        for string in suspects:
            past = _window(apart_sums[string], quarter - _OFFSET, MONTH)
            judged = _window(judged_counts, quarter - _OFFSET, MONTH)
            if changes[string] == least < known["change_ratio"] and not past and judged >= known["judged_quarters"]:
                weak.add(string)
        yield from (Accused(string, quarter) for string in sorted(weak & before))
        before = weak


def _changes(sums: Sequence[Sequence[float]], quarter: int, least: float) -> list[float]:
    weeks = [_window(string, quarter, WEEK) for string in sums]
    months = [_window(string, quarter - WEEK, MONTH) for string in sums]
    week, month = sum(weeks), sum(months)
    if not min(months) > 0 or not week > least / 4 * month:
        return []
    return [one / week / (other / month) for one, other in zip(weeks, months, strict=True)]


def _apart(changes: Sequence[float], step: float) -> list[int] | tuple[int, ...]:
    ladders = [[floor(log(max(change, 1e-4)) / step + half) for change in changes] for half in (0.0, 0.5)]
    alike = [[ladder.count(one) > 1 for one in ladder] for ladder in ladders]
    return [int(not any(both)) for both in zip(*alike, strict=True)] or (0,) * 64


def _window(sums: Sequence[float], quarter: int, length: int) -> float:
    """The sum of a window that ends with a quarter; ``sums`` begins with 0."""
    end = quarter + 1
    return sums[end] - sums[max(end - length - _BOTH_ENDS, 0)] if end > 0 else 0.0
