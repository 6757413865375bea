"""What is served: one immutable object, replaced as a whole whenever something in it changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fusionsolar_exporter.metrics.families import FAMILIES, Family, MetricType
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


def _sample_names(family: Family) -> frozenset[str]:
    if family.type is not MetricType.HISTOGRAM:
        return frozenset({family.name})
    return frozenset(f"{family.name}_{end}" for end in ("bucket", "count", "sum"))


_SAMPLE_NAMES = {name: _sample_names(family) for name, family in FAMILIES.items()}


class Exposition:
    """Everything that is known, ready to be sent in either format.

    ``families`` are the pieces of all accounts by metric; ``accounts`` has the same by the value of the label.
    ``asked`` is shared with those before and after it: the formats that somebody has asked for, made ready at once.
    """

    def __init__(
        self,
        families: Mapping[str, Piece],
        accounts: Sequence[tuple[str, Mapping[str, Piece]]],
        own: OwnMetrics,
        asked: set[bool],
    ) -> None:
        self._families = families
        self._accounts = accounts
        self._own = own
        self._asked = asked
        self._whole = {openmetrics: self._joined(openmetrics=openmetrics) for openmetrics in tuple(asked)}

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
            self._asked.add(openmetrics)
            if openmetrics not in self._whole:
                self._whole[openmetrics] = self._joined(openmetrics=openmetrics)
            known = self._whole[openmetrics]
        else:
            known = self._select(openmetrics=openmetrics, accounts=accounts, names=names)
        pieces = [known, live.select(openmetrics=openmetrics, accounts=accounts, names=names)]
        if openmetrics:
            pieces.append(_EOF)
        return body(pieces, gzipped=gzipped)

    def _joined(self, *, openmetrics: bool) -> Piece:
        return self._select(openmetrics=openmetrics, accounts=None, names=None).condensed()

    def _select(self, *, openmetrics: bool, accounts: frozenset[str] | None, names: frozenset[str] | None) -> Piece:
        pieces: list[Piece] = []
        for name, joined in self._families.items():
            wanted = _SAMPLE_NAMES[name] if names is None else names & _SAMPLE_NAMES[name]
            if not wanted:
                continue
            runs = [joined]
            if accounts is not None:
                runs = [by_name[name] for label, by_name in self._accounts if label in accounts and name in by_name]
            if len(wanted) < len(_SAMPLE_NAMES[name]):
                runs = [run.only(wanted) for run in runs]
            if runs:
                pieces.append(_HEADERS[name].openmetrics if openmetrics else _HEADERS[name].text)
                pieces.extend(runs)
        pieces.append(self._own.select(openmetrics=openmetrics, accounts=accounts, names=names))
        return Piece.join(pieces)
