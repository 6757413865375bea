"""What takes the samples: objects for the client library, or finished lines."""

from collections.abc import Collection, Mapping
from typing import Protocol

from fusionsolar_exporter.metrics.labels import DeviceLabels, Labels
from fusionsolar_exporter.metrics.routes import Routes


class SampleWriter(Protocol):
    """Takes samples in the order in which they are to be exposed, family by family."""

    def exports(self, name: str) -> bool:
        """Whether samples of this metric are kept."""
        ...

    def add(self, name: str, labels: Labels, value: float | None, extra: Mapping[str, str] = ...) -> None:
        """Add one sample; a value that is missing or not finite has none."""
        ...

    def add_values(
        self, labels: DeviceLabels, values: Mapping[str, float], routes: Routes, strings: Collection[str] | None
    ) -> Mapping[str, float]:
        """Add the values of one device whose keys are known; return the others.

        ``strings`` are the PV strings to export, None exports all.
        """
        ...
