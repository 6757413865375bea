"""A server behind a web configuration: certificates, passwords, rates."""

import base64
import contextlib
import http.client
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bcrypt
from web_support import DEADLINE, FakeExporter, FixedClock, endpoint

from fusionsolar_exporter.metrics.connection_counts import ConnectionCounts
from fusionsolar_exporter.web.addresses import listen_on
from fusionsolar_exporter.web.application import Application
from fusionsolar_exporter.web.security.gate import Gate
from fusionsolar_exporter.web.security.passwords import Passwords
from fusionsolar_exporter.web.security.web_security import WebSecurity
from fusionsolar_exporter.web.server import WebServer
from support.world import ListLog

ALICE, BOB = "wonder land:1", "builder"
HASHES = {
    name: bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
    for name, password in (("alice", ALICE), ("bob", BOB))
}


@dataclass
class Guarded:
    """A server with a web configuration."""

    server: WebServer
    security: WebSecurity
    log: ListLog
    exporter: FakeExporter
    counts: ConnectionCounts

    def ask(
        self, context: ssl.SSLContext | None = None, path: str = "/-/healthy", **headers: str
    ) -> http.client.HTTPResponse:
        host, port = endpoint(self.server)
        connection = (
            http.client.HTTPConnection(host, port, timeout=DEADLINE)
            if context is None
            else http.client.HTTPSConnection(host, port, timeout=DEADLINE, context=context)
        )
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            answer.read()
        finally:
            connection.close()
        return answer


@contextlib.contextmanager
def guarded(path: Path, passwords: Passwords | None = None) -> Iterator[Guarded]:
    log, exporter, counts = ListLog(), FakeExporter(), ConnectionCounts()
    security = WebSecurity(path, log)
    app = Gate(Application(exporter, clock=FixedClock()), security, time.monotonic, passwords)
    server = WebServer(app, listen_on(["127.0.0.1:0"]), security=security, counts=counts)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Guarded(server, security, log, exporter, counts)
    finally:
        server.stop()
        thread.join(DEADLINE)
        assert not thread.is_alive()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
