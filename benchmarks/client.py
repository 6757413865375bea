"""A client in a process of its own: asks for pages in turn, times them, and prints the seconds as JSON.

Reads a line ``[[port, path, gzip, count], ...]`` from standard input, and answers with one list of seconds for each.
A connection is kept where the server keeps it. The time of a scrape is that from the first byte sent to the last one
received. With ``--tls`` all connections speak it, and take every certificate.
"""

import json
import socket
import ssl
import sys
import time

_BUFFER = bytearray(1 << 20)


class Page:
    """One page of one server."""

    def __init__(self, port: int, path: str, gzipped: bool, tls: ssl.SSLContext | None) -> None:
        self._tls = tls
        self._port = port
        encoding = "Accept-Encoding: gzip\r\n" if gzipped else ""
        self._request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{encoding}\r\n".encode()
        self._socket: socket.socket | None = None

    def ask(self) -> float:
        began = time.perf_counter()
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port))
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                self._socket = self._tls.wrap_socket(self._socket)
        self._socket.sendall(self._request)
        head = b""
        while b"\r\n\r\n" not in head:
            received = self._socket.recv(65536)
            if not received:
                raise ConnectionError("closed without an answer")
            head += received
        head, _, body = head.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if b" 200 " not in head.split(b"\r\n")[0] + b" ":
            raise ValueError(head.decode())
        length = int(fields.get(b"content-length", -1))
        size = len(body)
        while size != length:
            count = self._socket.recv_into(_BUFFER)
            if not count:
                break
            size += count
        seconds = time.perf_counter() - began
        if head.startswith(b"HTTP/1.0") or fields.get(b"connection") == b"close":
            self._socket.close()
            self._socket = None
        return seconds


def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def main() -> None:
    tls = _any_certificate() if "--tls" in sys.argv[1:] else None
    pages: dict[tuple[int, str, bool], Page] = {}
    for line in sys.stdin:
        results = []
        for port, path, gzipped, count in json.loads(line):
            page = pages.setdefault((port, path, gzipped), Page(port, path, gzipped, tls))
            results.append([page.ask() for _ in range(count)])
        print(json.dumps(results), flush=True)


if __name__ == "__main__":
    main()
