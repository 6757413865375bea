"""Python itself, set up for a process of many threads that holds the data of large fleets for long."""

import gc
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_SWITCH_SECONDS = 0.0005  # a scrape waits so long for the interpreter while something is being rendered; measured
_SWITCH_SECONDS_OF_AN_ACCOUNT = 0.000007
_OLDEST = 2  # generation
_SEARCH_AFTER = (700, 10, 3)
"""Objects, searches, searches: the oldest are searched when 30,000 are new, not 80,000, and sooner through."""
_DAY = 86400.0


def switch_seconds(accounts: int) -> float:
    """For how long a thread keeps the interpreter while others wait.

    Each that waits wakes up as often to ask for it: hundreds would leave no time to the one that works.
    """
    return max(_SWITCH_SECONDS, accounts * _SWITCH_SECONDS_OF_AN_ACCOUNT)


class LongLived:
    """Keeps what has survived a search for unreachable cycles out of the next ones, for a day at most.

    A search holds up every thread, for a microsecond an object: a second at a million, and with each answer of a large
    fleet another one comes closer. Nothing is lost: whatever no cycle holds is freed at once as ever.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._whole_at = now() + _DAY

    def __call__(self, phase: str, about: Mapping[str, Any]) -> None:
        """As ``gc.callbacks`` calls it."""
        if phase != "stop" or about["generation"] < _OLDEST:
            return
        if self._now() < self._whole_at:
            gc.freeze()
        else:  # the next search takes all
            self._whole_at = self._now() + _DAY
            gc.unfreeze()


@contextmanager
def set_up(accounts: int, now: Callable[[], float]) -> Iterator[None]:
    """For a process that refreshes so many accounts; ``now`` gives seconds that never jump."""
    interval, thresholds, long_lived = sys.getswitchinterval(), gc.get_threshold(), LongLived(now)
    gc.freeze()  # what was made so far is here to stay; the first search would hold up the first scrapes
    sys.setswitchinterval(switch_seconds(accounts))
    gc.set_threshold(*_SEARCH_AFTER)
    gc.callbacks.append(long_lived)
    try:
        yield
    finally:
        gc.callbacks.remove(long_lived)
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)
