"""Plants, devices and alarms of every account as metrics."""

import threading
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.alarms import export_alarms
from fusionsolar_exporter.metrics.devices import export_device_readings, export_devices
from fusionsolar_exporter.metrics.families import FAMILIES
from fusionsolar_exporter.metrics.fitted_strings import FittedStrings
from fusionsolar_exporter.metrics.labels import account_labels
from fusionsolar_exporter.metrics.plants import export_plants
from fusionsolar_exporter.metrics.sample_buffer import SampleBuffer
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.metrics.unknown_keys import UnknownKeys
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView

_CUT_SERIES = FAMILIES["fusionsolar_cut_series"]


class Limit(StrEnum):
    """The limits that cut series; values of the label ``limit`` and keys under ``limits`` in the configuration."""

    SERIES_PER_ACCOUNT = "series_per_account"
    UNKNOWN_KEYS = "unknown_keys"


class FusionSolarCollector(Collector):
    """Makes the metrics of plants, devices and alarms from what the accounts publish.

    ``on_cut(account, limit, series)`` is called when a limit begins to cut series of an account, and not again while
    it goes on.
    """

    def __init__(
        self,
        accounts: Callable[[], Sequence[AccountView]],
        settings: ExportSettings,
        clock: Clock,
        on_cut: Callable[[str, Limit, int], None],
    ) -> None:
        self._accounts = accounts
        self._settings = settings
        self._clock = clock
        self._on_cut = on_cut
        self._fitted = FittedStrings()
        self._unknown_keys = UnknownKeys()
        self._cutting: set[tuple[str, Limit]] = set()
        self._lock = threading.Lock()

    def reconfigure(self, settings: ExportSettings) -> None:
        """Use other settings from the next scrape on; fitted strings are remembered."""
        self._unknown_keys = UnknownKeys()
        self._settings = settings

    def collect(self) -> Iterable[Metric]:
        """The metrics of all accounts."""
        settings, views = self._settings, self._accounts()
        buffer = SampleBuffer(settings.exports)
        cuts: dict[tuple[str, Limit], int] = {}
        for view in views:
            buffer.begin_account()
            held_back = self._export(view, buffer, settings)
            cuts[view.name, Limit.UNKNOWN_KEYS] = held_back
            cuts[view.name, Limit.SERIES_PER_ACCOUNT] = buffer.trim_account(settings.series_per_account)
        self._keep({view.name for view in views})
        self._report(cuts)
        yield from buffer.metrics()
        if settings.exports(_CUT_SERIES.name):
            yield _CUT_SERIES.metric(
                Sample(_CUT_SERIES.name, {"account": label_value(account), "limit": limit.value}, count)
                for (account, limit), count in cuts.items()
            )

    def _export(self, view: AccountView, buffer: SampleBuffer, settings: ExportSettings) -> int:
        """Add one account; return the series held back for their unknown keys."""
        labels = account_labels(view.name, view.snapshot)
        gate = self._unknown_keys.gate(view.name, settings.unknown_keys)
        fitted = self._fitted.observe(view.name, view.snapshot) if settings.drop_unfitted_strings else None
        export_plants(view, labels, buffer, gate, self._clock)
        export_alarms(view, labels, buffer, settings.alarm_severities)
        export_devices(view, labels, buffer, self._clock)
        export_device_readings(view, labels, buffer, gate, fitted)
        return gate.cut

    def _keep(self, accounts: set[str]) -> None:
        self._fitted.keep(accounts)
        self._unknown_keys.keep(accounts)

    def _report(self, cuts: dict[tuple[str, Limit], int]) -> None:
        with self._lock:
            cutting = {key for key, count in cuts.items() if count}
            begun = cutting - self._cutting
            self._cutting = cutting
        for account, limit in sorted(begun):
            self._on_cut(account, limit, cuts[account, limit])
