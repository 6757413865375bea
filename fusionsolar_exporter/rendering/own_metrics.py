"""The exporter's metrics about itself as lines: few, and different at every look, so that they are rendered whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from fusionsolar_exporter.metrics.text import pairs
from fusionsolar_exporter.rendering.headers import Headers, headers
from fusionsolar_exporter.rendering.piece import Piece

_ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    account: str | None
    text: str


@dataclass(frozen=True, slots=True)
class _Family:
    headers: Headers
    lines: Sequence[_Line]


@dataclass(frozen=True, slots=True)
class OwnMetrics:
    """The families of one look."""

    families: Sequence[_Family]
    text: Piece
    openmetrics: Piece

    def select(self, *, openmetrics: bool, accounts: frozenset[str] | None, names: frozenset[str] | None) -> Piece:
        """The lines of these accounts, and without that label, and of these sample names; None selects all."""
        if accounts is None and names is None:
            return self.openmetrics if openmetrics else self.text
        selected: list[_Family] = []
        for family in self.families:
            lines = [
                line
                for line in family.lines
                if (names is None or line.name in names)
                and (accounts is None or line.account is None or line.account in accounts)
            ]
            selected.append(_Family(family.headers, lines))
        return _piece(selected, openmetrics=openmetrics)


NO_METRICS = OwnMetrics((), Piece.of(b""), Piece.of(b""))


class OwnRenderer:
    """Keeps the beginnings of lines for as long as their series are there."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._beginnings: Mapping[tuple[str, ...], str] = {}

    def render(self) -> OwnMetrics:
        """The metrics as they are now."""
        beginnings: dict[tuple[str, ...], str] = {}
        families = [self._family(metric, beginnings) for metric in self._collector.collect()]
        self._beginnings = beginnings
        return OwnMetrics(families, _piece(families, openmetrics=False), _piece(families, openmetrics=True))

    def _family(self, metric: Metric, beginnings: dict[tuple[str, ...], str]) -> _Family:
        lines: list[_Line] = []
        for sample in metric.samples:
            labels = sample.labels
            key = (sample.name, *labels, *labels.values())
            beginning = self._beginnings.get(key)
            if beginning is None:
                beginning = f"{sample.name}{{{','.join(pairs(labels))}}} " if labels else f"{sample.name} "
            beginnings[key] = beginning
            value: str = floatToGoString(sample.value)  # type: ignore[no-untyped-call]  # untyped in the library
            lines.append(_Line(sample.name, labels.get(_ACCOUNT), f"{beginning}{value}\n"))
        return _Family(headers(metric), lines)


def _piece(families: Sequence[_Family], *, openmetrics: bool) -> Piece:
    parts: list[str] = []
    for family in families:
        if family.lines:
            parts.append(family.headers.openmetrics if openmetrics else family.headers.text)
            parts.extend(line.text for line in family.lines)
    return Piece.of("".join(parts).encode(), sum(len(family.lines) for family in families))
