"""The plan for people: a line an interface with its calls, the days it takes, and what less would take."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from fusionsolar_exporter.backfill.request import HistoryRequest
from fusionsolar_exporter.northbound.interfaces import Interface


def plan_lines(
    account: str, requests: Sequence[HistoryRequest], calls_a_day: Callable[[Interface], float]
) -> list[str]:
    """The plan of one account."""
    calls = Counter(request.interface for request in requests)
    if not calls:
        return [f"{account}: nothing to ask for: no plant or device has data in this time"]
    days = {interface: _days(count, calls_a_day(interface)) for interface, count in calls.items()}
    lines = [
        f"{account}: {interface}: {count} calls, {calls_a_day(interface):.0f} a day beside the exporter, "
        f"{_shown(days[interface])}"
        for interface, count in sorted(calls.items())
    ]
    lines.append(f"{account}: all together {_shown(max(days.values()))}")
    return lines + _smaller(account, requests, days)


def _smaller(account: str, requests: Sequence[HistoryRequest], days: Mapping[Interface, float]) -> list[str]:
    """What it takes without what takes longest."""
    longest = max(days, key=lambda interface: days[interface])
    rest = [days[interface] for interface in days if interface is not longest]
    what = next(request.what for request in requests if request.interface is longest)
    return [f"{account}: without {what} {_shown(max(rest))}"] if rest else []


def _days(calls: int, calls_a_day: float) -> float:
    """A window's calls are all free at its beginning: the first day needs no waiting."""
    full = math.ceil(calls / calls_a_day) - 1
    return full + 1 / 24 if full >= 0 else 0.0


def _shown(days: float) -> str:
    return "under a day" if days < 1 else f"{math.ceil(days)} days"
