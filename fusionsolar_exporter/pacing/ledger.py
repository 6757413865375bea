"""The ledger of calls of one account: what was asked and when, so that no sliding window is ever overdrawn.

The far side counts a request when it arrives, somewhere between our start and our end of it. A request that takes
longer than the margin therefore counts from its end less the margin: the window then holds wherever in between it was
counted, and quick requests cost nothing. Both moments are kept, since the margin may be another one by tomorrow.
"""

import math
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from fusionsolar_exporter.moments import Moment
from fusionsolar_exporter.northbound.interfaces import INTERFACES, Interface
from fusionsolar_exporter.pacing.limits import Limit

_KEPT_WINDOWS = 2  # a reload may lengthen a window: calls are remembered a little longer than they count
_LONGEST_WINDOW = max(facts.window for facts in INTERFACES.values())
_KEPT_CALLS = 300  # beyond those windows: a day of one call in five minutes


class _Call(NamedTuple):
    start: float
    end: float
    """While the request is in flight the same as its start."""

    def counts_from(self, margin: float) -> float:
        return max(self.start, self.end - margin)


_NEVER = _Call(-math.inf, -math.inf)


@dataclass(slots=True)
class _Calls:
    counted: deque[_Call] = field(default_factory=deque)
    early: deque[float] = field(default_factory=deque)
    """Starts."""
    last: _Call = _NEVER
    last_counted: bool = False
    before: _Call = _NEVER
    """What ``last`` was before the newest call."""

    def forget(self, moment: float, limit: Limit) -> None:
        """Drop what counts no more, whatever a reload may do to the window."""
        recent = moment - _KEPT_WINDOWS * limit.window
        longest = min(recent, moment - _LONGEST_WINDOW - limit.margin)
        most = max(limit.calls, _KEPT_CALLS)
        counted, early = self.counted, self.early
        while counted and (counted[0].end < longest or (counted[0].end < recent and len(counted) > most)):
            counted.popleft()
        while early and early[0] < longest:
            early.popleft()


@dataclass(frozen=True, slots=True)
class KeptCalls:
    """One interface's calls as state keeps them: how many starts, ends and early starts follow, and the newest call."""

    counted: int
    early: int
    last: Moment
    last_end: Moment
    last_counted: bool


class Ledger:
    """Calls by interface. Moments are in the pacing clock's seconds."""

    def __init__(self) -> None:
        self._calls = {interface: _Calls() for interface in Interface}
        self._presumed = -math.inf
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
        free = -math.inf
        if len(calls.counted) >= limit.calls:
            free = calls.counted[-limit.calls].counts_from(limit.margin) + limit.window
        return max(free, calls.last.counts_from(limit.margin) + limit.spacing)

    def was_asked(self, interface: Interface) -> bool:
        """Whether the interface has ever been asked, as far as anybody remembers."""
        return self._calls[interface].last.start > -math.inf

    def last(self, interface: Interface, limit: Limit) -> float:
        """From when on the newest call of an interface counts."""
        return self._calls[interface].last.counts_from(limit.margin)

    def start(self, interface: Interface, moment: float, limit: Limit, *, early: bool = False) -> None:
        """Write a call down, before it is sent. ``early`` marks a list made due before its time."""
        self.changes += 1
        calls, call = self._calls[interface], _Call(moment, moment)
        # only here, when something is added: an interface that nobody asks keeps its few old calls, at no cost
        calls.forget(moment, limit)
        calls.counted.append(call)
        if early:
            calls.early.append(moment)
        # what stood there before is remembered for one call: `unsent` has to undo this, and nothing older
        calls.before, calls.last = calls.last, call
        calls.last_counted = True
        self._before, self.last_start = self.last_start, max(self.last_start, moment)

    def presume(self, interface: Interface, moment: float, limit: Limit) -> None:
        """For all that is known the interface has just been asked; where what was kept is read later, that counts."""
        self._presumed = moment
        self.start(interface, moment, limit)

    def sent(self, interface: Interface, moment: float) -> None:
        """The newest call is sent now: writing it down may have taken a while."""
        # only forward: a call may count later than it was written down, never earlier than anybody was told
        if moment > self._calls[interface].last.start:
            self._correct(interface, _Call(moment, moment))
            self.last_start = max(self.last_start, moment)

    def unsent(self, interface: Interface) -> None:
        """The newest call was written down, and then not sent."""
        # unlike one that was sent and not counted, it leaves no spacing behind either
        self.give_back(interface)
        calls = self._calls[interface]
        calls.last = calls.before
        self.last_start = self._before

    def end(self, interface: Interface, moment: float) -> None:
        """The newest call has ended."""
        last = self._calls[interface].last
        if moment > last.end:
            self._correct(interface, last._replace(end=moment))

    def presume_ended(self, now: float, longest: float) -> None:
        """A newest call that nobody has seen end was on its way for ``longest`` seconds, and arrived at last."""
        for interface, calls in self._calls.items():
            if calls.last.start == calls.last.end:
                self.end(interface, min(now, calls.last.start + longest))

    def give_back(self, interface: Interface) -> None:
        """Take the newest call out of the quota; its spacing stays. For requests that the far side did not count."""
        self.changes += 1
        calls = self._calls[interface]
        if calls.last_counted:
            calls.counted.pop()
            calls.last_counted = False

    def within(self, interface: Interface, limit: Limit, now: float) -> tuple[float, ...]:
        """From when on each call counts that counts in the window that ends now, oldest first."""

        def counts_from(call: _Call) -> float:
            return call.counts_from(limit.margin)

        counted = self._calls[interface].counted
        outside = bisect_right(counted, now - limit.window, key=counts_from)
        return tuple(map(counts_from, islice(counted, outside, None)))

    def early_within(self, interface: Interface, window: float, now: float) -> int:
        """How many calls of the window that ends now were made before their time."""
        return sum(moment > now - window for moment in self._calls[interface].early)

    def kept(self) -> tuple[dict[Interface, KeptCalls], "array[float]"]:
        """What state keeps: for each interface that was asked its numbers of moments, and the moments in this order."""
        heads: dict[Interface, KeptCalls] = {}
        moments = array("d")
        for interface, calls in self._calls.items():
            last = calls.last
            if last.start > -math.inf:
                counted, early = len(calls.counted), len(calls.early)
                heads[interface] = KeptCalls(counted, early, last.start, last.end, calls.last_counted)
                moments.extend(call.start for call in calls.counted)
                moments.extend(call.end for call in calls.counted)
                moments.extend(calls.early)
        return heads, moments

    def restore(
        self,
        heads: Mapping[Interface, KeptCalls],
        moments: "array[float]",
        *,
        beside: bool = False,
    ) -> None:
        """Take over what was kept, in the place of what is known, or beside it, but for what was only presumed.

        ValueError where its heads and moments do not fit.
        """
        if any(head.counted < 0 or head.early < 0 for head in heads.values()):
            raise ValueError("negative counts")
        if sum(2 * head.counted + head.early for head in heads.values()) != len(moments):
            raise ValueError("heads and moments differ")
        own = self._calls if beside else {}
        given = iter(moments)
        self._calls = {interface: _Calls() for interface in Interface}
        for interface, head in heads.items():
            starts = tuple(islice(given, head.counted))
            self._calls[interface] = _Calls(
                deque(map(_Call, starts, islice(given, head.counted))),
                deque(islice(given, head.early)),
                _Call(head.last, head.last_end),
                head.last_counted and head.counted > 0,
            )
        for interface, calls in own.items():
            self._join(self._calls[interface], calls)
        self.changes += 1
        self.last_start = max((calls.last.start for calls in self._calls.values()), default=-math.inf)

    def _join(self, kept: _Calls, own: _Calls) -> None:
        kept.counted.extend(call for call in own.counted if call.start != self._presumed)
        kept.early.extend(own.early)
        if own.last.start > max(kept.last.start, self._presumed):
            kept.last, kept.last_counted = own.last, own.last_counted

    def _correct(self, interface: Interface, call: _Call) -> None:
        self.changes += 1
        calls = self._calls[interface]
        calls.last = call
        # given back already where it was not counted: the last one is then another call
        if calls.last_counted:
            calls.counted[-1] = call
