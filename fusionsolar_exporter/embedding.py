"""The exporter inside another program: a collector for that program's own registry."""

import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from typing_extensions import override

from fusionsolar_exporter.building import build_core
from fusionsolar_exporter.config import Config
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.metrics.data_collector import DataCollector
from fusionsolar_exporter.metrics.families import FAMILIES
from fusionsolar_exporter.metrics.registry import exported_registry
from fusionsolar_exporter.metrics.status_collector import StatusCollector
from fusionsolar_exporter.metrics.supervision_collector import SupervisionCollector
from fusionsolar_exporter.pacing.clock import Clock, SystemClock


class FusionSolarCollector(Collector):
    """Refreshes the accounts of a configuration in the background, and yields what is known of them at each scrape.

    Safe from any thread. :meth:`close` ends the refreshing; a ``with`` statement does so by itself.
    """

    def __init__(self, config: Config, *, clock: Clock | None = None, log: EventLogger | None = None) -> None:
        clock = clock or SystemClock()
        core = build_core(config, lambda: None, clock=clock, log=log or EventLogger())
        watched = SupervisionCollector(core.supervisor, clock.wall)
        self._accounts = core.accounts
        self._wanted = core.exports.wanted
        own = (StatusCollector(core.accounts.views, clock), core.instruments, core.counted, watched)
        self._collectors = (DataCollector(core.exports), exported_registry(own, self._wanted))
        self._scraping = threading.Lock()  # what is remembered between two scrapes is for one thread at a time
        self._accounts.start()

    def describe(self) -> Iterable[Metric]:
        """Every metric that there may be, so that the registry finds names that are taken already."""
        return [family.metric(()) for name, family in FAMILIES.items() if self._wanted(name)]

    @override
    def collect(self) -> Iterable[Metric]:
        with self._scraping:
            return [metric for collector in self._collectors for metric in collector.collect()]

    def close(self) -> None:
        """End the refreshing and the sessions, in two seconds at most; what was known stays readable."""
        self._accounts.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()
