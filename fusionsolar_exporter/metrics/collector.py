"""Plants, devices and alarms of every account as metrics: the definition of what is exported."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from fusionsolar_exporter.metrics.account_export import AccountExport
from fusionsolar_exporter.metrics.cut_series import CUT_SERIES, Cuts, CutWarnings, SeriesLimit, cut_samples
from fusionsolar_exporter.metrics.sample_buffer import SampleBuffer
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView

__all__ = ["FusionSolarCollector", "SeriesLimit"]


class FusionSolarCollector(Collector):
    """Makes the metrics of plants, devices and alarms from what the accounts publish; used by one thread at a time.

    ``on_cut(account, limit, series)`` is called when a limit begins to cut series of an account, and not again while
    it goes on.
    """

    def __init__(
        self,
        accounts: Callable[[], Sequence[AccountView]],
        settings: ExportSettings,
        clock: Clock,
        on_cut: Callable[[str, SeriesLimit, int], None],
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._warnings = CutWarnings(on_cut)
        self._exports: dict[str, AccountExport] = {}
        self.settings = settings
        """The settings in force."""

    def reconfigure(self, settings: ExportSettings) -> None:
        """Use other settings from the next scrape on; fitted strings are remembered."""
        self.settings = settings
        for export in self._exports.values():
            export.reconfigure(settings)

    def accounts(self) -> Mapping[str, tuple[AccountView, AccountExport]]:
        """Every account by name as it is now; what was remembered of others is forgotten."""
        views = self._accounts()
        self._exports = {
            view.name: self._exports.get(view.name) or AccountExport(self._clock, self.settings) for view in views
        }
        return {view.name: (view, self._exports[view.name]) for view in views}

    def tell(self, cuts: Cuts) -> None:
        """Take note of what the limits cut."""
        self._warnings.tell(cuts)

    def collect(self) -> Iterable[Metric]:
        """The metrics of all accounts."""
        settings = self.settings
        buffer = SampleBuffer(settings.exports)
        cuts: dict[tuple[str, SeriesLimit], int] = {}
        for name, (view, export) in self.accounts().items():
            buffer.begin_account()
            context = export.context(view)
            cut_before = context.gate.cut
            for part in export.parts:
                part.export(context, buffer)
            cuts[name, SeriesLimit.UNKNOWN_KEYS] = context.gate.cut - cut_before
            cuts[name, SeriesLimit.SERIES_PER_ACCOUNT] = buffer.trim_account(settings.series_per_account)
        self.tell(cuts)
        yield from buffer.metrics()
        if settings.exports(CUT_SERIES.name):
            yield CUT_SERIES.metric(cut_samples(cuts))
