"""What the client library makes of a collector, whole or a selection: what the rendered bytes are compared with."""

from collections.abc import Iterable

from prometheus_client.exposition import generate_latest as generate_text
from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.families import as_openmetrics

_ACCOUNT = "account"


def render(
    registry: Collector,
    *,
    openmetrics: bool,
    accounts: frozenset[str] | None,
    names: frozenset[str] | None,
) -> bytes:
    """The metrics of a registry that have samples.

    ``accounts`` keeps the samples of these accounts and those without that label; ``names`` keeps the samples of
    these names (``x_total``, ``x_bucket``); together by "and". None keeps all.
    """
    selection = _Selection(registry, accounts, names, openmetrics=openmetrics)
    # the library leaves the OpenMetrics renderer untyped
    rendered: bytes = generate_openmetrics(selection) if openmetrics else generate_text(selection)  # type: ignore[no-untyped-call]
    return rendered


class _Selection(Collector):
    def __init__(
        self, registry: Collector, accounts: frozenset[str] | None, names: frozenset[str] | None, *, openmetrics: bool
    ) -> None:
        self._registry = registry
        self._openmetrics = openmetrics
        self._accounts = accounts
        self._names = names

    def collect(self) -> Iterable[Metric]:
        everything = self._accounts is None and self._names is None
        for metric in self._registry.collect():
            selected = metric if everything else self._select(metric)
            if selected.samples:
                yield as_openmetrics(selected) if self._openmetrics else selected

    def _select(self, metric: Metric) -> Metric:
        selected = Metric(metric.name, metric.documentation, metric.type, metric.unit)
        selected.samples.extend(sample for sample in metric.samples if self._keeps(sample))
        return selected

    def _keeps(self, sample: Sample) -> bool:
        if self._names is not None and sample.name not in self._names:
            return False
        account = sample.labels.get(_ACCOUNT)
        return self._accounts is None or account is None or account in self._accounts
