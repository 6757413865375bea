"""Pauses and back-offs of one interface after failures."""

import math
from dataclasses import dataclass

from fusionsolar_exporter.config import Backoff
from fusionsolar_exporter.moments import Moment

HOUR = 3600.0
DAY = 86400.0
_LONGER = 1.9  # not 2: another interface with the same limit is asked in whole windows
_LONGEST_PAUSE = 6 * HOUR  # after refusals in a row


@dataclass(frozen=True, slots=True)
class KeptHold:
    """A hold as state keeps it."""

    until: Moment
    reason: str
    refusals: int
    failures: int
    denied: bool


class Hold:
    """Until when an interface is left alone, and why. Moments are in the pacing clock's seconds."""

    def __init__(self) -> None:
        self.until = -math.inf
        self.reason = ""
        self._refusals = 0
        self._failures = 0
        self._denied = False

    def back_off(
        self, moment: float, backoff: Backoff, reason: str, *, at_most: float = 0.0, at_least: float = 0.0
    ) -> None:
        """After 403, 429, 20200 and transport failures; ``at_most`` as :meth:`Backoff.after` takes it.

        ``at_least`` is what the far side asked to wait for, in seconds.
        """
        self._failures += 1
        self.pause(moment + max(at_least, backoff.after(self._failures, at_most=at_most)), reason)

    def rate_limited(self, moment: float, window: float, reason: str, *, at_least: float = 0.0) -> None:
        """After 407 and 20618: for the window, at most an hour, at first; doubling to six hours."""
        self._refusals += 1
        pause = min(min(window, HOUR) * _LONGER ** min(self._refusals - 1, 60), _LONGEST_PAUSE)
        self.pause(moment + max(at_least, pause), reason)

    def not_permitted(self, moment: float, reason: str) -> None:
        """After 401: tried again daily, at a start and at a reload."""
        self._denied = True
        self.pause(moment + DAY, reason)

    @property
    def denied(self) -> bool:
        """Whether it is held for want of a permission."""
        return self._denied

    def forgive(self) -> None:
        """End a hold for want of a permission: somebody may have given it."""
        if self._denied:
            self.answered()

    def pause(self, until: float, reason: str) -> None:
        """Leave the interface alone until then; never shortens a longer pause."""
        self.until = max(self.until, until)
        self.reason = reason

    def answered(self) -> None:
        """The far side served the interface: whatever held it is over."""
        self.until = -math.inf
        self.reason = ""
        self._refusals = self._failures = 0
        self._denied = False

    def kept(self) -> KeptHold | None:
        """What state keeps; None where there is nothing to say."""
        if math.isinf(self.until) and not self._refusals and not self._failures:
            return None
        return KeptHold(self.until, self.reason, self._refusals, self._failures, self._denied)

    def restore(self, kept: KeptHold | None) -> None:
        """Take over what was kept."""
        self.answered()
        if kept is not None:
            self.until, self.reason = kept.until, kept.reason
            self._refusals, self._failures, self._denied = kept.refusals, kept.failures, kept.denied
