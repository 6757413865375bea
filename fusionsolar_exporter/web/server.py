"""The web server: uvicorn on sockets of our own, with guarded connections, ended by whoever owns the process."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from fusionsolar_exporter.metrics.connection_counts import ConnectionCounts
from fusionsolar_exporter.web.addresses import name_of
from fusionsolar_exporter.web.asgi import AsgiApplication
from fusionsolar_exporter.web.connections import ConnectionLimits, Connections, GuardedConnection
from fusionsolar_exporter.web.security.tls_context import RollingContext, may_connect
from fusionsolar_exporter.web.security.web_security import WebSecurity

DEFAULT_LIMITS = ConnectionLimits()
GRACE_SECONDS = 3
_HANDSHAKE_SECONDS = 10.0
_GOODBYE_SECONDS = 1.0


def _nobody() -> None:
    """Nobody wants to know."""


class _Loop(asyncio.SelectorEventLoop):
    """Has deadlines for what comes before and after the requests of a TLS connection."""

    async def create_server(self, *args: Any, **options: Any) -> asyncio.Server:
        """Listen."""
        if options.get("ssl") is not None:
            options |= {"ssl_handshake_timeout": _HANDSHAKE_SECONDS, "ssl_shutdown_timeout": _GOODBYE_SECONDS}
        return await super().create_server(*args, **options)

    def _make_ssl_transport(self, rawsock: socket.socket, protocol: Any, *args: Any, **options: Any) -> Any:
        # asyncio's own, and the only moment at which it tells of a handshake that may never end
        made = super()._make_ssl_transport(rawsock, protocol, *args, **options)  # type: ignore[misc]
        protocol.handshake_begins(made)
        return made


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, beat: Callable[[], None], refuse: Callable[[], None]) -> None:
        super().__init__(config)
        self._beat = beat
        self._refuse = refuse

    async def on_tick(self, counter: int) -> bool:
        """Say ten times a second that the event loop runs."""
        self._beat()
        return await super().on_tick(counter)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process's owner."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more, finish what is in flight within the grace period, then cut off the rest."""
        self._refuse()
        await super().shutdown(sockets)
        for connection in tuple(self.server_state.connections):
            cast("H11Protocol", connection).transport.abort()


class WebServer:
    """Serves an ASGI application over HTTP/1.1 on listening sockets, which become its own, from one event loop."""

    def __init__(
        self,
        app: AsgiApplication,
        listening: Sequence[socket.socket],
        *,
        counts: ConnectionCounts | None = None,
        limits: ConnectionLimits = DEFAULT_LIMITS,
        grace_seconds: int = GRACE_SECONDS,
        beat: Callable[[], None] = _nobody,
        security: WebSecurity | None = None,
    ) -> None:
        self._sockets = tuple(listening)
        self.addresses = tuple(name_of(each) for each in listening)
        """What the server really listens on, as ``HOST:PORT``."""
        if security is None:
            connections = Connections(limits, counts or ConnectionCounts())
        else:
            rules = security  # asked at each connection: they may have changed
            connections = Connections(
                limits, counts or ConnectionCounts(), lambda found: may_connect(rules.rules.allowed_sans, found)
            )
        self._beat = beat
        self._stopping = False
        self._config = uvicorn.Config(
            app,
            # uvicorn asks for a class but only ever calls it
            http=cast("type[asyncio.Protocol]", partial(GuardedConnection, connections)),
            loop="asyncio",
            interface="asgi3",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level=logging.CRITICAL,  # its lines are about itself; the application logs its own failures
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            h11_max_incomplete_event_size=limits.head_bytes,
            timeout_keep_alive=limits.keep_alive_seconds,
            timeout_graceful_shutdown=grace_seconds,
        )
        if security is not None and security.rules.context is not None:
            self._config.load()
            self._config.ssl = RollingContext.of(security.context)
        self._server: _Server | None = None

    def run(self) -> None:
        """Serve in the calling thread until :meth:`stop`; answers in flight then have the grace period to finish.

        May be called again where anything else has ended it.
        """
        server = self._server = _Server(self._config, self._beat, self._close)
        server.should_exit = self._stopping  # after the server is known: a stop at this moment reaches one of the two
        # not uvicorn's nor asyncio's run(): both may install signal handlers
        with contextlib.ExitStack() as opened, asyncio.Runner(loop_factory=_Loop) as runner:
            # duplicates, so that it can run again; closed here too, since a server that is stopped at once keeps them
            sockets = [opened.enter_context(listening.dup()) for listening in self._sockets]
            runner.get_loop().run_until_complete(server.serve(sockets))
        self._close()

    def _close(self) -> None:
        """Listen no more: what runs has duplicates of these sockets, and whoever connects would wait in vain."""
        for listening in self._sockets:
            listening.close()

    def stop(self) -> None:
        """End :meth:`run`, from any thread or signal handler, also when it has not begun."""
        self._stopping = True
        if self._server is not None:
            self._server.should_exit = True
