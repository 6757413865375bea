"""The pieces of one account, rendered anew part by part where something changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.account_export import AccountExport
from fusionsolar_exporter.metrics.part import ExportContext, Part
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.rendering.line_buffer import LineBuffer, LineTemplates
from fusionsolar_exporter.rendering.piece import Piece
from fusionsolar_exporter.rendering.readers import Readers
from fusionsolar_exporter.rendering.rows import Rows
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
        self._rendered: list[_Rendered] = []
        self._readers = Readers(())
        self._fields: Mapping[str, object] = {}
        self._wall = 0.0
        self._snapshot: Snapshot | None = None
        self._rows = Rows(())
        self.by_metric: Mapping[str, Piece] = {}
        """In the order of the table of metrics."""
        self.unknown_keys_cut = 0
        """Series held back for their unknown keys."""
        self.series_cut = 0
        """Series over the limit of an account."""

    def update(self, view: AccountView, export: AccountExport, settings: ExportSettings) -> None:
        """Render what changed."""
        context = export.context(view)
        wall = context.clock.wall(0)
        others = self._generation is not export.generation or self._parts is not export.parts
        if view.snapshot is self._snapshot and wall == self._wall and not others:
            return
        fields = context.fields()
        if others:
            self._replace_parts(context, export, settings)
            changed = True
        else:
            # a corrected wall clock moves every time
            before = self._fields if wall == self._wall else {}
            news = [(name, value, before.get(name)) for name, value in fields.items() if value is not before.get(name)]
            changed = self._renew(context, set().union(*(self._readers.of(*one) for one in news)))
        self._snapshot, self._fields, self._wall = view.snapshot, fields, wall
        if changed:
            self._trim(settings.series_per_account)

    def _replace_parts(self, context: ExportContext, export: AccountExport, settings: ExportSettings) -> None:
        """Render other parts, but those that are equal to known ones and show the same."""
        known = dict(zip(self._parts, self._rendered, strict=True))
        if self._generation is not export.generation:
            known = {}
            self._templates = LineTemplates(settings.exports)
        self._rendered = [self._render(part, context, known.get(part)) for part in export.parts]
        self._generation, self._parts, self._readers = export.generation, export.parts, Readers(export.parts)
        self._rows = Rows(self._templates.slots, self._rows)
        for place, one in enumerate(self._rendered):
            self._rows.put(place, one.pieces, {})
        self.unknown_keys_cut = sum(one.cut for one in self._rendered)

    def _renew(self, context: ExportContext, places: Iterable[int]) -> bool:
        """Render the parts at these places where they changed; whether one did.

        A large fleet has thousands of parts: those that read nothing new are not even looked at.
        """
        known = self._rendered
        news = {place: self._render(self._parts[place], context, known[place]) for place in sorted(places)}
        changes = [(place, new, known[place]) for place, new in news.items() if new is not known[place]]
        for place, new, old in changes:
            self._rows.put(place, new.pieces, old.pieces)
            self.unknown_keys_cut += new.cut - old.cut
            known[place] = new
        return bool(changes)

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
        self.by_metric = self._rows.joined(limit)
        self.series_cut = max(self._rows.samples - limit, 0)
