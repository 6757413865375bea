"""A far side over real sockets that does exactly what a test says, byte by byte."""

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

FINE = json.dumps({"success": True, "failCode": 0, "data": []}).encode()


@dataclass(frozen=True)
class Request:
    line: str
    headers: dict[str, str]
    body: bytes
    connection: int
    """Number of the connection that it came over, from 1."""


def reply(body: bytes = FINE, *headers: str, status: str = "200 OK") -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


@dataclass
class FarSide:
    """Accepts connections on a free port; ``respond`` gets each request and writes what it likes.

    A connection ends when ``respond`` returns False, which resets it where ``resets`` is set.
    """

    respond: Callable[[socket.socket, Request], bool]
    tls: ssl.SSLContext | None = None
    resets: bool = False
    closing: threading.Event = field(default_factory=threading.Event)
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    @contextlib.contextmanager
    def running(self) -> Iterator["FarSide"]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
            accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
            accepting.start()
            try:
                yield self
            finally:
                self.closing.set()
                listener.shutdown(socket.SHUT_RDWR)
                for sock in self._open:
                    with contextlib.suppress(OSError):
                        socket.socket.shutdown(sock, socket.SHUT_RDWR)
                accepting.join(5)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def drip(self, sock: socket.socket, content: bytes, seconds: float = 0.02) -> None:
        """A byte at a time, until the test is over."""
        for byte in content:
            if self.closing.wait(seconds):
                return
            sock.sendall(bytes([byte]))

    def hang(self) -> None:
        """Say nothing until the test is over."""
        self.closing.wait(10)

    def _accept(self, listener: socket.socket) -> None:
        threads = []
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                self.connections += 1
                threads.append(threading.Thread(target=self._serve, args=(sock, self.connections), daemon=True))
                threads[-1].start()
        for thread in threads:
            thread.join(5)

    def _serve(self, plain: socket.socket, number: int) -> None:
        self._open.append(plain)
        with contextlib.suppress(OSError), plain:
            if self.tls is None:
                self._talk(plain, number)
                return
            with self.tls.wrap_socket(plain, server_side=True) as sock:
                self._open.append(sock)
                self._talk(sock, number)

    def _talk(self, sock: socket.socket, number: int) -> None:
        with sock.makefile("rb") as reader:
            while line := reader.readline().decode("latin-1").strip():
                headers: dict[str, str] = {}
                while field_line := reader.readline().decode("latin-1").strip():
                    name, _, value = field_line.partition(":")
                    headers[name.lower()] = value.strip()
                body = reader.read(int(headers.get("content-length", "0")))
                request = Request(line, headers, body, number)
                self.requests.append(request)
                if not self.respond(sock, request):
                    if self.resets:
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                    return


def saying(*answers: bytes) -> Callable[[socket.socket, Request], bool]:
    """Each request gets the next answer, the last one again and again."""
    left = list(answers)

    def respond(sock: socket.socket, _request: Request) -> bool:
        sock.sendall(left.pop(0) if len(left) > 1 else left[0])
        return True

    return respond


def closing_after(content: bytes) -> Callable[[socket.socket, Request], bool]:
    """Send this and close the connection."""

    def respond(sock: socket.socket, _request: Request) -> bool:
        sock.sendall(content)
        return False

    return respond
