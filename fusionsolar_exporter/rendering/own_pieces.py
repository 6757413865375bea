"""What is said about one account itself, rendered anew where it changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.samples import Sample

from fusionsolar_exporter.rendering.piece import Piece
from fusionsolar_exporter.rendering.sample_lines import SampleLines


@dataclass(frozen=True, slots=True)
class _RenderedMetric:
    """What the samples of a metric became."""

    samples: Sequence[Sample]
    lines: SampleLines
    piece: Piece


class OwnPieces:
    """The pieces of one account by metric."""

    def __init__(self) -> None:
        self._inputs: tuple[object, ...] | None = None
        self._rendered: Mapping[str, _RenderedMetric] = {}
        self.by_metric: Mapping[str, Piece] = {}
        """The same object until something changes."""

    def update(
        self,
        inputs: tuple[object, ...],
        samples: Callable[[], Mapping[str, Sequence[Sample]]],
        exports: Callable[[str], bool],
    ) -> None:
        """Render the samples anew, where ``inputs``, which they depend on, are others; and of them what is exported."""
        if inputs == self._inputs:
            return
        before = self._rendered
        self._rendered = {
            name: _rendered(some, before.get(name)) for name, some in samples().items() if some and exports(name)
        }
        self._inputs, self.by_metric = inputs, {name: one.piece for name, one in self._rendered.items()}


def _rendered(samples: Sequence[Sample], before: _RenderedMetric | None) -> _RenderedMetric:
    """Most metrics stay as they are, and compressing is what costs most."""
    if before is not None and samples == before.samples:
        return before
    lines = SampleLines(before.lines if before is not None else None)
    text = "".join(map(lines.of, samples)).encode()
    return _RenderedMetric(samples, lines, Piece.of(text, len(samples)))
