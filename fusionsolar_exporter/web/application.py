"""The web application: the routes, which method each takes, and what happens when one fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.reload_outcome import ReloadOutcome
from fusionsolar_exporter.rendering.piece import Body
from fusionsolar_exporter.right_of_way import RightOfWay
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.asgi import Receive, Scope, Send
from fusionsolar_exporter.web.messages import MISTAKE, ClientGoneError, Request, Response, plain, read_body
from fusionsolar_exporter.web.origin import is_foreign
from fusionsolar_exporter.web.scrape import Scrapes
from fusionsolar_exporter.web.status.builder import build_report
from fusionsolar_exporter.web.status.document import render_json
from fusionsolar_exporter.web.status.overview import PlantOverview
from fusionsolar_exporter.web.status.page import render_page
from fusionsolar_exporter.web.status.query import PlantQuery
from fusionsolar_exporter.web.status.report import StatusReport
from fusionsolar_exporter.web.status.style import CONTENT_SECURITY_POLICY
from fusionsolar_exporter.web.workers import DaemonExecutor

MAX_BODY_BYTES = 64 * 1024
PAGES_AT_ONCE = 2

log = logging.getLogger(__name__)


class ServedExporter(Protocol):
    """What the pages show and do. Its methods are called from worker threads unless they say otherwise."""

    @property
    def overview(self) -> PlantOverview:
        """What the status page knows beside the accounts' views."""
        ...

    def exposition(
        self, *, openmetrics: bool, gzipped: bool, accounts: frozenset[str] | None, names: frozenset[str] | None
    ) -> Body:
        """Give the exposition at once, on the event loop; None where nothing is selected by account or sample name."""
        ...

    def views(self) -> Sequence[AccountView]:
        """Give every account as it is now."""
        ...

    def waited_for(self) -> Sequence[str]:
        """The accounts for which ``/-/ready`` has to wait; quick, and called from the event loop."""
        ...

    def ailments(self) -> Sequence[str]:
        """What is wrong with the process, as ``/-/healthy`` defines it; quick, and called from the event loop."""
        ...

    def reload(self) -> ReloadOutcome:
        """Take the configuration anew, as a whole or not at all."""
        ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The methods that a path takes, and who answers."""

    methods: tuple[str, ...]
    answer: Callable[[Request], Awaitable[Response]]
    waits: bool = False
    """Whether the answer is made in a worker, and given up when its client goes away meanwhile."""


READ = ("GET", "HEAD")


class Application:
    """The ASGI application."""

    def __init__(
        self,
        exporter: ServedExporter,
        *,
        clock: Clock,
        telemetry_path: str = "/metrics",
        way: RightOfWay | None = None,
    ) -> None:
        self._exporter = exporter
        self._clock = clock
        self._telemetry_path = telemetry_path
        self._way = way or RightOfWay()
        self._workers = DaemonExecutor(PAGES_AT_ONCE, "web-page")
        self._reloader = DaemonExecutor(1, "web-reload")  # not behind pages
        self._routes: Mapping[str, Endpoint] = {
            "/": Endpoint(READ, self._page, waits=True),
            telemetry_path: Endpoint(READ, Scrapes(exporter.exposition).answer),
            "/api/v1/status": Endpoint(READ, self._status, waits=True),
            "/-/healthy": Endpoint(READ, self._healthy),
            "/-/ready": Endpoint(READ, self._ready),
            "/-/reload": Endpoint(("POST", "PUT"), self._reload, waits=True),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; stop working on it when its client goes away."""
        request = Request.of(scope)
        try:
            complete = await read_body(receive, MAX_BODY_BYTES)
        except ClientGoneError:
            return
        if not complete:
            limit = f"the request's body is over {MAX_BODY_BYTES} bytes"
            answer = plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, limit, headers=(("connection", "close"),))
            await answer.send(send, with_body=True)
            return
        route = self._routes.get(request.path)
        if route is None or not route.waits:
            with self._way.taken():
                await self._answer(request, send)
            return
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(self._answer(request, send))
            watching = group.create_task(_cancel_when_gone(receive, answering))
            await asyncio.wait({answering})
            watching.cancel()

    async def _answer(self, request: Request, send: Send) -> None:
        try:
            response = await self._route(request)
        except Exception:
            log.exception("answering failed", extra={"path": request.path})
            response = plain(HTTPStatus.INTERNAL_SERVER_ERROR, MISTAKE)
        await response.send(send, with_body=request.method != "HEAD")

    async def _route(self, request: Request) -> Response:
        route = self._routes.get(request.path)
        if route is None:
            return plain(HTTPStatus.NOT_FOUND, f"no such page: {request.path}")
        if request.method not in route.methods:
            allowed = ", ".join(route.methods)
            problem = f"{request.path} does not take {request.method}, only {allowed}"
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, problem, headers=(("allow", allowed),))
        return await route.answer(request)

    async def _healthy(self, _request: Request) -> Response:
        ailments = self._exporter.ailments()
        if ailments:
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, *ailments)
        return plain(HTTPStatus.OK, "healthy")

    async def _ready(self, _request: Request) -> Response:
        waited_for = self._exporter.waited_for()
        if waited_for:
            told = f"not ready: waiting for the first answer or failure of: {', '.join(waited_for)}"
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, told)
        return plain(HTTPStatus.OK, "ready")

    async def _reload(self, request: Request) -> Response:
        if is_foreign(request):
            return plain(HTTPStatus.FORBIDDEN, "pages of other sites may not reload the configuration")
        return await self._in_worker(self._reloaded, self._reloader)

    async def _status(self, _request: Request) -> Response:
        def answer() -> Response:
            report = render_json(self._report(self._exporter.views()))
            return Response(HTTPStatus.OK, report, "application/json; charset=utf-8")

        return await self._in_worker(answer)

    async def _page(self, request: Request) -> Response:
        return await self._in_worker(
            lambda: Response(
                HTTPStatus.OK,
                self._rendered(PlantQuery.of(request.query)),
                "text/html; charset=utf-8",
                (("content-security-policy", CONTENT_SECURITY_POLICY), ("referrer-policy", "no-referrer")),
            )
        )

    async def _in_worker(self, answer: Callable[[], Response], workers: DaemonExecutor | None = None) -> Response:
        return await asyncio.get_running_loop().run_in_executor(workers or self._workers, answer)

    def _reloaded(self) -> Response:
        outcome = self._exporter.reload()
        if not outcome.problems:
            return plain(HTTPStatus.OK, "configuration reloaded")
        status = HTTPStatus.INTERNAL_SERVER_ERROR if outcome.broken else HTTPStatus.BAD_REQUEST
        return plain(status, *outcome.problems)

    def _rendered(self, query: PlantQuery) -> bytes:
        views = self._exporter.views()
        charts = self._exporter.overview.charts(views)
        return render_page(self._report(views), query, charts, telemetry_path=self._telemetry_path)

    def _report(self, views: Sequence[AccountView]) -> StatusReport:
        ready = not self._exporter.waited_for()
        return build_report(views, self._exporter.overview.plants, clock=self._clock, ready=ready)


async def _cancel_when_gone(receive: Receive, answering: asyncio.Task[None]) -> None:
    await receive()  # the body was read: all that can come is the client's leaving
    answering.cancel()
