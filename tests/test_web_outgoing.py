"""What is left of an answer while it is being sent, plain and encrypted."""

import socket
import ssl
import threading
from pathlib import Path

import trustme
from hypothesis import given
from hypothesis import strategies as st
from web_support import DEADLINE, FakeExporter, FixedClock, endpoint

from fusionsolar_exporter.web.application import Application
from fusionsolar_exporter.web.outgoing import Outgoing
from fusionsolar_exporter.web.server import WebServer

SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
LARGE = b"x 1\n" * 2_000_000


@given(st.lists(st.binary(max_size=20), max_size=30), st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50))))
def test_parts_are_looked_at_and_dropped_as_if_they_were_one(parts: list[bytes], steps: list[tuple[int, int]]) -> None:
    left, whole = Outgoing(parts), b"".join(parts)
    for size, taken in steps:
        assert bool(left) == bool(whole)
        assert b"".join(left.first(size)) == whole[:size]
        gone = min(taken, len(whole))
        left.drop(gone)
        whole = whole[gone:]
    assert b"".join(left.first(1000)) == whole


def test_one_call_takes_no_more_parts_than_the_kernel_allows() -> None:
    left = Outgoing([b"x"] * 5000)
    assert 0 < len(left.first(1 << 20)) <= 1024


def test_repeated_answers_are_encrypted_where_the_connection_is(tmp_path: Path) -> None:
    authority = trustme.CA()
    paper = authority.issue_cert("127.0.0.1")
    paper.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    app = Application(FakeExporter(body=LARGE), clock=FixedClock())
    server = WebServer(app, ["127.0.0.1:0"], shortcut=app.shortcut)
    server._server.config.ssl_certfile = tmp_path / "server.pem"
    server.bind()
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        context = ssl.create_default_context()
        authority.configure_trust(context)
        with (
            socket.create_connection(endpoint(server), DEADLINE) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as client,
            client.makefile("rb") as file,
        ):
            for _ in range(3):
                client.sendall(SCRAPE)
                while file.readline() != b"\r\n":
                    pass
                assert file.read(len(LARGE)) == LARGE
    finally:
        server.stop()
        thread.join(DEADLINE)
