"""What an account publishes about itself as samples, and as metrics for all of them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample
from typing_extensions import override

from fusionsolar_exporter.metrics.families import as_metrics
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.status import CollectorStatus, InterfaceStatus
from fusionsolar_exporter.view import AccountView

_Rows = dict[str, list[Sample]]


@dataclass(frozen=True, slots=True)
class StatusSamples:
    """Makes samples of the states of an account, its collectors, quotas and cache."""

    clock: Clock

    def inputs(self, view: AccountView) -> tuple[object, ...]:
        """Everything that the samples depend on: equal inputs give the same."""
        now, snapshot = self.clock.now(), view.snapshot
        used = tuple(interface.used_calls(now) for interface in view.status.interfaces)
        of_the_day = view.status.budget and view.status.budget.used_calls(now)
        return view.status, snapshot.entries, snapshot.expired, used, of_the_day, self.clock.wall(0)

    def of(self, view: AccountView) -> Mapping[str, Sequence[Sample]]:
        """The samples of an account by metric."""
        rows: _Rows = {}
        labels = {"account": label_value(view.name)}
        status = view.status
        _add(rows, "fusionsolar_up", labels, status.up)
        _add(rows, "fusionsolar_account_leader", labels, status.leads)
        _add(rows, "fusionsolar_account_state", labels | {"state": status.state.value}, 1)
        _add(rows, "fusionsolar_api_clock_offset_seconds", labels, status.clock_offset_seconds)
        _add(rows, "fusionsolar_account_listed_plants", labels, status.listed_plants)
        _add(rows, "fusionsolar_account_selected_plants", labels, status.selected_plants)
        if status.budget is not None:
            prefix, used = "fusionsolar_api_budget", status.budget.used_calls(self.clock.now())
            _add(rows, f"{prefix}_calls", labels, status.budget.calls)
            _add(rows, f"{prefix}_used_calls", labels, used)
            _add(rows, f"{prefix}_window_seconds", labels, status.budget.window_seconds)
        for collector in status.collectors:
            self._collector(view, collector, labels | {"collector": collector.collector.value}, rows)
        for interface in status.interfaces:
            self._interface(interface, labels | {"interface": interface.interface}, rows)
        return rows

    def _collector(self, view: AccountView, status: CollectorStatus, labels: dict[str, str], rows: _Rows) -> None:
        prefix = "fusionsolar_collector"
        _add(rows, f"{prefix}_enabled", labels, status.enabled)
        if not status.enabled:
            return
        _add(rows, f"{prefix}_success", labels, status.success)
        _add(rows, f"{prefix}_interval_seconds", labels, status.interval_seconds)
        _add(rows, f"{prefix}_last_success_timestamp_seconds", labels, self._wall(status.last_success_at))
        _add(rows, f"{prefix}_next_sweep_timestamp_seconds", labels, self._wall(status.next_sweep_at))
        _add(rows, f"{prefix}_last_sweep_duration_seconds", labels, status.last_sweep_duration_seconds)
        _add(rows, f"{prefix}_left_out", labels, len(status.left_out))
        _add(rows, "fusionsolar_cache_entries", labels, view.snapshot.entries.get(status.collector, 0))
        _add(rows, "fusionsolar_cache_expired_total", labels, view.snapshot.expired.get(status.collector, 0))

    def _interface(self, status: InterfaceStatus, labels: dict[str, str], rows: _Rows) -> None:
        prefix = "fusionsolar_api"
        _add(rows, f"{prefix}_quota_calls", labels, status.quota_calls)
        _add(rows, f"{prefix}_quota_used_calls", labels, status.used_calls(self.clock.now()))
        _add(rows, f"{prefix}_quota_window_seconds", labels, status.window_seconds)
        _add(rows, f"{prefix}_next_request_timestamp_seconds", labels, self._wall(status.next_request_at))
        _add(rows, f"{prefix}_pace_ratio", labels, status.pace_ratio)

    def _wall(self, moment: float | None) -> float | None:
        return None if moment is None else self.clock.wall(moment)


@dataclass(frozen=True, slots=True)
class StatusCollector(Collector):
    """The same of every account, for the client library."""

    accounts: Callable[[], Sequence[AccountView]]
    clock: Clock

    @override
    def collect(self) -> Iterable[Metric]:
        samples = StatusSamples(self.clock)
        return as_metrics(samples.of(view) for view in self.accounts())


def _add(rows: _Rows, name: str, labels: dict[str, str], value: float | None) -> None:
    if value is not None:
        rows.setdefault(name, []).append(Sample(name, labels, value))
