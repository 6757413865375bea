"""Answers go first: accounts do not begin to work while a scrape is being answered.

Python runs one thread at a time, and an answer gives up its turn a dozen times until it is sent. Beside a few threads
that compute it waits for some of them each time: with hundreds of accounts that start together, for a quarter of a
second.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST_WAIT = 0.1  # seconds; a client that does not read its answer holds up nobody


class RightOfWay:
    """Taken by one thread, the event loop's; given by any."""

    def __init__(self, longest_wait: float = _LONGEST_WAIT) -> None:
        self._longest_wait = longest_wait
        self._answers = 0
        self._clear = threading.Event()
        self._clear.set()
        self._in_vain = False
        """Whether somebody has waited in vain since the newest answer began: it is not waited for twice."""

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Answer."""
        self._answers += 1
        self._in_vain = False
        self._clear.clear()
        try:
            yield
        finally:
            self._answers -= 1
            if not self._answers:
                self._clear.set()

    def give(self) -> None:
        """Wait until the answers are given that are being given now, a moment at most."""
        if not self._in_vain and not self._clear.wait(self._longest_wait):
            self._in_vain = True
