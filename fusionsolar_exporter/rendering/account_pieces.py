"""The pieces of one account, rendered anew part by part where something changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import is_

from fusionsolar_exporter.metrics.account_export import AccountExport
from fusionsolar_exporter.metrics.part import Part, Scene
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.rendering.line_buffer import LineBuffer, Plans
from fusionsolar_exporter.rendering.piece import Piece
from fusionsolar_exporter.view import AccountView


@dataclass(frozen=True, slots=True)
class _Rendered:
    """What a part became, and of what."""

    inputs: tuple[object, ...]
    pieces: Mapping[str, Piece]
    cut: int
    """Series held back for their unknown keys."""


@dataclass(frozen=True, slots=True)
class _Run:
    """The pieces of one metric, and what they became together."""

    pieces: tuple[Piece, ...]
    joined: Piece


class AccountPieces:
    """One account's part of the exposition, by metric."""

    def __init__(self) -> None:
        self._generation: object = None
        self._plans = Plans(lambda _: False)
        self._parts: Sequence[Part] = ()
        self._rendered: Sequence[_Rendered | None] = ()
        self._runs: Mapping[str, _Run] = {}
        self.by_metric: Mapping[str, Piece] = {}
        """In the order of the table of metrics."""
        self.unknown_keys_cut = 0
        """Series held back for their unknown keys."""
        self.series_cut = 0
        """Series over the limit of an account."""

    def update(self, view: AccountView, export: AccountExport, settings: ExportSettings) -> None:
        """Render what changed."""
        scene = export.scene(view)
        before = self._before(export, settings)
        rendered = [self._render(part, scene, old) for part, old in zip(export.parts, before, strict=True)]
        self._parts, self._rendered = export.parts, rendered
        self.unknown_keys_cut = sum(one.cut for one in rendered)
        pieces: dict[str, list[Piece]] = {name: [] for name in self._plans.slots}
        for one in rendered:
            for name, piece in one.pieces.items():
                pieces[name].append(piece)
        self._runs = {name: self._run(name, tuple(found)) for name, found in pieces.items() if found}
        self._trim(settings.series_per_account)

    def _before(self, export: AccountExport, settings: ExportSettings) -> Sequence[_Rendered | None]:
        """What each part was rendered to before, where that still counts."""
        if self._generation is not export.generation:
            self._generation = export.generation
            self._plans = Plans(settings.exports)
            return [None] * len(export.parts)
        if self._parts is export.parts:
            return self._rendered
        known = dict(zip(self._parts, self._rendered, strict=True))
        return [known.get(part) for part in export.parts]

    def _render(self, part: Part, scene: Scene, before: _Rendered | None) -> _Rendered:
        inputs = part.inputs(scene)
        if before is not None and before.inputs == inputs:
            return before
        buffer = LineBuffer(self._plans)
        cut = scene.gate.cut
        part.export(scene, buffer)
        pieces = {name: Piece.of(text, samples) for name, text, samples in buffer.texts()}
        return _Rendered(inputs, pieces, scene.gate.cut - cut)

    def _run(self, name: str, pieces: tuple[Piece, ...]) -> _Run:
        known = self._runs.get(name)
        if known is not None and len(known.pieces) == len(pieces) and all(map(is_, known.pieces, pieces)):
            return known
        return _Run(pieces, Piece.join(pieces).condensed())

    def _trim(self, limit: int) -> None:
        """Cut the account to so many series, the last metrics of the table first."""
        left, cut = limit, 0
        by_metric: dict[str, Piece] = {}
        for name, run in self._runs.items():
            keep = min(run.joined.samples, left)
            left -= keep
            cut += run.joined.samples - keep
            if keep:
                by_metric[name] = run.joined if keep == run.joined.samples else run.joined.head(keep)
        self.by_metric, self.series_cut = by_metric, cut
