"""Answers to ``/metrics``: bytes that are kept ready, nothing rendered."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qs

from fusionsolar_exporter.rendering.piece import Body
from fusionsolar_exporter.web.messages import Request, Response
from fusionsolar_exporter.web.negotiation import wants_gzip, wants_openmetrics

TEXT_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class GiveExposition(Protocol):
    """Gives the exposition at once; ``accounts`` and ``names`` are None where nothing is selected."""

    def __call__(
        self, *, openmetrics: bool, gzipped: bool, accounts: frozenset[str] | None, names: frozenset[str] | None
    ) -> Body:
        """Give the exposition in UTF-8."""
        ...


class Scrapes:
    """The route ``/metrics``."""

    def __init__(self, exposition: GiveExposition) -> None:
        self._exposition = exposition

    async def answer(self, request: Request) -> Response:
        """Give what the query selects, in the representation the client prefers."""
        openmetrics = wants_openmetrics(request.header("accept"))
        gzipped = wants_gzip(request.header("accept-encoding"))
        query = parse_qs(request.query, keep_blank_values=True) if request.query else {}
        accounts, names = _selected(query, "account"), _selected(query, "name[]")
        content_type = OPENMETRICS_CONTENT_TYPE if openmetrics else TEXT_CONTENT_TYPE
        headers = (("vary", "Accept, Accept-Encoding"), *((("content-encoding", "gzip"),) if gzipped else ()))
        body = self._exposition(openmetrics=openmetrics, gzipped=gzipped, accounts=accounts, names=names)
        return Response(HTTPStatus.OK, body, content_type, headers)


def _selected(query: Mapping[str, Sequence[str]], name: str) -> frozenset[str] | None:
    return frozenset(query[name]) if name in query else None
