"""The pieces of one account, rendered anew part by part where something changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fusionsolar_exporter.metrics.account_export import AccountExport
from fusionsolar_exporter.metrics.part import ExportContext, Part
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.rendering.line_buffer import LineBuffer, LineTemplates
from fusionsolar_exporter.rendering.piece import Piece
from fusionsolar_exporter.rendering.row import Row
from fusionsolar_exporter.view import AccountView


@dataclass(slots=True)
class _Rendered:
    """What a part became, and of what."""

    inputs: tuple[object, ...]
    pieces: Mapping[str, Piece]
    cut: int
    """Series held back for their unknown keys."""


class AccountPieces:
    """One account's part of the exposition, by metric."""

    def __init__(self) -> None:
        self._generation: object = None
        self._templates = LineTemplates(lambda _: False)
        self._parts: Sequence[Part] = ()
        self._rendered: Sequence[_Rendered | None] = ()
        self._rows: Mapping[str, Row] = {}
        self.by_metric: Mapping[str, Piece] = {}
        """In the order of the table of metrics."""
        self.unknown_keys_cut = 0
        """Series held back for their unknown keys."""
        self.series_cut = 0
        """Series over the limit of an account."""

    def update(self, view: AccountView, export: AccountExport, settings: ExportSettings) -> None:
        """Render what changed."""
        context = export.context(view)
        before = self._before(export, settings)
        rendered = [self._render(part, context, old) for part, old in zip(export.parts, before, strict=True)]
        self._parts, self._rendered = export.parts, rendered
        self.unknown_keys_cut = sum(one.cut for one in rendered)
        pieces: dict[str, list[Piece]] = {name: [] for name in self._templates.slots}
        for one in rendered:
            for name, piece in one.pieces.items():
                pieces[name].append(piece)
        self._rows = {name: Row.of(tuple(found), self._rows.get(name)) for name, found in pieces.items() if found}
        self._trim(settings.series_per_account)

    def _before(self, export: AccountExport, settings: ExportSettings) -> Sequence[_Rendered | None]:
        """What each part was rendered to before, where that still counts."""
        if self._generation is not export.generation:
            self._generation = export.generation
            self._templates = LineTemplates(settings.exports)
            return [None] * len(export.parts)
        if self._parts is export.parts:
            return self._rendered
        known = dict(zip(self._parts, self._rendered, strict=True))
        return [known.get(part) for part in export.parts]

    def _render(self, part: Part, context: ExportContext, before: _Rendered | None) -> _Rendered:
        inputs = part.inputs(context)
        if before is not None and before.inputs == inputs:
            before.inputs = (
                inputs  # where equal readings came again these are the newer, compared by identity next time
            )
            return before
        buffer = LineBuffer(self._templates)
        cut = context.gate.cut
        part.export(context, buffer)
        pieces = {name: Piece.of(text, samples) for name, text, samples in buffer.texts()}
        return _Rendered(inputs, pieces, context.gate.cut - cut)

    def _trim(self, limit: int) -> None:
        """Cut the account to so many series, the last metrics of the table first."""
        left, cut = limit, 0
        by_metric: dict[str, Piece] = {}
        for name, row in self._rows.items():
            keep = min(row.joined.samples, left)
            left -= keep
            cut += row.joined.samples - keep
            if keep:
                by_metric[name] = row.joined if keep == row.joined.samples else row.joined.head(keep)
        self.by_metric, self.series_cut = by_metric, cut
