"""Many requests on a kept connection, and many clients at once, some of which misbehave."""

import contextlib
import http.client
import re
import socket
import time
from collections.abc import Iterator
from typing import Self

import pytest
from web_support import DEADLINE, FakeExporter, ask, ask_on, connect, endpoint, read_to_end, serving

from fusionsolar_exporter.metrics.connection_counts import ConnectionCounts
from fusionsolar_exporter.rendering.piece import Piece
from fusionsolar_exporter.web.connections import ConnectionLimits
from fusionsolar_exporter.web.server import WebServer

SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
HEALTH = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n"
LARGE = b"x 1\n" * 4_000_000
SHORT = 0.3


class Client:
    """Sends bytes as they are, and reads answers one by one, each with its head."""

    def __init__(self, server: WebServer, *, window: int | None = None) -> None:
        self.socket = socket.socket()
        if window is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(endpoint(server))
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, request: bytes) -> None:
        self.socket.sendall(request)

    def answer(self) -> tuple[bytes, bytes]:
        """Head without the date, and body."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self._file.readline()
            assert line, "closed without an answer"
            head += line
        length = re.search(rb"content-length: (\d+)", head)
        assert length is not None, head
        return re.sub(rb"date: [^\r]*", b"", head), self._file.read(int(length[1]))

    def ask(self, request: bytes) -> tuple[bytes, bytes]:
        self.send(request)
        return self.answer()


@pytest.fixture
def exporter() -> FakeExporter:
    return FakeExporter(body=b"# HELP up Is it.\nup 1\n" * 1000)


@pytest.fixture
def server(exporter: FakeExporter) -> Iterator[WebServer]:
    with serving(exporter=exporter) as running:
        yield running


@pytest.mark.parametrize(
    "headers",
    [
        b"",
        b"Accept-Encoding: gzip\r\n",
        b"Accept: application/openmetrics-text\r\nAccept-Encoding: gzip\r\n",
        b"Accept: \xff\x80;;q=\r\n",
    ],
)
def test_a_scrape_that_comes_again_gets_the_same_answer(server: WebServer, headers: bytes) -> None:
    request = SCRAPE.replace(b"\r\n\r\n", b"\r\n" + headers + b"\r\n")
    with Client(server) as client:
        first = client.ask(request)
        assert [client.ask(request) for _ in range(3)] == [first] * 3


def test_a_scrape_that_comes_again_shows_what_is_new(server: WebServer, exporter: FakeExporter) -> None:
    with Client(server) as client:
        client.ask(SCRAPE)
        for body in (b"up 2\n", b"up 3\n" * 100_000):
            exporter.piece = Piece.of(body)
            assert client.ask(SCRAPE)[1] == body


def test_requests_of_all_kinds_on_one_connection(server: WebServer, exporter: FakeExporter) -> None:
    selected = SCRAPE.replace(b"/metrics", b"/metrics?account=a&name[]=up")
    with Client(server) as client:
        for request in (SCRAPE, HEALTH, SCRAPE, SCRAPE, selected, selected, HEALTH, HEALTH):
            head, body = client.ask(request)
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert (body == b"healthy\n") == (request == HEALTH)
    everything, some = (False, None, None), (False, {"a"}, {"up"})
    assert exporter.asked == [everything] * 3 + [some] * 2


def test_requests_in_pieces_and_together(server: WebServer) -> None:
    with Client(server) as client:
        first = client.ask(SCRAPE)
        for cut in (1, 10, len(SCRAPE) - 1):
            client.send(SCRAPE[:cut])
            assert ask(server, "/-/healthy").status == 200  # the first part has arrived by now
            assert client.ask(SCRAPE[cut:]) == first
        client.send(SCRAPE + SCRAPE)
        assert [client.answer(), client.answer()] == [first, first]
        client.send(SCRAPE + HEALTH[:20])
        assert client.answer() == first
        assert client.ask(HEALTH[20:])[1] == b"healthy\n"
        assert client.ask(SCRAPE) == first


def test_a_request_sent_before_the_answer_is_read_waits_its_turn() -> None:
    with serving(exporter=FakeExporter(body=LARGE)) as server, Client(server, window=4096) as client:
        assert client.ask(SCRAPE)[1] == LARGE
        for _ in range(2):
            client.send(SCRAPE)
            assert ask(server, "/-/healthy").status == 200  # the answer is under way by now
            client.send(HEALTH)
            assert ask(server, "/-/healthy").status == 200
            assert client.answer()[1] == LARGE
            assert client.answer()[1] == b"healthy\n"
            assert client.ask(SCRAPE)[1] == LARGE


@pytest.mark.parametrize("ending", [b"Connection: close\r\n", b""])
def test_a_connection_that_is_to_close_closes(server: WebServer, ending: bytes) -> None:
    version = b"1.1" if ending else b"1.0"
    request = b"GET /metrics HTTP/" + version + b"\r\nHost: a\r\n" + ending + b"\r\n"
    for _ in range(2):
        with connect(server, request) as connection:
            assert read_to_end(connection).endswith(b"up 1\n")


def test_a_client_that_leaves_in_the_middle_of_an_answer_harms_nobody() -> None:
    with serving(exporter=FakeExporter(body=LARGE)) as server:
        for _ in range(3):
            with Client(server, window=4096) as client:
                client.ask(SCRAPE)
                client.send(SCRAPE)
        assert ask(server, "/metrics").body == LARGE


def test_a_slow_reader_of_a_later_answer_is_cut_off_and_counted() -> None:
    counts = ConnectionCounts()
    limits = ConnectionLimits(answer_seconds=SHORT)
    with serving(exporter=(large := FakeExporter()), limits=limits, counts=counts) as server:
        with Client(server, window=4096) as client:
            client.ask(SCRAPE)
            large.piece = Piece.of(LARGE)
            client.send(SCRAPE)
            deadline = time.monotonic() + DEADLINE
            while not client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                assert time.monotonic() < deadline, "the slow reader was never cut off"
                assert ask(server, "/-/healthy").status == 200
        assert cut(counts) == {"slow_reader": 1}


def test_stop_finishes_an_answer_under_way() -> None:
    with serving(exporter=FakeExporter(body=LARGE)) as server, Client(server, window=4096) as client:
        client.ask(SCRAPE)
        client.send(SCRAPE)
        assert ask(server, "/-/healthy").status == 200  # the answer is under way by now
        server.stop()
        assert client.answer()[1] == LARGE
        assert client.socket.recv(1) == b""


def cut(counts: ConnectionCounts) -> dict[str, float]:
    (metric,) = counts.collect()
    return {sample.labels["reason"]: sample.value for sample in metric.samples if sample.value}


def test_connections_cut_off_are_counted_from_0() -> None:
    (metric,) = ConnectionCounts().collect()
    assert {sample.labels["reason"]: sample.value for sample in metric.samples} == {
        "no_room": 0,
        "displaced": 0,
        "slow_request": 0,
        "slow_reader": 0,
        "certificate": 0,
    }


def test_a_slow_request_and_a_displaced_connection_are_counted() -> None:
    counts = ConnectionCounts()
    with serving(limits=ConnectionLimits(connections=2, request_seconds=SHORT), counts=counts) as server:
        with connect(server, HEALTH[:10]) as half:
            assert read_to_end(half) == b""
        with connect(server), connect(server):
            assert ask(server, "/-/healthy").status == 200
    assert cut(counts) == {"slow_request": 1, "displaced": 1}


def test_a_connection_that_was_closed_makes_no_room() -> None:
    counts = ConnectionCounts()
    with serving(limits=ConnectionLimits(connections=2), counts=counts) as server:
        with Client(server) as gone:
            gone.ask(HEALTH)
        with Client(server) as first, Client(server) as second:
            first.ask(HEALTH)
            second.ask(HEALTH)
            assert ask(server, "/-/healthy").status == 200
            assert first.socket.recv(1) == b""
            second.ask(HEALTH)
    assert cut(counts) == {"displaced": 1}


def test_a_refused_connection_is_counted() -> None:
    counts = ConnectionCounts()
    exporter = FakeExporter()
    exporter.may_answer.clear()
    with serving(exporter=exporter, limits=ConnectionLimits(connections=1), counts=counts) as server:
        try:
            with connect(server, HEALTH.replace(b"-/healthy", b"api/v1/status")):
                assert exporter.began.acquire(timeout=DEADLINE)
                with connect(server) as refused:
                    assert read_to_end(refused).startswith(b"HTTP/1.1 503 ")
        finally:
            exporter.may_answer.set()
    assert cut(counts) == {"no_room": 1}


def test_a_crowd_leaves_scrapes_as_they_are() -> None:
    with serving(exporter=FakeExporter(body=LARGE[:400_000])) as server, contextlib.ExitStack() as opened:
        kept = http.client.HTTPConnection(*endpoint(server), timeout=DEADLINE)
        opened.callback(kept.close)
        assert ask_on(kept, "/metrics").body == LARGE[:400_000]
        for number in range(270):
            sent = b"" if number < 200 else HEALTH[:30] if number < 250 else SCRAPE
            client = Client(server, window=4096)
            opened.enter_context(client)
            client.send(sent)
        for _ in range(20):
            assert ask_on(kept, "/metrics").body == LARGE[:400_000]
            assert ask(server, "/metrics", accept_encoding="gzip").status == 200


def test_a_thousand_connections_at_once_are_bounded_and_others_served() -> None:
    counts = ConnectionCounts()
    with serving(counts=counts) as server, contextlib.ExitStack() as opened:
        clients = [opened.enter_context(connect(server, SCRAPE)) for _ in range(1000)]
        # there is no room while none of the crowd has been answered, and nobody can be sent away for it
        assert any(ask(server, "/metrics").status == 200 for _ in range(1000))
        found = sum(answered(client) for client in clients)
        assert found + sum(cut(counts).values()) >= 1000
        assert ask(server, "/metrics").status == 200


def answered(client: socket.socket) -> bool:
    try:
        return client.recv(1024).startswith(b"HTTP/1.1 200 ")
    except ConnectionError:
        return False
