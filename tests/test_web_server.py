"""What one client may do to the others: nothing. Real sockets; deadlines are small ones, given to the server."""

import contextlib
import http.client
import resource
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.world import ListLog
from web_support import (
    DEADLINE,
    FakeExporter,
    FixedClock,
    ask,
    ask_on,
    connect,
    endpoint,
    read_to_end,
    serving,
)

from fusionsolar_exporter.supervision import Supervisor, ThreadKind
from fusionsolar_exporter.web.addresses import listen_on
from fusionsolar_exporter.web.application import Application
from fusionsolar_exporter.web.asgi import Receive, Scope, Send
from fusionsolar_exporter.web.connections import ConnectionLimits
from fusionsolar_exporter.web.server import WebServer

SHORT = 0.3
SCRAPE = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
SLOW_PAGE = b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
HALF = b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-Half: "
LARGE = b"x 1\n" * 4_000_000


def seconds_of_a_scrape(server: WebServer) -> float:
    began = time.monotonic()
    assert ask(server, "/metrics").status == 200
    return time.monotonic() - began


def peak_memory() -> int:
    """Bytes that this process, and the server in it, have needed at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def slow_reader(server: WebServer, request: bytes = SCRAPE) -> socket.socket:
    """Ask, and read nothing; a small window, so that the answer does not fit into the kernel's buffers."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(DEADLINE)
    connection.connect(endpoint(server))
    connection.sendall(request)
    return connection


@contextlib.contextmanager
def many(server: WebServer, number: int, sent: bytes = b"") -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as opened:
        yield [opened.enter_context(connect(server, sent)) for _ in range(number)]


def test_idle_and_half_sent_connections_hold_up_nobody() -> None:
    with serving() as server:
        ask(server, "/metrics")
        threads = threading.active_count()
        with many(server, 200), many(server, 50, HALF):
            assert max(seconds_of_a_scrape(server) for _ in range(5)) < 1
            assert threading.active_count() == threads


def test_silent_and_half_sent_requests_are_cut_off() -> None:
    limits = ConnectionLimits(request_seconds=SHORT)
    with serving(limits=limits) as server:
        body_missing = b"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf"
        for sent in (b"", b"G", HALF, body_missing):
            with connect(server, sent) as connection:
                assert read_to_end(connection) == b""


def test_a_trickling_request_does_not_move_its_deadline() -> None:
    with serving(limits=ConnectionLimits(request_seconds=SHORT)) as server, connect(server, HALF) as connection:
        began = time.monotonic()
        connection.settimeout(0.02)
        closed = False
        while not closed and time.monotonic() - began < DEADLINE:
            try:
                connection.sendall(b"x")
                closed = connection.recv(1) == b""
            except TimeoutError:
                continue
            except ConnectionError:
                closed = True
        assert closed


def test_a_second_request_has_a_deadline_of_its_own() -> None:
    with serving(limits=ConnectionLimits(request_seconds=SHORT)) as server, connect(server, SCRAPE) as connection:
        http_body(connection)
        connection.sendall(HALF)
        assert read_to_end(connection) == b""


def test_kept_connections_outlive_the_request_deadline_and_end_some_time() -> None:
    limits = ConnectionLimits(request_seconds=0.1, keep_alive_seconds=1)
    with serving(limits=limits) as server, connect(server, SCRAPE) as kept:
        began = time.monotonic()
        assert read_to_end(kept).endswith(b"up 1\n")
        assert 0.9 < time.monotonic() - began < DEADLINE


def test_pipelined_requests_are_answered_in_turn() -> None:
    exporter = FakeExporter()
    with serving(exporter=exporter) as server:
        last = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        with connect(server, SCRAPE + SCRAPE + last) as connection:
            answers = read_to_end(connection)
        assert answers.count(b"HTTP/1.1 200 ") == 3
        assert answers.endswith(b"healthy\n")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * 2_000_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 2_000_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 400_000 + b"\r\n",
    ],
    ids=["request line", "one header", "many headers"],
)
def test_large_heads_are_refused_while_others_are_served(head: bytes) -> None:
    with serving() as server:
        seconds_of_a_scrape(server)
        before = peak_memory()
        with many(server, 20) as connections:
            began = time.monotonic()
            for connection in connections:
                with contextlib.suppress(ConnectionError):
                    connection.sendall(head)
            assert seconds_of_a_scrape(server) < 1
            answers = [read_to_end(connection) for connection in connections]
            assert time.monotonic() - began < 5
        assert all(answer == b"" or answer.startswith(b"HTTP/1.1 400 ") for answer in answers)
        assert peak_memory() - before < 20 * 1_000_000  # they sent 40 MB


def test_who_has_said_all_and_listens_has_the_whole_answer() -> None:
    asked = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
    with serving(exporter=FakeExporter(b"x" * 5_000_000)) as server, connect(server, asked) as connection:
        connection.shutdown(socket.SHUT_WR)
        answer = read_to_end(connection)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-length: 5000000" in head
    assert len(body) == 5_000_000


def test_a_head_of_the_largest_size_is_taken_and_one_that_has_not_ended_by_then_is_not() -> None:
    begins, ends = b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ", b"\r\n\r\n"
    largest = ConnectionLimits().head_bytes
    with serving() as server:
        with connect(server, begins + b"a" * (largest - len(begins) - len(ends)) + ends) as connection:
            assert read_to_end(connection).startswith(b"HTTP/1.1 200 ")
        with connect(server, begins + b"a" * (largest - len(begins) + 1)) as connection:
            assert read_to_end(connection).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\x01\x00", b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
def test_what_is_no_http_is_refused(sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    limits = ConnectionLimits(request_seconds=SHORT)
    with serving(limits=limits) as server, connect(server, sent) as connection:
        assert read_to_end(connection).startswith(b"HTTP/1.1 400 ")
        seconds_of_a_scrape(server)
    assert not caplog.records


def test_the_longest_silent_connection_makes_room() -> None:
    with serving(limits=ConnectionLimits(connections=10)) as server, many(server, 10) as silent:
        assert seconds_of_a_scrape(server) < 1
        assert read_to_end(silent[0]) == b""
        for connection in silent[1:]:
            connection.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert read_to_end(connection).endswith(b"healthy\n")


def test_a_kept_connection_makes_room_too_but_after_the_silent_ones() -> None:
    with serving(limits=ConnectionLimits(connections=2)) as server:
        kept = http.client.HTTPConnection(*endpoint(server), timeout=DEADLINE)
        with contextlib.closing(kept), connect(server) as silent:
            ask_on(kept, "/-/healthy")
            assert ask(server, "/-/healthy").status == 200
            assert read_to_end(silent) == b""
            assert ask_on(kept, "/-/healthy").status == 200


def test_where_all_are_being_answered_the_next_is_refused() -> None:
    exporter = FakeExporter()
    exporter.may_answer.clear()
    with serving(exporter=exporter, limits=ConnectionLimits(connections=2)) as server:
        try:
            with many(server, 2, SLOW_PAGE) as connections:
                assert all(exporter.began.acquire(timeout=DEADLINE) for _ in connections)
                with connect(server) as refused:
                    answer = read_to_end(refused)
                assert answer.startswith(b"HTTP/1.1 503 ")
                assert answer.endswith(b"\r\n\r\ntoo many connections\n")
                exporter.may_answer.set()
                assert all(read_to_end(connection).endswith(b"}\n") for connection in connections)
            assert ask(server, "/metrics").status == 200
        finally:
            exporter.may_answer.set()


def test_slow_readers_are_cut_off_while_others_are_served() -> None:
    limits = ConnectionLimits(answer_seconds=SHORT)
    with serving(exporter=FakeExporter(body=LARGE), limits=limits) as server, slow_reader(server) as slow:
        wait_for_reset(slow, server)


def wait_for_reset(connection: socket.socket, server: WebServer) -> None:
    """Ask the server other things until it has cut this connection off."""
    deadline = time.monotonic() + DEADLINE
    while not connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
        assert time.monotonic() < deadline, "the slow reader was never cut off"
        assert ask(server, "/-/healthy").status == 200


def http_body(connection: socket.socket) -> bytes:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.read()


def test_an_answer_that_was_read_late_but_in_time_is_whole() -> None:
    with serving(exporter=FakeExporter(body=LARGE)) as server, slow_reader(server) as connection:
        seconds_of_a_scrape(server)
        for _ in range(2):  # the connection is kept, and its deadline is gone with the first answer
            assert http_body(connection) == LARGE
            connection.sendall(SCRAPE)


def test_an_answer_handed_over_whole_has_the_same_deadline() -> None:
    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        body = LARGE if scope["path"] == "/metrics" else b""
        length = str(len(body)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
        await send({"type": "http.response.body", "body": body, "more_body": False})

    with serving(app, limits=ConnectionLimits(answer_seconds=SHORT)) as server, slow_reader(server) as slow:
        wait_for_reset(slow, server)
    with serving(app) as server, slow_reader(server) as late:
        assert http_body(late) == LARGE
        late.sendall(SCRAPE)
        assert http_body(late) == LARGE


def test_slow_readers_share_one_answer() -> None:
    exporter = FakeExporter(body=LARGE)
    limits = ConnectionLimits(answer_seconds=SHORT)
    with serving(exporter=exporter, limits=limits) as server, contextlib.ExitStack() as opened:
        before = peak_memory()
        for _ in range(40):
            opened.enter_context(slow_reader(server))
        assert ask(server, "/-/healthy").status == 200
        assert peak_memory() - before < 40 * len(LARGE) / 4
        assert ask(server, "/metrics").status == 200


def test_stop_finishes_answers_in_flight() -> None:
    exporter = FakeExporter()
    exporter.may_answer.clear()
    with serving(exporter=exporter) as server, connect(server, SLOW_PAGE) as connection, connect(server, HALF) as half:
        assert exporter.began.acquire(timeout=DEADLINE)
        server.stop()
        assert read_to_end(half) == b""  # the server has begun to stop
        with pytest.raises(ConnectionError):
            connect(server)
        exporter.may_answer.set()
        assert read_to_end(connection).endswith(b"}\n")


def test_stop_does_not_wait_for_ever() -> None:
    stuck = FakeExporter()
    stuck.may_answer.clear()
    large = FakeExporter(body=LARGE)
    began = time.monotonic()
    with contextlib.ExitStack() as opened:
        for exporter in (stuck, large):
            with serving(exporter=exporter, grace_seconds=0) as server:
                opened.enter_context(slow_reader(server, SLOW_PAGE if exporter is stuck else SCRAPE))
                assert exporter.began.acquire(timeout=DEADLINE)
    stuck.may_answer.set()
    assert time.monotonic() - began < 3


def test_stop_before_run_ends_it_at_once() -> None:
    server = WebServer(Application(FakeExporter(), clock=FixedClock()), listen_on(["127.0.0.1:0"]))
    server.stop()
    server.run()
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_signal_handlers_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_signals(*_: Any) -> None:
        raise AssertionError("the server touched a signal handler")

    monkeypatch.setattr("signal.signal", no_signals)
    server = WebServer(Application(FakeExporter(), clock=FixedClock()), listen_on(["127.0.0.1:0"]))

    def ask_and_stop() -> None:
        ask(server, "/-/healthy")
        server.stop()

    answered = threading.Thread(target=ask_and_stop)
    answered.start()
    server.run()  # in the main thread, as the command does
    answered.join(DEADLINE)


def test_an_application_that_fails_ends_its_connection_only(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        if scope["path"] == "/fail":
            raise RuntimeError("secret")
        await _send({"type": "http.response.start", "status": 204, "headers": []})
        await _send({"type": "http.response.body", "body": b"", "more_body": False})

    with serving(app) as server:
        assert ask(server, "/fail").status == 500
        assert ask(server, "/").status == 204
    assert "secret" not in caplog.text


def test_a_client_that_resets_leaves_no_trace(caplog: pytest.LogCaptureFixture) -> None:
    with serving(exporter=FakeExporter(body=LARGE)) as server:
        connection = slow_reader(server)
        assert connection.recv(1) == b"H"
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        assert ask(server, "/metrics").body == LARGE
    assert not caplog.records


def test_the_limits_are_generous_enough_for_scrapes() -> None:
    limits = replace(ConnectionLimits())
    assert limits.keep_alive_seconds > 60  # the usual scrape interval
    assert limits.request_seconds <= 10


def test_a_server_that_something_ended_runs_again_on_the_same_address() -> None:
    beats: list[None] = []
    server = WebServer(
        Application(FakeExporter(), clock=FixedClock()), listen_on(["127.0.0.1:0"]), beat=lambda: beats.append(None)
    )
    supervisor = Supervisor(time.monotonic, ListLog(), pause=lambda _: None)
    thread = supervisor.start(ThreadKind.WEB, lambda _: server.run())
    try:
        assert ask(server, "/-/healthy").status == 200
        running = server._server
        assert running is not None

        async def end(counter: int) -> bool:
            raise RuntimeError(f"a bug at tick {counter}")

        running.on_tick = end  # type: ignore[method-assign]
        until = time.monotonic() + DEADLINE
        while server._server is running:
            assert time.monotonic() < until, "it was not started again"
        assert ask(server, "/-/healthy").status == 200
        assert beats
        assert supervisor.errors()["web"] == 1
    finally:
        server.stop()
        thread.join(DEADLINE)
    assert not thread.is_alive()
