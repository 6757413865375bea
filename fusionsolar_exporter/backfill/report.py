"""The plan for people: a line an interface with its calls, the days it takes, and what less would take."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from fusionsolar_exporter.backfill.options import DEVICE_HISTORY, Options
from fusionsolar_exporter.backfill.planner import OLDEST_HISTORY, YOUNGEST, Holdings, local_day
from fusionsolar_exporter.backfill.request import HistoryRequest
from fusionsolar_exporter.northbound.interfaces import DAY, HOUR, Interface
from fusionsolar_exporter.web.formatting import span


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the exporter leaves of an interface's quota."""

    calls: int
    window: float
    """Seconds."""
    spacing: float
    """Seconds between two calls."""

    def seconds(self, calls: int) -> float:
        """How long so many calls take: those of a window are free at its beginning."""
        windows = max(math.ceil(calls / self.calls) - 1, 0)
        return windows * self.window + (calls - windows * self.calls) * self.spacing


def plan_lines(
    account: str, requests: Sequence[HistoryRequest], allowance: Callable[[Interface], Allowance]
) -> list[str]:
    """The plan of one account."""
    calls = Counter(request.interface for request in requests)
    if not calls:
        return [f"{account}: nothing to ask for: no plant or device has data in this time"]
    days = {interface: allowance(interface).seconds(count) / DAY for interface, count in calls.items()}
    lines = [
        f"{account}: {interface}: {count} calls, {_rate(allowance(interface))} beside the exporter, "
        f"{_shown(days[interface])}"
        for interface, count in sorted(calls.items())
    ]
    lines.append(f"{account}: all together {_shown(max(days.values()))}")
    return lines + _smaller(account, requests, days)


def clipped_lines(account: str, options: Options, holdings: Holdings, now: float) -> list[str]:
    """What of the wanted time there is no data of, and why."""
    lines = []
    begin, end = options.begin.at(0.0), options.end.at(0.0)
    built = min((plant.grid_connected_at or 0.0 for plant in holdings.plants.values()), default=0.0)
    if begin < built - DAY:  # whatever the zone
        lines.append(f"{account}: nothing before {local_day(built, 0.0)} is asked for: no plant was connected then")
    kept_since = now - OLDEST_HISTORY
    if DEVICE_HISTORY in options.what and max(begin, built) < kept_since - DAY:
        lines.append(
            f"{account}: {DEVICE_HISTORY} of before {local_day(kept_since, 0.0)} is not asked for: 365 days are kept"
        )
    if end > now - YOUNGEST:
        lines.append(f"{account}: nothing younger than three hours is written: Prometheus has that in its head block")
    return lines


def _smaller(account: str, requests: Sequence[HistoryRequest], days: Mapping[Interface, float]) -> list[str]:
    """What it takes without what takes longest."""
    longest = max(days, key=lambda interface: days[interface])
    rest = [days[interface] for interface in days if interface is not longest]
    what = next(request.what for request in requests if request.interface is longest)
    return [f"{account}: without {what} {_shown(max(rest))}"] if rest else []


def _rate(allowance: Allowance) -> str:
    # margins are a matter of seconds
    whole = abs(allowance.window - DAY) < HOUR
    return f"{allowance.calls} a day" if whole else f"{allowance.calls} in {span(allowance.window)}"


def _shown(days: float) -> str:
    return "under a day" if days < 1 else f"{days:.1f} days"
