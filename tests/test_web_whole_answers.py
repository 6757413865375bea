"""An answer's head goes out together with the beginning of its body."""

import asyncio
import socket

import pytest
from typing_extensions import override
from uvicorn.config import Config
from uvicorn.server import ServerState

from fusionsolar_exporter.metrics.connection_counts import ConnectionCounts
from fusionsolar_exporter.web.asgi import Receive, Scope, Send
from fusionsolar_exporter.web.connections import ConnectionLimits, Connections, GuardedConnection
from fusionsolar_exporter.web.messages import FIRST_CHUNK_BYTES


class Sent(asyncio.Transport):
    """What was written, each time by itself."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__({"socket": connected})
        self.writes: list[bytes] = []

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        if data:
            self.writes.append(bytes(data))

    @override
    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    @override
    def is_closing(self) -> bool:
        return False

    @override
    def resume_reading(self) -> None:
        pass


def answered(request: bytes, *chunks: bytes, later: bytes = b"") -> list[bytes]:
    """What the server sends for a request, whose end comes later, of an application that answers with these chunks."""

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        length = str(sum(map(len, chunks))).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        for number, chunk in enumerate(chunks, 1):
            await send({"type": "http.response.body", "body": chunk, "more_body": number < len(chunks)})

    async def converse() -> list[bytes]:
        config = Config(app, log_config=None, interface="asgi3", lifespan="off", server_header=False, date_header=False)
        connections = Connections(ConnectionLimits(), ConnectionCounts())
        with socket.create_server(("127.0.0.1", 0)) as listening:
            sent = Sent(listening)
            connection = GuardedConnection(connections, config, ServerState(), {})
            connection.connection_made(sent)
            connection.data_received(request)
            if later:
                asyncio.get_running_loop().call_soon(connection.data_received, later)
            await asyncio.gather(*connection.tasks)
            connection.connection_lost(ConnectionResetError())
        return sent.writes

    return asyncio.run(converse())


@pytest.mark.parametrize("chunks", [(b"healthy\n",), (b"x" * FIRST_CHUNK_BYTES, b"y", b"z")])
def test_the_head_comes_with_the_first_chunk(chunks: tuple[bytes, ...]) -> None:
    first, *others = answered(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n", *chunks)
    head, _, body = first.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == chunks[0]
    assert others == list(chunks[1:])


def test_the_head_alone_is_sent_where_it_is_the_whole_answer() -> None:
    (whole,) = answered(b"HEAD / HTTP/1.1\r\nhost: h\r\n\r\n", b"healthy\n")
    assert whole.endswith(b"content-length: 8\r\n\r\n")


def test_who_waits_for_leave_to_send_has_it_before_the_answer() -> None:
    request = b"POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n"
    leave, whole = answered(request, b"done", later=b"ok")
    assert leave.startswith(b"HTTP/1.1 100 ")
    assert whole.endswith(b"\r\n\r\ndone")
