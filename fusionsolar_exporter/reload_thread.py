"""The thread that reloads: a signal only wakes it, since reading files and taking locks is not for signal handlers."""

import threading
from collections.abc import Callable

from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.supervision import Heartbeat

_NAP_SECONDS = 5.0


class ReloadThread:
    """Reloads when it is told to, and looks every few seconds whether files have changed that need no telling."""

    def __init__(self, reload: Callable[[], object], look: Callable[[], None], clock: Clock) -> None:
        self._reload = reload
        self._look = look
        self._clock = clock
        self._wanted = 0
        self._wake = threading.Event()
        self._ended = False

    def wake(self) -> None:
        """Have the configuration read anew soon. Returns at once; safe in a signal handler."""
        self._wanted += 1
        self._wake.set()

    def stop(self) -> None:
        """End the loop soon."""
        self._ended = True
        self._wake.set()

    def run(self, beat: Heartbeat) -> None:
        """The loop."""
        done = 0
        while True:
            beat.ran(self._clock.now(), _NAP_SECONDS)
            self._clock.wait(self._wake, _NAP_SECONDS)
            if self._ended:  # the files may go together with the process
                return
            self._wake.clear()  # before looking: a signal that comes while it reloads must wake it once more
            if (wanted := self._wanted) != done:
                done = wanted
                self._reload()
            self._look()
