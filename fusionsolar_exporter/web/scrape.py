"""Answers to ``/metrics``: rendered and compressed in a worker thread, a bounded number of bytes at a time."""

import asyncio
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qs

from fusionsolar_exporter.metrics.exposition import OPENMETRICS_CONTENT_TYPE, TEXT_CONTENT_TYPE
from fusionsolar_exporter.web.messages import Request, Response
from fusionsolar_exporter.web.negotiation import wants_gzip, wants_openmetrics

GZIP_LEVEL = 3  # measured: docs/http_server.md
_GZIP_FORMAT = 31  # zlib's window size for gzip's container


class Render(Protocol):
    """Renders the exposition; ``accounts`` and ``names`` are None where nothing is selected."""

    def __call__(self, *, openmetrics: bool, accounts: frozenset[str] | None, names: frozenset[str] | None) -> bytes:
        """Give the exposition in UTF-8."""
        ...


class ByteBudget:
    """Bounds the bytes of the answers that are under way; one answer is always allowed, whatever its size."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0
        self._freed = asyncio.Event()

    async def take(self, size: int) -> Callable[[], None]:
        """Wait until there is room; the result gives it back."""
        while self._taken and self._taken + size > self._limit:
            self._freed.clear()
            await self._freed.wait()
        self._taken += size
        return partial(self._give_back, size)

    def _give_back(self, size: int) -> None:
        self._taken -= size
        self._freed.set()


def _compressed(body: bytes) -> bytes:
    compressor = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    return compressor.compress(body) + compressor.flush()


def _selected(query: Mapping[str, Sequence[str]], name: str) -> frozenset[str] | None:
    return frozenset(query[name]) if name in query else None


class Scrapes:
    """The route ``/metrics``."""

    def __init__(self, render: Render, workers: Executor, *, at_once: int, budget_bytes: int) -> None:
        self._render = render
        self._workers = workers
        self._slots = asyncio.Semaphore(at_once)
        self._budget = ByteBudget(budget_bytes)

    async def answer(self, request: Request) -> Response:
        """Render what the query selects, in the representation the client prefers.

        A rendered answer keeps its slot until the budget has room for it, so that answers that wait are few.
        """
        openmetrics = wants_openmetrics(request.header("accept"))
        gzipped = wants_gzip(request.header("accept-encoding"))
        query = parse_qs(request.query, keep_blank_values=True)

        def body() -> bytes:
            text = self._render(
                openmetrics=openmetrics,
                accounts=_selected(query, "account"),
                names=_selected(query, "name[]"),
            )
            return _compressed(text) if gzipped else text

        async with self._slots:
            content = await asyncio.get_running_loop().run_in_executor(self._workers, body)
            release = await self._budget.take(len(content))
        return Response(
            HTTPStatus.OK,
            content,
            OPENMETRICS_CONTENT_TYPE if openmetrics else TEXT_CONTENT_TYPE,
            (("vary", "Accept, Accept-Encoding"), *((("content-encoding", "gzip"),) if gzipped else ())),
            release,
        )
