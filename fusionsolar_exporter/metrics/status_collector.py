"""What the accounts publish about themselves as metrics."""

from collections.abc import Callable, Iterable, Sequence

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.families import FAMILIES
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.status import CollectorStatus, InterfaceStatus
from fusionsolar_exporter.view import AccountView

_Rows = dict[str, list[Sample]]


class StatusCollector(Collector):
    """Makes metrics of the states of accounts, collectors, quotas and caches."""

    def __init__(self, accounts: Callable[[], Sequence[AccountView]], clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock

    def collect(self) -> Iterable[Metric]:
        """The metrics of all accounts."""
        rows: _Rows = {}
        for view in self._accounts():
            self._account(view, rows)
        for name, samples in rows.items():
            yield FAMILIES[name].metric(samples)

    def _account(self, view: AccountView, rows: _Rows) -> None:
        labels = {"account": label_value(view.name)}
        status = view.status
        _add(rows, "fusionsolar_up", labels, status.up)
        _add(rows, "fusionsolar_account_leader", labels, status.leads)
        _add(rows, "fusionsolar_account_state", labels | {"state": status.state.value}, 1)
        _add(rows, "fusionsolar_api_clock_offset_seconds", labels, status.clock_offset_seconds)
        _add(rows, "fusionsolar_account_listed_plants", labels, status.listed_plants)
        _add(rows, "fusionsolar_account_selected_plants", labels, status.selected_plants)
        if status.budget is not None:
            prefix, used = "fusionsolar_api_budget", status.budget.used(self._clock.now())
            _add(rows, f"{prefix}_calls", labels, status.budget.calls)
            _add(rows, f"{prefix}_used_calls", labels, used)
            _add(rows, f"{prefix}_window_seconds", labels, status.budget.window_seconds)
        for collector in status.collectors:
            self._collector(view, collector, labels | {"collector": collector.collector.value}, rows)
        for interface in status.interfaces:
            self._interface(interface, labels | {"interface": interface.interface}, rows)

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
        now = self._clock.now()
        used = sum(now - call < status.window_seconds for call in status.calls)
        _add(rows, f"{prefix}_quota_calls", labels, status.quota_calls)
        _add(rows, f"{prefix}_quota_used_calls", labels, used)
        _add(rows, f"{prefix}_quota_window_seconds", labels, status.window_seconds)
        _add(rows, f"{prefix}_next_request_timestamp_seconds", labels, self._wall(status.next_request_at))
        _add(rows, f"{prefix}_pace_ratio", labels, status.pace_ratio)

    def _wall(self, moment: float | None) -> float | None:
        return None if moment is None else self._clock.wall(moment)


def _add(rows: _Rows, name: str, labels: dict[str, str], value: float | None) -> None:
    if value is not None:
        rows.setdefault(name, []).append(Sample(name, labels, value))
