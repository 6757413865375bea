"""One account's lease as this process knows it."""

import math
import threading


class Lease:
    """Written by the account's own thread and by the one that renews. Moments are in the pacing clock's seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = -math.inf
        self._granted = -math.inf
        self._wanted = False
        self.fence = ""
        """Of the lease taken last; empty where there is none."""

    def good(self, now: float) -> bool:
        """Whether nobody else can have taken the account yet."""
        return now < self._until

    def recent(self, now: float) -> bool:
        """Whether it would be good, had Redis not forgotten it: then nobody else has led since."""
        return now < self._granted

    @property
    def wanted(self) -> bool:
        """Whether somebody demands the account."""
        return self._wanted

    def taken(self, fence: str, until: float) -> None:
        """Redis gave it."""
        with self._lock:
            self.fence, self._until, self._wanted = fence, until, False
            self._granted = until

    def renewed(self, fence: str, until: float, *, wanted: bool) -> None:
        """Redis has made it longer, if it is still the same."""
        with self._lock:
            if fence == self.fence:
                self._until, self._wanted = max(self._until, until), wanted
                self._granted = self._until

    def lost(self, fence: str) -> None:
        """Redis does not know it, or it went to another."""
        with self._lock:
            if fence == self.fence:
                self.fence, self._until, self._wanted = "", -math.inf, False
