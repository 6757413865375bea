"""The simulated system over real HTTP: HTTP/1.1 with connections kept open, one thread each."""

import socket
import ssl
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from fusionsolar_exporter.simulator.answers import Delivery, SimulatedAnswer, plain
from fusionsolar_exporter.simulator.system import SimulatedSystem

_LONGEST_BODY = 1_000_000
_IDLE_SECONDS = 120.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server_version = "SimulatedManagementSystem"
    sys_version = ""
    timeout = _IDLE_SECONDS
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together
    server: "_HttpServer"

    def setup(self) -> None:
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(_IDLE_SECONDS)
            self.request.do_handshake()  # here and not on accepting, so that a silent client holds up nobody else
        super().setup()

    def handle_any(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > _LONGEST_BODY:
            self.close_connection = True
            self._send(plain(413, f"a body needs a Content-Length of at most {_LONGEST_BODY}"))
            return
        body = self.rfile.read(int(length))
        self._send(self.server.system.handle(self.command, self.path, dict(self.headers.items()), body))

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 -- names that the base class looks for

    def _send(self, answer: SimulatedAnswer) -> None:
        if answer.delivery is Delivery.RESET:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.delivery is Delivery.CUT:
            self.close_connection = True
            self.wfile.write(answer.body[: len(answer.body) // 2])
        else:
            self.wfile.write(answer.body)
        self.wfile.flush()

    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time of the simulated world, so that no header tells another."""
        return super().date_time_string(self.server.system.now() if timestamp is None else timestamp)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class's name
        """Stay quiet: the system keeps a log of its own."""


class _HttpServer(ThreadingHTTPServer):
    """Keeps its connections at hand, to end them when it stops."""

    daemon_threads = False  # joined on closing
    request_queue_size = 128

    def __init__(self, system: SimulatedSystem, address: tuple[str, int], tls: ssl.SSLContext | None) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.system = system
        self._tls = tls
        self._connections: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__(address, _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        with self._guard:
            self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._connections.discard(request)
        linger = request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_RESET_ON_CLOSE))
        if linger == _RESET_ON_CLOSE:
            request.close()  # without the shutdown that would end the connection in good order
        else:
            super().shutdown_request(request)

    def end_connections(self) -> None:
        with self._guard:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client has gone first

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # clients that go away are no news
            super().handle_error(request, client_address)


class SimulatorServer:
    """Serves a system on ``host`` and ``port`` (0 takes a free one) from :meth:`start` to :meth:`stop`.

    Also a context manager. An address that cannot be had is an OSError on construction.
    """

    def __init__(
        self, system: SimulatedSystem, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._system = system
        self._server = _HttpServer(system, (host, port), tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="simulator")
        self.port: int = self._server.server_address[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"{'http' if tls is None else 'https'}://{shown}:{self.port}"
        """Base address, without a slash at its end."""

    def start(self) -> None:
        """Begin to serve, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Take back all faults, so that nothing is held, end every connection and wait for the threads."""
        self._system.faults.clear()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.end_connections()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
