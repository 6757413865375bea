"""What became of the newest calls of an account, and how well one limit over some of its interfaces explains it."""

import math
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

from fusionsolar_exporter.northbound.interfaces import Interface

_REMEMBERED = 512
_LATELY = 3600.0
_PLAINLY_LONGER = 0.5  # seconds: calls do not arrive as evenly as they were sent
_EVERY_COUNT, _COARSER = 16, 1.3  # counts that are tried: each of the first, then in steps


@dataclass(slots=True)
class _SeenCall:
    interface: Interface
    moment: float
    answered: bool | None = None
    """None while nothing is known: the limit may not have been what it failed by."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The best that a window with a count can do: refused are the calls whose ``count``-th before came too late."""

    wrong: int
    """Answers and refusals that it cannot explain."""
    count: int = 1
    refused: float = 0.0
    """Seconds a call: the slowest that was refused for being too fast."""
    answered: float | None = None
    """The fastest that was answered for being slow enough."""
    closed: int = 0
    """How many more would be wrong without it, where it is so slow that no call has kept to it."""


class PaceEvidence:
    """The newest calls of all interfaces together. Moments are in the pacing clock's seconds."""

    def __init__(self) -> None:
        self._calls: deque[_SeenCall] = deque(maxlen=_REMEMBERED)

    def called(self, interface: Interface, moment: float) -> None:
        """A call is sent."""
        self._calls.append(_SeenCall(interface, moment))

    def unsent(self, interface: Interface) -> None:
        """The newest call was not sent, or not counted."""
        if self._calls and self._calls[-1].interface is interface:
            self._calls.pop()

    def ended(self, interface: Interface, *, answered: bool) -> None:
        """What became of the newest call."""
        if self._calls and self._calls[-1].interface is interface:
            self._calls[-1].answered = answered

    def asked(self) -> Collection[Interface]:
        """The interfaces that were asked."""
        return {call.interface for call in self._calls}

    def refusals(self, interface: Interface, since: float) -> int:
        """How many of its newest calls were refused in a row, of those since a moment."""
        own = (call.answered for call in reversed(self._calls) if call.interface is interface and call.moment >= since)
        return sum(1 for _ in takewhile(lambda answered: answered is False, own))

    def quiet(self, without: Interface) -> float:
        """The middle of the pause after the newest call of all other interfaces, were it as long as others lately."""
        moments = [call.moment for call in self._calls if call.interface is not without]
        if not moments:
            return -math.inf
        pauses = [after - before for before, after in pairwise(moments) if before > moments[-1] - _LATELY]
        # by time and not by number: of ten calls at once every five minutes most pauses are short, but not most time
        usual = sum(pause**2 for pause in pauses) / max(sum(pauses), 1.0)
        return moments[-1] + usual / 2

    def explain(self, interfaces: Collection[Interface], most: int) -> Explanation:
        """One limit of at most so many calls over these interfaces; of equals the one with the fewest calls."""
        calls = [call for call in self._calls if call.interface in interfaces]
        best = Explanation(sum(call.answered is False for call in calls))
        for count in _counts(most):
            for refused_count in (True, False):
                if best.wrong == 0:
                    return best
                found = _best_window(sorted(_spans(calls, count, refused_count=refused_count)), count)
                if found.wrong < best.wrong:
                    best = found
        return best


def _counts(most: int) -> Iterator[int]:
    count = 1
    while count <= most:
        yield count
        count = max(count + 1, int(count * _COARSER)) if count >= _EVERY_COUNT else count + 1


def _spans(calls: Iterable[_SeenCall], count: int, *, refused_count: bool) -> Iterator[tuple[float, bool]]:
    """Seconds since the ``count``-th call before, and whether it was answered; of calls that were judged."""
    counted: deque[float] = deque(maxlen=count)
    for call in calls:
        if call.answered is not None and (len(counted) == count or not call.answered):
            span = call.moment - counted[0] if len(counted) == count else math.inf
            yield (span - _PLAINLY_LONGER if call.answered else span), call.answered
        if refused_count or call.answered is not False:
            counted.append(call.moment)


def _best_window(spans: Sequence[tuple[float, bool]], count: int) -> Explanation:
    """The window that is wrong about the fewest calls; ``spans`` from the shortest."""
    without = wrong = best = sum(not answered for _, answered in spans)
    inside = 0
    for index, (span, answered) in enumerate(spans):
        wrong += 1 if answered else -1
        if wrong < best and span < math.inf:
            best, inside = wrong, index + 1
    refused = [span for span, answered in spans[:inside] if not answered]
    slower = next((span for span, answered in spans[inside:] if answered), None)
    slowest_refused = max(refused, default=0.0) / count
    if slower is None:
        return Explanation(best, count, slowest_refused, closed=without - best)
    return Explanation(best, count, slowest_refused, slower / count)
