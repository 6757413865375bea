"""Samples of the client library as lines."""

from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from fusionsolar_exporter.metrics.text import pairs


class SampleLines:
    """Keeps the beginnings of lines: those of the look before, so that what is gone is forgotten."""

    def __init__(self, before: "SampleLines | None" = None) -> None:
        self._before = {} if before is None else before._made  # noqa: SLF001 - its own
        self._made: dict[tuple[str, ...], str] = {}

    def of(self, sample: Sample) -> str:
        """The sample's line."""
        labels = sample.labels
        key = (sample.name, *labels, *labels.values())
        beginning = self._before.get(key)
        if beginning is None:
            beginning = f"{sample.name}{{{','.join(pairs(labels))}}} " if labels else f"{sample.name} "
        self._made[key] = beginning
        value: str = floatToGoString(sample.value)  # type: ignore[no-untyped-call]  # untyped in the library
        return f"{beginning}{value}\n"
