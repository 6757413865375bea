"""A day's calls of all data interfaces together, which owners of OAuth Connect have beside the limits of each."""

from collections import deque
from dataclasses import dataclass
from itertools import takewhile
from math import inf

_PLANNED = 0.9  # of the budget; the rest is for restarts, doctor, and lists made due early
_NIGHT = 3.0  # times slower, while no inverter is awake
_KEPT_WINDOWS = 2  # a reload may lengthen the window
_DAY = 86400.0


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


class DailyCalls:
    """When the newest calls of all data interfaces were made, in the pacing clock's seconds."""

    def __init__(self) -> None:
        self.moments: deque[float] = deque()

    def earliest(self, budget: DailyBudget) -> float:
        """The first moment at which the budget allows another call."""
        return self.moments[-budget.calls] + budget.window if len(self.moments) >= budget.calls else -inf

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
