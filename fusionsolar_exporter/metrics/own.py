"""What the exporter counts about its own work: requests, failures, durations, reloads.

Counters whose labels are known beforehand start at 0.
"""

import platform
import threading
from collections.abc import Collection, Iterable, Sequence

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry
from typing_extensions import override

from fusionsolar_exporter import __version__
from fusionsolar_exporter.metrics.account_instruments import AccountInstruments
from fusionsolar_exporter.metrics.families import FAMILIES, as_metrics

_STATE_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)  # seconds


class OwnInstruments(Collector):
    """The exporter's counters; they live as long as the process, whatever configuration comes and goes.

    ``registry`` gets what belongs to no account; the collector has what belongs to one.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped in the library
        self._reload_successful = _gauge("fusionsolar_config_last_reload_successful", registry)
        self._reload_success_at = _gauge("fusionsolar_config_last_reload_success_timestamp_seconds", registry)
        build_info = _gauge("fusionsolar_exporter_build_info", registry)
        build_info.labels(version=__version__, python_version=platform.python_version()).set(1)
        self.state = StateInstruments(registry)
        self._accounts: dict[str, AccountInstruments] = {}
        self._lock = threading.Lock()

    def account(self, name: str) -> AccountInstruments:
        """The counters of an account, all at 0 when they are first asked for."""
        with self._lock:
            if name not in self._accounts:
                self._accounts[name] = AccountInstruments(name)
            return self._accounts[name]

    def keep_only(self, names: Collection[str]) -> None:
        """Forget all other accounts; what still counts on their instruments counts nothing."""
        with self._lock:
            for name in self._accounts.keys() - set(names):
                del self._accounts[name]

    @override
    def collect(self) -> Iterable[Metric]:
        with self._lock:
            accounts = tuple(self._accounts.values())
        return as_metrics(account.samples() for account in accounts)

    def config_reloaded(self, successful: bool, at: float) -> None:
        """Note that the configuration was loaded, or that a bad one was refused; ``at`` is Unix seconds."""
        self._reload_successful.set(successful)
        if successful:
            self._reload_success_at.set(at)


class StateInstruments:
    """What the state's backend reports."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._up = _gauge("fusionsolar_state_up", registry)
        self._errors = _counter("fusionsolar_state_errors_total", registry)
        self._working: bool | None = None
        self._durations = _histogram("fusionsolar_state_operation_duration_seconds", _STATE_BUCKETS, registry)

    def operation(self, seconds: float) -> None:
        """Reading or writing took so long, well or not."""
        self._durations.observe(seconds)

    def failed(self) -> None:
        """Count an operation that failed."""
        self._errors.inc()

    def working(self, working: bool) -> bool:
        """Note whether state is kept, as of now; whether that is news."""
        before, self._working = self._working, working
        self._up.set(working)
        return before != working


def _counter(name: str, registry: CollectorRegistry) -> Counter:
    family = FAMILIES[name]
    return Counter(name, family.help, family.all_labels, unit=family.openmetrics_unit, registry=registry)


def _histogram(name: str, buckets: Sequence[float], registry: CollectorRegistry) -> Histogram:
    family = FAMILIES[name]
    unit = family.openmetrics_unit
    return Histogram(name, family.help, family.all_labels, unit=unit, buckets=buckets, registry=registry)


def _gauge(name: str, registry: CollectorRegistry) -> Gauge:
    family = FAMILIES[name]
    return Gauge(name, family.help, family.all_labels, unit=family.openmetrics_unit, registry=registry)
