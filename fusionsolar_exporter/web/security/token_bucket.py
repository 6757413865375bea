"""How many requests are answered: one an interval, and so many at once."""

from collections.abc import Callable


class TokenBucket:
    """Used on the event loop. An interval of 0 lets everything through."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._tokens = 0.0
        self._at = 0.0
        self._limits = (0.0, 0)

    def take(self, interval: float, burst: int) -> bool:
        """Whether one more request is answered now under these limits (seconds, requests)."""
        now = self._now()
        if (interval, burst) != self._limits:  # other limits, or the first request: nobody has used anything of them
            self._limits, self._tokens, self._at = (interval, burst), float(burst), now
        if interval <= 0:
            return True
        self._tokens = min(self._tokens + (now - self._at) / interval, float(burst))
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
