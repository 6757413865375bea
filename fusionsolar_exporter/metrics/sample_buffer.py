"""The samples of one scrape as the client library wants them, by metric."""

from collections.abc import Callable, Collection, Iterator, Mapping
from math import isfinite

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.families import DATA_SCOPES, FAMILIES
from fusionsolar_exporter.metrics.labels import NONE, DeviceLabels, Labels
from fusionsolar_exporter.metrics.routes import Routes


class SampleBuffer:
    """A writer that gives its samples in the order of the table."""

    def __init__(self, exports: Callable[[str], bool]) -> None:
        self._samples: dict[str, list[Sample]] = {
            family.name: [] for family in FAMILIES.values() if family.scope in DATA_SCOPES and exports(family.name)
        }
        self._starts: dict[str, int] = {}

    def exports(self, name: str) -> bool:
        """Whether samples of this metric are kept."""
        return name in self._samples

    def add(self, name: str, labels: Labels, value: float | None, extra: Mapping[str, str] = NONE) -> None:
        """Add one sample; a value that is missing or not finite has none."""
        if value is not None and isfinite(value) and name in self._samples:
            self._samples[name].append(Sample(name, {**labels.values, **extra}, value))

    def add_values(
        self, labels: DeviceLabels, values: Mapping[str, float], routes: Routes, strings: Collection[str] | None
    ) -> Mapping[str, float]:
        """Add the values of one device whose keys are known; return the others."""
        unknown: dict[str, float] = {}
        for key, value in values.items():
            route = routes[key]
            if route is None:
                unknown[key] = value
            elif not route.string or strings is None or route.string in strings:
                extra = {route.label: route.label_value} if route.label else NONE
                self.add(route.metric, labels, value * route.multiplier / route.divisor, extra)
        return unknown

    def begin_account(self) -> None:
        """From here on the samples are another account's."""
        self._starts = {name: len(samples) for name, samples in self._samples.items()}

    def trim_account(self, limit: int) -> int:
        """Cut the present account to so many series, the last metrics of the table first; return how many went."""
        left, cut = limit, 0
        for name, samples in self._samples.items():
            keep = min(len(samples) - self._starts[name], left)
            left -= keep
            end = self._starts[name] + keep
            cut += len(samples) - end
            del samples[end:]
        return cut

    def metrics(self) -> Iterator[Metric]:
        """The metrics that have samples."""
        filled: Mapping[str, list[Sample]] = {name: samples for name, samples in self._samples.items() if samples}
        for name, samples in filled.items():
            yield FAMILIES[name].metric(samples)
