"""Metrics that are looked at when they are asked for, at most once a second: threads, connections, the process."""

from prometheus_client.registry import Collector

from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.rendering.own_metrics import OwnMetrics, OwnRenderer

_SECONDS = 1.0
_SECONDS_OF_PROCESS = 10.0


class LiveMetrics:
    """Looked at by one thread.

    To ask the system about the process takes a millisecond at a thousand open files, and at a busy time many times as
    long. :meth:`prepare` does so in another thread; only where nobody has for a while it is done here.
    """

    def __init__(self, live: Collector, process: Collector, clock: Clock) -> None:
        self._live = OwnRenderer(live)
        self._process = OwnRenderer(process)
        self._clock = clock
        self._seen_process = clock.now(), self._process.render()
        self._seen = clock.now(), self._joined()

    def look(self) -> OwnMetrics:
        """The metrics, at most a second old, those of the process ten seconds."""
        now = self._clock.now()
        if now >= self._seen_process[0] + _SECONDS_OF_PROCESS:
            self._seen_process = now, self._process.render()
        if now >= self._seen[0] + _SECONDS:
            self._seen = now, self._joined()
        return self._seen[1]

    def prepare(self) -> None:
        """Look at the process; by another thread."""
        now = self._clock.now()
        if now >= self._seen_process[0] + _SECONDS:
            self._seen_process = now, self._process.render()

    def _joined(self) -> OwnMetrics:
        return self._live.render().followed_by(self._seen_process[1])
