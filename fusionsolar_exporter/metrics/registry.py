"""The registry of everything that is exposed."""

from collections.abc import Callable, Iterable

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

_COUNTER_SUFFIX = "_total"


def exported_registry(collectors: Iterable[Collector], exports: Callable[[str], bool]) -> CollectorRegistry:
    """A registry of these collectors.

    ``exports`` decides by name which of their metrics are exposed, a counter's with ``_total``; it is asked at every
    scrape, so that a reloaded configuration counts at once.
    """
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(_Exported(collector, exports))
    return registry


def process_registry() -> CollectorRegistry:
    """A registry of the client library's process, platform and garbage collectors, which are always exported."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


class _Exported(Collector):
    def __init__(self, collector: Collector, exports: Callable[[str], bool]) -> None:
        self._collector = collector
        self._exports = exports

    def collect(self) -> Iterable[Metric]:
        for metric in self._collector.collect():
            suffix = _COUNTER_SUFFIX if metric.type == "counter" else ""
            if self._exports(metric.name + suffix):
                yield metric
