"""The samples of one scrape, by metric."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from math import isfinite

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.families import DATA_SCOPES, FAMILIES


class SampleBuffer:
    """Collects samples in any order and gives them by metric, in the order of the table."""

    def __init__(self, exports: Callable[[str], bool]) -> None:
        self._samples: dict[str, list[Sample]] = {
            family.name: [] for family in FAMILIES.values() if family.scope in DATA_SCOPES and exports(family.name)
        }
        self._starts: dict[str, int] = {}
        self._nowhere: deque[Sample] = deque(maxlen=0)

    def exports(self, name: str) -> bool:
        """Whether samples of this metric are kept."""
        return name in self._samples

    def adder(self, name: str) -> Callable[[Sample], None]:
        """What takes the samples of one metric; those of a metric that is not exported go nowhere."""
        return self._samples.get(name, self._nowhere).append

    def add(self, name: str, labels: dict[str, str], value: float | None) -> None:
        """Add one sample; a value that is missing or not finite has none."""
        if value is not None and isfinite(value):
            self.adder(name)(Sample(name, labels, value))

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
