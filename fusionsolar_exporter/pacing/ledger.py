"""The ledger of calls of one account: what was asked and when, so that no sliding window is ever overdrawn.

The far side counts a request when it arrives, somewhere between our start and our end of it. An entry therefore moves
from the start towards the end of a request that takes longer than the margin: the window then holds wherever in
between it was counted, and quick requests cost nothing.
"""

import math
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Mapping
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
    before: float = -math.inf
    """What ``last`` was before the newest call."""


@dataclass(frozen=True, slots=True)
class KeptCalls:
    """The calls of one interface as state keeps them: how many moments of each kind follow, and the newest start."""

    counted: int
    early: int
    last: float
    last_counted: bool


class Ledger:
    """Calls by interface. Moments are in the pacing clock's seconds."""

    def __init__(self) -> None:
        self._calls = {interface: _Calls() for interface in Interface}
        self.last_start = -math.inf
        """Start of the newest request of any interface."""
        self._before = -math.inf
        self.changes = 0
        """Grows with every change."""

    def earliest(self, interface: Interface, limit: Limit) -> float:
        """The first moment at which the limit allows another call; infinity where it allows none at all."""
        if limit.calls <= 0:
            return math.inf
        calls = self._calls[interface]
        free = calls.counted[-limit.calls] + limit.window if len(calls.counted) >= limit.calls else -math.inf
        return max(free, calls.last + limit.spacing)

    def last(self, interface: Interface) -> float:
        """Start of the newest call of an interface."""
        return self._calls[interface].last

    def start(self, interface: Interface, moment: float, limit: Limit, *, early: bool = False) -> None:
        """Write a call down, before it is sent. ``early`` marks a list made due before its time."""
        self.changes += 1
        calls = self._calls[interface]
        # only here, when something is added: an interface that nobody asks keeps its few old calls, at no cost
        forgotten = moment - _KEPT_WINDOWS * limit.window
        for kept in (calls.counted, calls.early):
            while kept and kept[0] < forgotten:
                kept.popleft()
        calls.counted.append(moment)
        if early:
            calls.early.append(moment)
        # what stood there before is remembered for one call: `unsent` has to undo this, and nothing older
        calls.before, calls.last = calls.last, moment
        calls.last_counted = True
        self._before, self.last_start = self.last_start, max(self.last_start, moment)

    def sent(self, interface: Interface, moment: float) -> None:
        """The newest call is sent now: writing it down may have taken a while."""
        calls = self._calls[interface]
        # only forward: a call may count later than it was written down, never earlier than anybody was told
        if moment > calls.last:
            self.changes += 1
            calls.last = calls.counted[-1] = moment
            self.last_start = max(self.last_start, moment)

    def unsent(self, interface: Interface) -> None:
        """The newest call was written down, and then not sent."""
        # unlike one that was sent and not counted, it leaves no spacing behind either
        self.give_back(interface)
        calls = self._calls[interface]
        calls.last = calls.before
        self.last_start = self._before

    def end(self, interface: Interface, moment: float, margin: float) -> None:
        """Correct the newest call for a request that took longer than the margin."""
        calls = self._calls[interface]
        # it arrived somewhere between start and end; the margin in every window covers the first of these seconds
        latest_arrival = moment - margin
        if latest_arrival > calls.last:
            self.changes += 1
            calls.last = latest_arrival
            # given back already where it was not counted: the last moment is then another call's
            if calls.last_counted:
                calls.counted[-1] = latest_arrival

    def give_back(self, interface: Interface) -> None:
        """Take the newest call out of the quota; its spacing stays. For requests that the far side did not count."""
        self.changes += 1
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

    def kept(self) -> tuple[dict[Interface, KeptCalls], "array[float]"]:
        """What state keeps: for each interface that was asked its numbers of moments, and the moments in this order."""
        heads: dict[Interface, KeptCalls] = {}
        moments = array("d")
        for interface, calls in self._calls.items():
            if calls.last > -math.inf:
                heads[interface] = KeptCalls(len(calls.counted), len(calls.early), calls.last, calls.last_counted)
                moments.extend(calls.counted)
                moments.extend(calls.early)
        return heads, moments

    def restore(
        self, heads: Mapping[Interface, KeptCalls], moments: "array[float]", at: Callable[[float], float]
    ) -> None:
        """Take over what was kept; ``at`` turns its moments into this clock's. ValueError where they do not fit."""
        if any(head.counted < 0 or head.early < 0 for head in heads.values()):
            raise ValueError("negative counts")
        if sum(head.counted + head.early for head in heads.values()) != len(moments):
            raise ValueError("heads and moments differ")
        given = map(at, moments)
        self._calls = {interface: _Calls() for interface in Interface}
        for interface, head in heads.items():
            self._calls[interface] = _Calls(
                deque(islice(given, head.counted)),
                deque(islice(given, head.early)),
                at(head.last),
                head.last_counted and head.counted > 0,
            )
        self.last_start = max((calls.last for calls in self._calls.values()), default=-math.inf)
