"""Connections that hold up nobody: uvicorn's HTTP/1.1 protocol with deadlines and a bounded number of connections."""

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from fusionsolar_exporter.metrics.connection_counts import ConnectionCounts, CutReason
from fusionsolar_exporter.web.conversation import Conversation, KnownRequests

_NO_LINGER = struct.pack("ii", 1, 0)
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 21\r\nconnection: close\r\n\r\ntoo many connections\n"
)


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one client may take from the others. Times are in seconds."""

    connections: int = 512
    """Open at once. When all are, a new one takes the place of the one that has been silent longest."""
    handshakes: int = 128
    """Of TLS, begun and not ended, beside those connections. A new one takes the place of the oldest."""
    head_bytes: int = 64 * 1024
    """Request line and headers; more is refused with 400."""
    request_seconds: float = 10.0
    """From the opening, or the first byte of a later request, until a request is complete."""
    answer_seconds: float = 60.0
    """From the moment a client does not take what is sent until it has taken the whole answer."""
    keep_alive_seconds: int = 120
    """Between two requests; longer than the usual scrape intervals."""


class Connections:
    """The open connections of a server, and which of them wait for a request."""

    def __init__(
        self,
        limits: ConnectionLimits,
        counts: ConnectionCounts,
        welcome: Callable[[Mapping[str, Any] | None], bool] = lambda _certificate: True,
    ) -> None:
        self.limits = limits
        self.counts = counts
        self.welcome = welcome
        """Whether a client may connect, by its verified certificate."""
        self.known = KnownRequests()
        self._open: set[GuardedConnection] = set()
        self._silent: dict[GuardedConnection, None] = {}  # in the order in which they fell silent
        # in the order of their beginnings; one that failed stays until others take its place, since nobody tells of it
        self._handshakes: dict[GuardedConnection, asyncio.Transport] = {}

    def shake(self, connection: "GuardedConnection", transport: asyncio.Transport) -> None:
        """Note that a handshake begins, if need be in the place of another."""
        self._handshakes[connection] = transport
        if len(self._handshakes) > self.limits.handshakes:
            oldest = self._handshakes.pop(next(iter(self._handshakes)))
            if not oldest.is_closing():
                self.counts.cut(CutReason.DISPLACED)
                # later: of connections that came all at once, transport and socket have not met yet
                connection.loop.call_soon(oldest.abort)

    def admit(self, connection: "GuardedConnection") -> bool:
        """Count a new connection in, if need be in another's place; False where all are being answered."""
        self._handshakes.pop(connection, None)
        if len(self._open) >= self.limits.connections:
            longest_silent = next(iter(self._silent), None)
            if longest_silent is None:
                self.counts.cut(CutReason.NO_ROOM)
                return False
            self.counts.cut(CutReason.DISPLACED)
            self.remove(longest_silent)
            longest_silent.transport.abort()
        self._open.add(connection)
        return True

    def mark(self, connection: "GuardedConnection", *, silent: bool) -> None:
        """Note whether a connection waits for its client's request."""
        if not silent:
            self._silent.pop(connection, None)
        elif connection in self._open:
            self._silent.setdefault(connection)

    def remove(self, connection: "GuardedConnection") -> None:
        """Forget a connection."""
        self._open.discard(connection)
        self._silent.pop(connection, None)


class GuardedConnection(H11Protocol):
    """One connection. It has a deadline for each request and one for slow readers, and may lose its place."""

    def __init__(
        self,
        connections: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        # uvicorn asks for h11's class but only ever calls it
        self.conn = cast("h11.Connection", Conversation(connections.known, connections.limits.head_bytes))
        self._connections = connections
        self._request_deadline: asyncio.TimerHandle | None = None
        self._answer_deadline: asyncio.TimerHandle | None = None

    def handshake_begins(self, transport: asyncio.Transport) -> None:
        """The connection was taken, and speaks no TLS yet."""
        self._connections.shake(self, transport)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse it at once where there is no room."""
        if not self._connections.admit(self):
            transport.write(_REFUSAL)
            transport.close()
            return
        encrypted = transport.get_extra_info("ssl_object")
        if encrypted is not None and not self._connections.welcome(encrypted.getpeercert()):
            self._connections.counts.cut(CutReason.CERTIFICATE)
            self._connections.remove(self)
            transport.abort()
            return
        # asyncio does so only for sockets that name their protocol, which accepted ones do not: that cost 40 ms
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)
        # told of what the client's window does not take: every unread answer has its deadline (at 0, TLS never sends).
        # last: TLS has something to send by now, so that this may pause writing at once
        transport.set_write_buffer_limits(high=1)
        self._update()

    def data_received(self, data: bytes) -> None:
        """Read on; a request that is still not complete keeps its deadline."""
        super().data_received(data)
        self._update()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Finish the answer that is being sent: who has said all may still listen. TLS has no such half."""
        if self.scheme == "https" or not self._answering() or not self.cycle.response_started:
            return False
        self.cycle.keep_alive = False
        return True

    def on_response_complete(self) -> None:
        """Wait for the next request: for that uvicorn's keep-alive time holds."""
        super().on_response_complete()
        self._connections.mark(self, silent=not self._answering())
        if not self.flow.write_paused:
            self._cancel_answer_deadline()

    def pause_writing(self) -> None:
        """Give a client that does not read its deadline; reading a little does not move it."""
        super().pause_writing()
        if self._answer_deadline is None:
            self._answer_deadline = self.loop.call_later(self._connections.limits.answer_seconds, self._reset)

    def resume_writing(self) -> None:
        """Everything sent so far was taken."""
        super().resume_writing()
        if not self._answering():
            self._cancel_answer_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection; one that was refused was never known to uvicorn."""
        self._connections.remove(self)
        self._cancel_request_deadline()
        if self.transport is not None:
            super().connection_lost(exc)
        self._cancel_answer_deadline()

    def _reset(self) -> None:
        """Cut the connection off with a reset: else the kernel would go on offering what it still holds."""
        self._connections.counts.cut(CutReason.SLOW_READER)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.transport.abort()

    def _abort(self) -> None:
        self._connections.counts.cut(CutReason.SLOW_REQUEST)
        self.transport.abort()

    def _answering(self) -> bool:
        cycle = self.cycle
        return cycle is not None and not cycle.more_body and not cycle.response_complete

    def _update(self) -> None:
        answering = self._answering()
        self._connections.mark(self, silent=not answering)
        if answering:
            self._cancel_request_deadline()
        elif self._request_deadline is None:
            self._request_deadline = self.loop.call_later(self._connections.limits.request_seconds, self._abort)

    def _cancel_request_deadline(self) -> None:
        if self._request_deadline is not None:
            self._request_deadline.cancel()
            self._request_deadline = None

    def _cancel_answer_deadline(self) -> None:
        if self._answer_deadline is not None:
            self._answer_deadline.cancel()
            self._answer_deadline = None
