"""The exporter's metrics about itself as a whole: few, and different at every look, so that all are rendered."""

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client.registry import Collector

from fusionsolar_exporter.rendering.headers import Headers, headers
from fusionsolar_exporter.rendering.piece import Piece
from fusionsolar_exporter.rendering.sample_lines import SampleLines

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


class OwnMetrics:
    """The families of one look, each format made when it is asked for."""

    def __init__(self, families: Sequence[_Family]) -> None:
        self._families = families
        self._whole: dict[bool, Piece] = {}

    def followed_by(self, other: "OwnMetrics") -> "OwnMetrics":
        """These and others in a row."""
        return OwnMetrics([*self._families, *other._families])  # noqa: SLF001 - its own

    def select(self, *, openmetrics: bool, accounts: frozenset[str] | None, names: frozenset[str] | None) -> Piece:
        """The lines of these accounts, and without that label, and of these sample names; None selects all."""
        if accounts is None and names is None:
            if openmetrics not in self._whole:
                self._whole[openmetrics] = _piece(self._families, openmetrics=openmetrics)
            return self._whole[openmetrics]
        selected: list[_Family] = []
        for family in self._families:
            lines = [
                line
                for line in family.lines
                if (names is None or line.name in names)
                and (accounts is None or line.account is None or line.account in accounts)
            ]
            selected.append(_Family(family.headers, lines))
        return _piece(selected, openmetrics=openmetrics)


NO_METRICS = OwnMetrics(())


class OwnRenderer:
    """Renders a collector's metrics whole."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._lines = SampleLines()

    def render(self) -> OwnMetrics:
        """The metrics as they are now."""
        lines = self._lines = SampleLines(self._lines)
        families = [
            _Family(
                headers(metric),
                [_Line(sample.name, sample.labels.get(_ACCOUNT), lines.of(sample)) for sample in metric.samples],
            )
            for metric in self._collector.collect()
        ]
        return OwnMetrics(families)


def _piece(families: Sequence[_Family], *, openmetrics: bool) -> Piece:
    parts: list[str] = []
    for family in families:
        if family.lines:
            parts.append(family.headers.openmetrics if openmetrics else family.headers.text)
            parts.extend(line.text for line in family.lines)
    return Piece.of("".join(parts).encode(), sum(len(family.lines) for family in families))
