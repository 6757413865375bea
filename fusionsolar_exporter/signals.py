"""Signals from the first moment on: what comes before somebody can act on it is noted, and done then.

Nothing large may be imported here: this stands before everything else.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_noted: list[int] = []


def note() -> None:
    """Note SIGHUP, and end with 0 at a SIGTERM, from now on.

    As process 1 of a container it would otherwise ignore SIGTERM until its own handlers stand, a second later; and a
    SIGHUP would end it.
    """
    signal.signal(signal.SIGTERM, _leave)
    signal.signal(signal.SIGHUP, _remember)


def loaded() -> None:
    """Everything is imported: a SIGTERM ends it as an exit does, from now on."""
    signal.signal(signal.SIGTERM, _end)


def forget() -> None:
    """For a command that does not reload: a SIGHUP ends it, as it ends others, also one that was noted."""
    if signal.getsignal(signal.SIGHUP) is not _remember:
        return  # nobody noted anything
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if signal.SIGHUP in _noted:
        signal.raise_signal(signal.SIGHUP)


@contextmanager
def taken(*, end: Callable[[], None], reload: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and SIGINT call ``end``, SIGHUP ``reload``; what was noted does so now. Both have to return at once."""

    def on_end(_number: int, _frame: FrameType | None) -> None:
        end()

    def on_reload(_number: int, _frame: FrameType | None) -> None:
        reload()

    handlers = {signal.SIGTERM: on_end, signal.SIGINT: on_end, signal.SIGHUP: on_reload}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    if signal.SIGTERM in _noted:  # what its handler raised got lost, where nothing can be raised
        end()
    if signal.SIGHUP in _noted:
        reload()
    _noted.clear()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _remember(number: int, _frame: FrameType | None) -> None:
    _noted.append(number)


def _leave(_number: int, _frame: FrameType | None) -> None:
    # nothing is open yet, and what is raised while compiled code is imported ends in its own panic
    os._exit(0)


def _end(number: int, _frame: FrameType | None) -> None:
    _noted.append(number)
    raise SystemExit(0)
