"""Plants, devices and alarms of every account as the client library's metrics."""

from collections.abc import Iterable

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.cut_series import CUT_SERIES, SeriesLimit, cut_samples
from fusionsolar_exporter.metrics.sample_buffer import SampleBuffer


class DataCollector(Collector):
    """Makes all samples anew at every scrape; used by one thread at a time."""

    def __init__(self, exports: AccountExports) -> None:
        self._exports = exports

    def collect(self) -> Iterable[Metric]:
        """The metrics of all accounts."""
        settings = self._exports.settings
        buffer = SampleBuffer(settings.exports)
        cuts: dict[tuple[str, SeriesLimit], int] = {}
        for name, (view, export) in self._exports.accounts().items():
            buffer.begin_account()
            context = export.context(view)
            cut_before = context.gate.cut
            for part in export.parts:
                part.export(context, buffer)
            cuts[name, SeriesLimit.UNKNOWN_KEYS] = context.gate.cut - cut_before
            cuts[name, SeriesLimit.SERIES_PER_ACCOUNT] = buffer.trim_account(settings.series_per_account)
        self._exports.tell(cuts)
        yield from buffer.metrics()
        if settings.exports(CUT_SERIES.name):
            yield CUT_SERIES.metric(cut_samples(cuts))
