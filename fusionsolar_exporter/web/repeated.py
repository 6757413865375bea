"""Requests that come again: a kept connection that sends the same bytes as before means the same as before.

Prometheus asks the same on the same connection every time. Parsing that anew took longer than sending a megabyte, so
the second time the bytes are only compared. Everything else goes the ordinary way, and so does the first request.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import h11
from uvicorn.config import Config
from uvicorn.server import ServerState

from fusionsolar_exporter.rendering.piece import LARGE_BYTES
from fusionsolar_exporter.web.asgi import Scope
from fusionsolar_exporter.web.connections import Connections, GuardedConnection
from fusionsolar_exporter.web.messages import Response
from fusionsolar_exporter.web.outgoing import Outgoing

Shortcut: TypeAlias = Callable[[Scope], Callable[[], Response] | None]
"""Gives, for a request, what answers it at once whenever it comes again; None where nothing can."""

_LONGEST_REQUEST = 8 * 1024  # bytes that are worth remembering
_TURN_BYTES = 4 * 1024 * 1024  # sent before others get their turn, where the client takes them
_AHEAD_BYTES = 64 * 1024  # left to the transport where the client takes no more: what a slow reader costs


class RepeatingConnection(GuardedConnection):
    """A guarded connection that remembers the last request with a shortcut."""

    def __init__(
        self,
        connections: Connections,
        shortcut: Shortcut,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(connections, config, server_state, app_state, _loop)
        self._shortcut = shortcut
        self._request = b""
        self._answer: Callable[[], Response] | None = None
        self._left: Outgoing | None = None
        self._early = b""
        self._ending = False

    def data_received(self, data: bytes) -> None:
        """Answer a request that is known; leave every other to the parser, and see whether it may come again."""
        if self._left is not None:
            self._early += data  # a request that did not wait for the answer before it
            self.flow.pause_reading()
        elif not self._idle():
            super().data_received(data)
        elif self._answer is not None and data == self._request:
            self._repeat(self._answer)
        else:
            super().data_received(data)
            if len(data) <= _LONGEST_REQUEST and self._complete():
                self._request, self._answer = data, self._shortcut(dict(self.scope))

    def resume_writing(self) -> None:
        """Go on with the answer once the client has taken what there was."""
        super().resume_writing()
        self._continue()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget what was still to be sent."""
        self._left = None
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """End the connection, after the answer that is under way."""
        if self._left is None:
            super().shutdown()
        else:
            self._ending = True

    def _answering(self) -> bool:
        return self._left is not None or super()._answering()

    def _idle(self) -> bool:
        """Whether the next byte is the first of a request, as on a new connection."""
        conn = self.conn
        return conn.our_state is h11.IDLE and conn.their_state is h11.IDLE and not conn.trailing_data[0]

    def _complete(self) -> bool:
        """Whether what came was one request, which leaves the connection as it was."""
        return self.conn.their_state is h11.DONE and not self.conn.trailing_data[0]

    def _repeat(self, answer: Callable[[], Response]) -> None:
        self._unset_keepalive_if_required()
        response = answer()
        head, body = response.head(), response.content
        if body.size < LARGE_BYTES:
            self._left = Outgoing((head, *body.parts))
        else:
            self._left = Outgoing(body.parts)
            self.transport.write(head)  # its client wakes up while the rest is handed over
        self._connections.mark(self, silent=False)
        self._continue()

    def _continue(self) -> None:
        """Send what the client takes, so many bytes in one turn of the loop that others get theirs."""
        if self._left is None or self.flow.write_paused:
            return
        if self._left:
            self._send(self._left)
        if self.flow.write_paused:
            return
        if self._left:
            self.loop.call_soon(self._continue)
        else:
            self._finished()

    def _send(self, left: Outgoing) -> None:
        parts = left.first(_TURN_BYTES)
        taken = self._send_at_once(parts)
        left.drop(taken)
        if taken < sum(map(len, parts)):
            (part,) = left.first(_AHEAD_BYTES)[:1]
            left.drop(len(part))
            self.transport.write(part)

    def _send_at_once(self, parts: Sequence[memoryview]) -> int:
        """Bytes that one call took: each call gives up the interpreter, and gets it back when others let go of it."""
        if self.scheme != "http":
            return 0  # what is encrypted has to go through the transport
        try:
            return os.writev(self.transport.get_extra_info("socket").fileno(), parts)
        except OSError:
            return 0  # there is no room, or the connection is broken: the transport sees to both

    def _finished(self) -> None:
        self._left = None
        self._cancel_answer_deadline()
        self._connections.mark(self, silent=True)
        if self._ending:
            super().shutdown()
            return
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        early, self._early = self._early, b""
        if early:
            self.flow.resume_reading()
            self.data_received(early)
