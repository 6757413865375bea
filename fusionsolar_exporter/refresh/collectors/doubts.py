"""Lists that say less than was known: believed only when regular refreshes go on saying it."""

import math
from dataclasses import dataclass

_SAME_REFRESH = 0.9  # of an interval: what comes sooner is a retry, and no regular refresh


@dataclass(slots=True)
class Doubts:
    """Doubtful answers in a row. Moments are in the pacing clock's seconds."""

    times: int = 0
    _counted_at: float = -math.inf

    def add(self, started: float, interval: float, *, early: bool) -> int:
        """One more; how many regular ones in a row there are. Lists made due early, and retries, do not count."""
        if not early and started - self._counted_at >= _SAME_REFRESH * interval:
            self.times += 1
            self._counted_at = started
        return self.times

    def clear(self) -> None:
        """An answer without a doubt."""
        self.times = 0
        self._counted_at = -math.inf
