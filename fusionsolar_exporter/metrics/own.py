"""What the exporter counts about its own work: requests, failures, durations, reloads.

Counters whose labels are known beforehand start at 0.
"""

import platform
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.registry import CollectorRegistry

from fusionsolar_exporter import __version__
from fusionsolar_exporter.metrics.families import FAMILIES
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.fail_codes import FAIL_CODES
from fusionsolar_exporter.northbound.interfaces import ASKED_BY_ALL, Interface

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0)  # seconds; requests may take 30 s
_STATE_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0)  # seconds
_UNDOCUMENTED_CODES = 50  # an interface
_OTHER = "other"

M = TypeVar("M", Counter, Histogram)


class OwnInstruments:
    """The exporter's counters; they live as long as the process, whatever configuration comes and goes."""

    def __init__(self, registry: CollectorRegistry) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped in the library
        self.requests = _counter("fusionsolar_api_requests_total", registry)
        self.failures = _counter("fusionsolar_api_failures_total", registry)
        self.fail_codes = _counter("fusionsolar_api_fail_codes_total", registry)
        self.dropped_items = _counter("fusionsolar_api_dropped_items_total", registry)
        self.durations = _histogram("fusionsolar_api_request_duration_seconds", _BUCKETS, registry)
        self._reload_successful = _gauge("fusionsolar_config_last_reload_successful", registry)
        self._reload_success_at = _gauge("fusionsolar_config_last_reload_success_timestamp_seconds", registry)
        build_info = _gauge("fusionsolar_exporter_build_info", registry)
        build_info.labels(version=__version__, python_version=platform.python_version()).set(1)
        self.state = StateInstruments(registry)
        self._accounts: dict[str, AccountInstruments] = {}
        self._lock = threading.Lock()

    def account(self, name: str) -> "AccountInstruments":
        """The counters of an account, all at 0 when they are first asked for."""
        with self._lock:
            if name not in self._accounts:
                self._accounts[name] = AccountInstruments(self, name)
            return self._accounts[name]

    def keep_only(self, names: Collection[str]) -> None:
        """Remove the series of all other accounts; what still counts on their instruments counts nothing."""
        with self._lock:
            gone = [self._accounts.pop(name) for name in self._accounts.keys() - set(names)]
        for instruments in gone:
            instruments.remove()

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


class AccountInstruments:
    """The counters of one account. Those of interfaces that most accounts never ask begin with their first request."""

    def __init__(self, instruments: OwnInstruments, account: str) -> None:
        self._instruments = instruments
        self._account = label_value(account)
        self._removed = False
        self._lock = threading.Lock()
        self._series: list[tuple[Counter | Histogram, Sequence[str]]] = []
        self._interfaces: dict[Interface, _InterfaceInstruments] = {}
        for interface in ASKED_BY_ALL:
            self._of(interface)

    def attempt(self, interface: Interface) -> None:
        """Count a request that is about to be sent."""
        self._of(interface).requests.inc()

    def answered(self, interface: Interface, seconds: float) -> None:
        """Note how long a finished request took, whatever its outcome."""
        self._of(interface).durations.observe(seconds)

    def failed(self, interface: Interface, reason: Reason, fail_code: int | None) -> None:
        """Count a request that brought no data; ``fail_code`` is None where no answer told one."""
        instruments = self._of(interface)
        instruments.failures[reason].inc()
        if fail_code is not None:
            self._count_code(interface, instruments.codes, fail_code)

    def dropped(self, interface: Interface, count: int) -> None:
        """Count items of an answer that were not asked for or could not be read."""
        self._of(interface).dropped_items.inc(count)

    def remove(self) -> None:
        """Take the series out of the exposition."""
        with self._lock:
            self._removed = True
            for metric, labels in self._series:
                metric.remove(*labels)

    def _of(self, interface: Interface) -> "_InterfaceInstruments":
        with self._lock:
            found = self._interfaces.get(interface)
            if found is None:
                found = self._interfaces[interface] = _InterfaceInstruments(
                    requests=self._child(self._instruments.requests, interface),
                    dropped_items=self._child(self._instruments.dropped_items, interface),
                    failures={reason: self._child(self._instruments.failures, interface, reason) for reason in Reason},
                    durations=self._child(self._instruments.durations, interface),
                )
                if self._removed:  # a request that was in flight: what it counts is nobody's
                    for metric, labels in self._series[-len(Reason) - 3 :]:
                        metric.remove(*labels)
            return found

    def _count_code(self, interface: Interface, codes: dict[str, Counter], fail_code: int) -> None:
        with self._lock:
            if self._removed:
                return
            label = str(fail_code)
            if label not in codes and fail_code not in FAIL_CODES:
                undocumented = sum(code != _OTHER and int(code) not in FAIL_CODES for code in codes)
                if undocumented >= _UNDOCUMENTED_CODES:
                    label = _OTHER
            if label not in codes:
                codes[label] = self._child(self._instruments.fail_codes, interface, label)
            codes[label].inc()

    def _child(self, metric: M, *labels: str) -> M:
        values = (self._account, *labels)
        self._series.append((metric, values))
        return metric.labels(*values)


@dataclass(frozen=True, slots=True)
class _InterfaceInstruments:
    """The counters of one interface."""

    requests: Counter
    dropped_items: Counter
    failures: Mapping[Reason, Counter]
    durations: Histogram
    codes: dict[str, Counter] = field(default_factory=dict)


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
