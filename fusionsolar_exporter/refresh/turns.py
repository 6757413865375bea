"""Who works: a few accounts at a time, while any number wait for the far side.

Python runs one thread at a time, and each that waits for its turn there asks for it two thousand times a second: three
hundred accounts that are answered together would keep a scrape waiting for a second. So they queue here, asleep.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from typing_extensions import override

from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.transport import RawAnswer, Transport
from fusionsolar_exporter.right_of_way import RightOfWay

_AT_A_TIME = 2  # one works while another one waits for the disk
_LONGEST_WAIT = 5.0  # seconds without any turn; whoever holds one may hang in a file system or a store


class Turns:
    """Shared by the accounts of a process."""

    def __init__(
        self, at_a_time: int = _AT_A_TIME, longest_wait: float = _LONGEST_WAIT, way: RightOfWay | None = None
    ) -> None:
        self._free = threading.Semaphore(at_a_time)
        self._longest_wait = longest_wait
        self._way = way or RightOfWay()
        self._given_back = 0
        self._mine = threading.local()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Work: wait for a turn, and give it back at the end."""
        self._take()
        try:
            yield
        finally:
            self._give_back()

    @contextmanager
    def given_back(self) -> Iterator[None]:
        """Wait for something else meanwhile, and take a turn again where this thread had one."""
        had = self._give_back()
        try:
            yield
        finally:
            if had:
                self._take()

    def _take(self) -> None:
        # only where nobody gets on: three hundred who stop waiting together would keep the interpreter to themselves
        given_back = self._given_back
        while not (taken := self._free.acquire(timeout=self._longest_wait)) and self._given_back != given_back:
            given_back = self._given_back
        self._mine.held = taken  # without one there is none to give back
        self._way.give()  # with the turn in hand: only those who would work now wait, and not all together

    def _give_back(self) -> bool:
        held, self._mine.held = getattr(self._mine, "held", False), False
        if held:
            self._given_back += 1  # two at once may count as one, which is enough
            self._free.release()
        return held


class TurnTakingTransport(Transport):
    """Gives the turn back while the far side has the word."""

    def __init__(self, transport: Transport, turns: Turns) -> None:
        self._transport = transport
        self._turns = turns

    @override
    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        with self._turns.given_back():
            return self._transport.post(path, payload, auth)

    @override
    def post_form(self, url: str, interface: str, form: Mapping[str, str]) -> RawAnswer:
        with self._turns.given_back():
            return self._transport.post_form(url, interface, form)

    @override
    def close(self) -> None:
        self._transport.close()
