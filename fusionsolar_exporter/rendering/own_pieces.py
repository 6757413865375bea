"""What is said about one account itself, rendered anew where it changed."""

from collections.abc import Callable, Mapping, Sequence

from prometheus_client.samples import Sample

from fusionsolar_exporter.rendering.piece import Piece
from fusionsolar_exporter.rendering.sample_lines import SampleLines


class OwnPieces:
    """The pieces of one account by metric."""

    def __init__(self) -> None:
        self._inputs: tuple[object, ...] | None = None
        self._lines = SampleLines()
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
        lines = SampleLines(self._lines)
        by_metric: dict[str, Piece] = {}
        for name, some in samples().items():
            if some and exports(name):
                text = "".join(map(lines.of, some)).encode()
                before = self.by_metric.get(name)
                # most metrics stay as they are, and compressing is what costs most
                by_metric[name] = before if before and before.texts == (text,) else Piece.of(text, len(some))
        self._inputs, self._lines, self.by_metric = inputs, lines, by_metric
