"""Caught mistakes, and when each thread last ran, as metrics."""

from collections.abc import Callable, Iterable

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from typing_extensions import override

from fusionsolar_exporter.metrics.families import FAMILIES
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.supervision import Supervisor

_ERRORS = FAMILIES["fusionsolar_exporter_internal_errors_total"]
_BEATS = FAMILIES["fusionsolar_exporter_heartbeat_timestamp_seconds"]


class SupervisionCollector(Collector):
    """Looked at when it is asked for: a renderer that hangs must not hide that it does."""

    def __init__(self, supervisor: Supervisor, wall: Callable[[float], float]) -> None:
        self._supervisor = supervisor
        self._wall = wall

    @override
    def collect(self) -> Iterable[Metric]:
        errors, beats = self._supervisor.errors(), self._supervisor.last_ran()
        yield _ERRORS.metric(
            Sample(_ERRORS.name, {"where": label_value(where)}, count) for where, count in errors.items()
        )
        yield _BEATS.metric(Sample(_BEATS.name, {"thread": kind}, self._wall(at)) for kind, at in beats.items())
