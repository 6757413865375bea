"""The ledger of calls of one account: what was asked and when, so that no sliding window is ever overdrawn.

The far side counts a request when it arrives, somewhere between our start and our end of it. An entry therefore moves
from the start towards the end of a request that takes longer than the margin: the window then holds wherever in
between it was counted, and quick requests cost nothing.
"""

import math
from bisect import bisect_right
from collections import deque
from dataclasses import dataclass, field
from itertools import islice

from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.limits import Limit

_KEPT_WINDOWS = 2  # a reload may lengthen a window: calls are remembered a little longer than they count


@dataclass(slots=True)
class _Calls:
    counted: deque[float] = field(default_factory=deque)
    early: deque[float] = field(default_factory=deque)
    last: float = -math.inf
    last_counted: bool = False


class Ledger:
    """Calls by interface. Moments are in the pacing clock's seconds."""

    def __init__(self) -> None:
        self._calls = {interface: _Calls() for interface in Interface}
        self.last_start = -math.inf
        """Start of the newest request of any interface."""

    def earliest(self, interface: Interface, limit: Limit) -> float:
        """The first moment at which the limit allows another call; infinity where it allows none at all."""
        if limit.calls <= 0:
            return math.inf
        calls = self._calls[interface]
        free = calls.counted[-limit.calls] + limit.window if len(calls.counted) >= limit.calls else -math.inf
        return max(free, calls.last + limit.spacing)

    def start(self, interface: Interface, moment: float, limit: Limit, *, early: bool = False) -> None:
        """Write a call down, before it is sent. ``early`` marks a list made due before its time."""
        calls = self._calls[interface]
        forgotten = moment - _KEPT_WINDOWS * limit.window
        for kept in (calls.counted, calls.early):
            while kept and kept[0] < forgotten:
                kept.popleft()
        calls.counted.append(moment)
        if early:
            calls.early.append(moment)
        calls.last = moment
        calls.last_counted = True
        self.last_start = max(self.last_start, moment)

    def end(self, interface: Interface, moment: float, margin: float) -> None:
        """Correct the newest call for a request that took longer than the margin."""
        calls = self._calls[interface]
        latest_arrival = moment - margin
        if latest_arrival > calls.last:
            calls.last = latest_arrival
            if calls.last_counted:
                calls.counted[-1] = latest_arrival

    def give_back(self, interface: Interface) -> None:
        """Take the newest call out of the quota; its spacing stays. For requests that the far side did not count."""
        calls = self._calls[interface]
        if calls.last_counted:
            calls.counted.pop()
            calls.last_counted = False

    def within(self, interface: Interface, window: float, now: float) -> tuple[float, ...]:
        """Moments of the calls that count in the window that ends now, oldest first."""
        counted = self._calls[interface].counted
        outside = bisect_right(counted, now - window)
        return tuple(islice(counted, outside, None))

    def early_within(self, interface: Interface, window: float, now: float) -> int:
        """How many calls of the window that ends now were made before their time."""
        return sum(moment > now - window for moment in self._calls[interface].early)
