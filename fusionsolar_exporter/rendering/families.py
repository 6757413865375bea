"""The pieces of all accounts by metric, in the order of the table of metrics."""

from collections.abc import Mapping, Sequence

from fusionsolar_exporter.metrics.families import DATA_SCOPES, FAMILIES, Scope
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.rendering.piece import Piece
from fusionsolar_exporter.rendering.rows import Rows

_DATA = [name for name, family in FAMILIES.items() if family.scope in DATA_SCOPES]
_NAMES = (*_DATA, *(name for name, family in FAMILIES.items() if family.scope is Scope.ACCOUNT))


class AccountFamilies:
    """Joins the accounts' pieces; what did not change stays joined."""

    def __init__(self) -> None:
        self._accounts: Sequence[str] = ()
        self._sources: list[Sequence[Mapping[str, Piece]]] = []
        self._rows = Rows(_NAMES)
        self.joined: Mapping[str, Piece] = {}
        """The pieces of all accounts as one, by metric."""
        self.by_account: Sequence[tuple[str, Mapping[str, Piece]]] = ()
        """The value of the label and the pieces by metric."""

    def update(self, sources: Mapping[str, Sequence[Mapping[str, Piece]]]) -> None:
        """Take the pieces of each account, which come in several mappings."""
        if tuple(sources) != self._accounts:
            self._accounts, self._rows = tuple(sources), Rows(_NAMES, self._rows)
            self._sources = [()] * len(sources)
            self.by_account = [(label_value(name), {}) for name in sources]
        by_account = list(self.by_account)  # the one before may be read right now
        for place, (new, old) in enumerate(zip(sources.values(), self._sources, strict=True)):
            if len(new) != len(old) or any(one is not other for one, other in zip(new, old, strict=True)):
                label, before = by_account[place]
                pieces = {name: piece for some in new for name, piece in some.items()}
                self._rows.put(place, pieces, before)
                by_account[place] = label, pieces
        self._sources = list(sources.values())
        self.by_account = by_account
        self.joined = self._rows.joined()
