"""What is served: one immutable object, replaced as a whole whenever something in it changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fusionsolar_exporter.metrics.families import FAMILIES
from fusionsolar_exporter.rendering.headers import headers
from fusionsolar_exporter.rendering.own_metrics import OwnMetrics
from fusionsolar_exporter.rendering.piece import Body, Piece, body

_EOF = Piece.of(b"# EOF\n")


@dataclass(frozen=True, slots=True)
class _Header:
    text: Piece
    openmetrics: Piece


def _headers() -> Mapping[str, _Header]:
    made = {name: headers(family.metric(())) for name, family in FAMILIES.items()}
    return {
        name: _Header(Piece.of(one.text.encode()), Piece.of(one.openmetrics.encode())) for name, one in made.items()
    }


_HEADERS = _headers()


@dataclass(frozen=True, slots=True)
class DataFamily:
    """One metric of plants, devices or alarms, which has one sample name; its pieces by account."""

    name: str
    by_account: Sequence[tuple[str, Piece]]


class Exposition:
    """Everything that is known, ready to be sent in either format."""

    def __init__(self, families: Sequence[DataFamily], own: OwnMetrics) -> None:
        self._families = families
        self._own = own
        self._text = self._select(openmetrics=False, accounts=None, names=None).condensed()
        self._openmetrics = self._select(openmetrics=True, accounts=None, names=None).condensed()

    def body(
        self,
        live: OwnMetrics,
        *,
        openmetrics: bool,
        gzipped: bool,
        accounts: frozenset[str] | None = None,
        names: frozenset[str] | None = None,
    ) -> Body:
        """The body of an answer: what is selected, then the same of ``live``.

        ``accounts`` keeps the samples of these accounts and those without that label; ``names`` keeps the samples of
        these names (``x_total``, ``x_bucket``); together by "and". None keeps all.
        """
        if accounts is None and names is None:
            known = self._openmetrics if openmetrics else self._text
        else:
            known = self._select(openmetrics=openmetrics, accounts=accounts, names=names)
        pieces = [known, live.select(openmetrics=openmetrics, accounts=accounts, names=names)]
        if openmetrics:
            pieces.append(_EOF)
        return body(pieces, gzipped=gzipped)

    def _select(self, *, openmetrics: bool, accounts: frozenset[str] | None, names: frozenset[str] | None) -> Piece:
        pieces: list[Piece] = []
        for family in self._families:
            if names is None or family.name in names:
                runs = [run for account, run in family.by_account if accounts is None or account in accounts]
                if runs:
                    header = _HEADERS[family.name]
                    pieces.append(header.openmetrics if openmetrics else header.text)
                    pieces.extend(runs)
        pieces.append(self._own.select(openmetrics=openmetrics, accounts=accounts, names=names))
        return Piece.join(pieces)
