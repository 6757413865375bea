"""A day's calls of all data interfaces together, which owners of OAuth Connect have beside the limits of each."""

import math
from collections import deque
from dataclasses import dataclass, replace
from itertools import takewhile

from fusionsolar_exporter.moments import Moment

_PLANNED = 0.9  # of the budget; the rest is for restarts, doctor, and lists made due early
_NIGHT = 3.0  # times slower, while no inverter is awake
_KEPT_WINDOWS = 2  # a reload may lengthen the window
_DAY = 86400.0
_NEAR = 0.8  # a refusal at so much of what was learnt confirms it
_PATIENCE, _LONGEST_PATIENCE = 0.5, 1.0  # windows
_FIRST_GROWTH, _GROWTH = 1.25, 2.5  # in a window; a sliding one is filled late, and shows late what is too much
_MOST_WINDOWS = 64.0  # in which what was learnt has grown beyond any budget


@dataclass(frozen=True, slots=True)
class DailyBudget:
    """So many calls in any window."""

    calls: int
    window: float
    """Seconds, margin included."""

    def stretches(self, load: float, awake_share: float) -> tuple[float, float]:
        """The factors by which intervals grow, while an inverter is awake and while none is.

        ``load`` is the calls a second that are wanted, ``awake_share`` the part of the window that is no night.
        """
        allowed = self.calls * _PLANNED / self.window
        if load <= allowed:
            return 1.0, 1.0
        asleep_share = 1.0 - awake_share
        day = load * (awake_share + asleep_share / _NIGHT) / allowed
        if day >= 1.0:
            return day, day * _NIGHT
        # days as fast as they can be leave more for the nights
        return 1.0, load * asleep_share / (allowed - load * awake_share)


@dataclass(frozen=True, slots=True)
class LearntBudget:
    """What the far side let through before it said that the day is used up, though the budget had more."""

    calls: int
    at: Moment
    """Of the newest such refusal."""
    patience: float
    """Windows until more is tried: ever more, while that is refused."""
    of: DailyBudget
    """The budget that was configured then."""

    def calls_at(self, now: float) -> float:
        """More and more, once the patience is over and nothing is refused."""
        windows = min(max((now - self.at) / self.of.window - self.patience, 0.0), _MOST_WINDOWS)
        return self.calls * math.pow(_FIRST_GROWTH, min(windows, 1.0)) * math.pow(_GROWTH, max(windows - 1.0, 0.0))


class DailyCalls:
    """When the newest calls of all data interfaces were made, in the pacing clock's seconds."""

    def __init__(self) -> None:
        self.moments: deque[float] = deque()
        self.learnt: LearntBudget | None = None

    def in_force(self, configured: DailyBudget, now: float) -> DailyBudget:
        """The budget, or what the far side is known to allow of it."""
        if self.learnt is None or self.learnt.of != configured:
            return configured
        return replace(configured, calls=int(min(configured.calls, self.learnt.calls_at(now))))

    def refused(self, moment: float, configured: DailyBudget) -> bool:
        """The newest call was one too many for the far side; whether that says something new of the budget."""
        # on the first day others may have used it up, and calls that nobody here knows of
        if not self.moments or self.moments[0] > moment - configured.window:
            return False
        before = self.in_force(configured, moment).calls
        calls = max(min(self.within(configured.window, moment) - 1, before), 1)
        learnt, patience = self.learnt, _PATIENCE
        if learnt is not None and learnt.of == configured and calls >= _NEAR * learnt.calls:
            grown = learnt.calls_at(moment) > learnt.calls
            patience = min(learnt.patience * (2.0 if grown else 1.0), _LONGEST_PATIENCE)
        self.learnt = LearntBudget(calls, moment, patience, configured)
        return calls < before

    def earliest(self, budget: DailyBudget) -> float:
        """The first moment at which the budget allows another call."""
        return self.moments[-budget.calls] + budget.window if len(self.moments) >= budget.calls else -math.inf

    def within(self, window: float, now: float) -> int:
        """How many calls count in the window that ends now."""
        return sum(1 for _ in takewhile(lambda moment: moment > now - window, reversed(self.moments)))

    def start(self, moment: float, budget: DailyBudget) -> None:
        """Write a call down, before it is sent."""
        while self.moments and self.moments[0] < moment - max(_KEPT_WINDOWS * budget.window, _DAY):
            self.moments.popleft()
        self.moments.append(moment)

    def later(self, moment: float) -> None:
        """The newest call was sent, or may have arrived, as late as that."""
        if self.moments and moment > self.moments[-1]:
            self.moments[-1] = moment

    def unsent(self) -> None:
        """The newest call was written down, and then not sent."""
        self.moments.pop()
