"""A clock for real threads in simulated time: it goes on once all of them wait, to the moment that one waits for."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from typing_extensions import override

from support.manual_clock import ManualClock

_LOOK_SECONDS = 0.02  # real ones: how soon a thread sees an event that nobody else has told it of
DEADLINE = 600.0
"""Real seconds that a thread may need for what it does between two rests."""


@dataclass(frozen=True, slots=True)
class _Sleeper:
    event: threading.Event
    until: float


class LockstepClock(ManualClock):
    """``threads`` says how many threads there are whose waiting counts; :meth:`run_to` is for another one."""

    def __init__(self, now: float, threads: Callable[[], int]) -> None:
        super().__init__(now)
        self._threads = threads
        self._changed = threading.Condition()
        self._sleepers: dict[threading.Thread, _Sleeper] = {}

    @override
    def wait(self, event: threading.Event, seconds: float) -> None:
        me = threading.current_thread()
        with self._changed:
            sleeper = self._sleepers[me] = _Sleeper(event, self._now + max(seconds, 0.0))
            self._changed.notify_all()
            while not event.is_set() and self._now < sleeper.until:
                self._changed.wait(_LOOK_SECONDS)
            del self._sleepers[me]

    @override
    def pause(self, seconds: float) -> None:
        self.wait(threading.Event(), seconds)

    @override
    def advance(self, seconds: float) -> None:
        with self._changed:
            self._now += seconds
            self._changed.notify_all()

    def run_to(self, moment: float) -> None:
        """Let the threads live until a moment."""
        with self._changed:
            while True:
                assert self._changed.wait_for(self._resting, DEADLINE), "a thread neither waits nor ends"
                if self._now >= moment:
                    return
                self._now = min(moment, *(sleeper.until for sleeper in self._sleepers.values()))
                self._changed.notify_all()

    def _resting(self) -> bool:
        if any(each.event.is_set() or each.until <= self._now for each in self._sleepers.values()):
            self._changed.notify_all()
            return False
        return len(self._sleepers) >= self._threads()
