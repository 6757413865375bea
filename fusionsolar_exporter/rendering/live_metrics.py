"""Metrics of the process itself, looked at when they are asked for, at most once a second."""

from prometheus_client.registry import Collector

from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.rendering.own_metrics import OwnMetrics, OwnRenderer

_SECONDS = 1.0


class LiveMetrics:
    """Used by one thread."""

    def __init__(self, collector: Collector, clock: Clock) -> None:
        self._renderer = OwnRenderer(collector)
        self._clock = clock
        self._looked_at = clock.now()
        self._seen = self._renderer.render()

    def look(self) -> OwnMetrics:
        """The metrics, at most a second old."""
        now = self._clock.now()
        if now >= self._looked_at + _SECONDS:
            self._looked_at, self._seen = now, self._renderer.render()
        return self._seen
