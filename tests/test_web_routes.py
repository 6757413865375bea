"""The routes, as a client sees them over a real connection."""

import contextlib
import gzip
import http.client
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
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

from fusionsolar_exporter.web.application import MAX_BODY_BYTES, Application
from fusionsolar_exporter.web.server import WebServer

BODY = b"# HELP up Is it.\n# TYPE up gauge\n" + b"".join(b'up{n="%d"} 1.0\n' % n for n in range(5000))
exporter = FakeExporter(body=BODY)


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with serving(exporter=exporter) as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh_exporter() -> None:
    exporter.__init__(body=BODY)  # type: ignore[misc] # the module's server keeps its exporter


def test_metrics_are_text_by_default(server: WebServer) -> None:
    answer = ask(server, "/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.headers["Vary"] == "Accept, Accept-Encoding"
    assert "Content-Encoding" not in answer.headers
    (family,) = text_string_to_metric_families(answer.text)
    assert len(family.samples) == 5000
    assert exporter.asked == [(False, None, None)]


def test_metrics_are_openmetrics_where_that_is_preferred(server: WebServer) -> None:
    answer = ask(server, "/metrics", accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    assert exporter.asked == [(True, None, None)]


def test_accept_may_be_spread_over_several_headers(server: WebServer) -> None:
    connection = connect(
        server,
        b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        b"Accept: text/plain;q=0.1\r\nAccept: application/openmetrics-text\r\n\r\n",
    )
    with connection:
        assert b"content-type: application/openmetrics-text; version=1.0.0" in read_to_end(connection)


def test_gzip_holds_the_same_bytes(server: WebServer) -> None:
    answer = ask(server, "/metrics", accept_encoding="gzip")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(answer.body) < len(BODY) / 4
    assert gzip.decompress(answer.body) == BODY


@pytest.mark.parametrize(
    ("query", "accounts", "names"),
    [
        ("account=a", {"a"}, None),
        ("account=a&account=b%20c", {"a", "b c"}, None),
        ("name[]=up&name%5B%5D=x_total", None, {"up", "x_total"}),
        ("account=%C3%A9&name[]=up&other=1", {"é"}, {"up"}),
        ("account=", {""}, None),
        ("name=up&", None, None),
    ],
)
def test_queries_select(server: WebServer, query: str, accounts: set[str] | None, names: set[str] | None) -> None:
    assert ask(server, f"/metrics?{query}").status == 200
    assert exporter.asked == [(False, accounts, names)]


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/v1/status", "/-/healthy", "/-/ready", "/nowhere"])
def test_head_is_get_without_its_body(server: WebServer, path: str) -> None:
    got = ask(server, path)
    head = ask(server, path, "HEAD")
    assert head.body == b""
    assert head.status == got.status
    assert int(head.headers["Content-Length"]) == len(got.body)
    assert head.headers.items() == got.headers.items() or head.headers["Date"] != got.headers["Date"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/-/reload", "POST, PUT"), ("HEAD", "/-/reload", "POST, PUT"), ("POST", "/metrics", "GET, HEAD")]
    + [(method, "/", "GET, HEAD") for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "BREW")],
)
def test_a_wrong_method_is_405(server: WebServer, method: str, path: str, allowed: str) -> None:
    answer = ask(server, path, method)
    assert answer.status == 405
    assert answer.headers["Allow"] == allowed
    assert answer.body.count(b"\n") == (0 if method == "HEAD" else 1)
    assert exporter.reloads == 0


@pytest.mark.parametrize("path", ["/nowhere", "/metrics/", "//", "/-/", "/%0d%0aX-Evil:%201", "/favicon.ico"])
def test_an_unknown_path_is_404_on_one_line(server: WebServer, path: str) -> None:
    answer = ask(server, path)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert len(answer.text.splitlines()) == 1
    assert "X-Evil" not in answer.headers


def test_every_answer_forbids_guessing_its_type(server: WebServer) -> None:
    for path in ("/", "/metrics", "/nowhere", "/api/v1/status"):
        answer = ask(server, path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Date"]
        assert "Server" not in answer.headers


def test_connections_are_kept_open(server: WebServer) -> None:
    connection = http.client.HTTPConnection(*endpoint(server), timeout=DEADLINE)
    with contextlib.closing(connection):
        connection.connect()
        first = connection.sock
        for path in ("/metrics", "/-/healthy", "/nowhere", "/", "/metrics"):
            ask_on(connection, path)
            assert connection.sock is first


def test_the_telemetry_path_can_be_chosen() -> None:
    app = Application(FakeExporter(), clock=FixedClock(), telemetry_path="/fusion")
    with serving(app) as elsewhere:
        assert ask(elsewhere, "/fusion").text.endswith("up 1\n")
        assert ask(elsewhere, "/metrics").status == 404
        assert 'href="fusion"' in ask(elsewhere, "/").text


def test_health(server: WebServer) -> None:
    answer = ask(server, "/-/healthy")
    assert (answer.status, answer.text) == (200, "healthy\n")


def test_readiness(server: WebServer) -> None:
    assert (ask(server, "/-/ready").status, ask(server, "/-/ready").text) == (200, "ready\n")
    exporter.waiting = ["b", "c\nd"]
    answer = ask(server, "/-/ready")
    assert answer.status == 503
    assert answer.text == "not ready: waiting for the first answer or failure of: b, c d\n"


def test_a_thread_that_does_not_run_makes_it_unhealthy(server: WebServer) -> None:
    exporter.ailing = ["the thread render has not run for 400 s"]
    answer = ask(server, "/-/healthy")
    assert (answer.status, answer.text) == (503, "the thread render has not run for 400 s\n")


def test_neither_readiness_nor_a_reload_waits_behind_pages(server: WebServer) -> None:
    exporter.may_answer.clear()
    try:
        with contextlib.ExitStack() as opened:
            for _ in range(10):
                opened.enter_context(connect(server, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
            assert exporter.began.acquire(timeout=DEADLINE)
            assert ask(server, "/-/ready").status == 200
            assert ask(server, "/-/reload", "PUT", content_length="0").status == 200
    finally:
        exporter.may_answer.set()


@pytest.mark.parametrize("target", ["http://a/-/healthy", "HTTP://a:10035/-/healthy", "https://b/-/healthy?x=1"])
def test_an_absolute_request_target_means_its_path(server: WebServer, target: str) -> None:
    with connect(server, f"GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()) as connection:
        assert read_to_end(connection).endswith(b"\r\n\r\nhealthy\n")


def test_an_absolute_request_target_without_a_path_is_the_first_page(server: WebServer) -> None:
    with connect(server, b"GET http://a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") as connection:
        assert b"<!DOCTYPE html>" in read_to_end(connection)


def test_a_reload_that_breaks_says_why(server: WebServer) -> None:
    exporter.problems, exporter.broken = ["internal error: KeyError"], True
    answer = ask(server, "/-/reload", "POST")
    assert (answer.status, answer.text) == (500, "internal error: KeyError\n")


def test_a_reload_that_works(server: WebServer) -> None:
    answer = ask(server, "/-/reload", "POST", content_length="0")
    assert (answer.status, answer.text) == (200, "configuration reloaded\n")
    assert exporter.reloads == 1


def test_a_reload_that_is_refused_says_every_problem_on_its_line(server: WebServer) -> None:
    exporter.problems = ["accounts[0].url: expected a URL", "limits.\nunknown: unknown key"]
    answer = ask(server, "/-/reload", "POST")
    assert answer.status == 400
    assert answer.text == "accounts[0].url: expected a URL\nlimits. unknown: unknown key\n"


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        ("http://exporter:10035", "exporter:10035", 200),
        ("HTTP://Exporter:10035", "exporter:10035", 200),
        ("http://exporter", "exporter:80", 200),
        ("https://exporter", "exporter", 200),
        ("http://[::1]:10035", "[::1]:10035", 200),
        ("http://evil", "exporter:10035", 403),
        ("http://exporter:10036", "exporter:10035", 403),
        ("http://exporter", "exporter:10035", 403),
        ("http://exporter.evil:10035", "exporter:10035", 403),
        ("http://user@exporter:10035", "exporter:10035", 403),
        ("null", "exporter:10035", 403),
        ("null", "null", 403),
        ("file://", "exporter:10035", 403),
        ("http://[", "exporter:10035", 403),
        ("chrome-extension://abc", "abc", 403),
    ],
)
def test_a_reload_from_another_site_is_refused(server: WebServer, origin: str, host: str, status: int) -> None:
    request = f"POST /-/reload HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: close\r\n\r\n"
    with connect(server, request.encode()) as connection:
        assert read_to_end(connection).startswith(f"HTTP/1.1 {status} ".encode())
    assert exporter.reloads == (status == 200)


@pytest.mark.parametrize("declared", ["content-length: 70000", "transfer-encoding: chunked"])
def test_a_large_body_is_refused(server: WebServer, declared: str) -> None:
    body = b"x" * 70000 if "length" in declared else b"11170\r\n" + b"x" * 70000 + b"\r\n0\r\n\r\n"
    assert MAX_BODY_BYTES < 70000
    head = f"POST /-/reload HTTP/1.1\r\nHost: a\r\n{declared}\r\n\r\n".encode()
    with connect(server, head + body) as connection:
        assert read_to_end(connection).startswith(b"HTTP/1.1 413 ")
    assert exporter.reloads == 0


def test_a_small_body_is_ignored(server: WebServer) -> None:
    request = b"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
    with connect(server, request) as connection:
        assert read_to_end(connection).startswith(b"HTTP/1.1 200 ")


def test_a_failure_inside_is_500_and_logged(server: WebServer, caplog: pytest.LogCaptureFixture) -> None:
    exporter.failure = RuntimeError("a bug with details")
    answer = ask(server, "/metrics")
    assert answer.status == 500
    assert answer.text == "the answer could not be made; the log says why\n"
    (record,) = caplog.records
    assert record.name == "fusionsolar_exporter.web.application"
    exporter.failure = None
    assert ask(server, "/metrics").status == 200


header_bytes = st.binary().map(
    lambda value: bytes(byte for byte in value if byte not in b"\0\r\n\x0b\x0c").strip(b" \t")
)


@given(accept=header_bytes, encoding=header_bytes)
def test_no_header_makes_an_error(server: WebServer, accept: bytes, encoding: bytes) -> None:
    connection = connect(
        server,
        b"GET /metrics?name[]=x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        b"Accept: " + accept + b"\r\nAccept-Encoding: " + encoding + b"\r\n\r\n",
    )
    with connection:
        head, _, _ = read_to_end(connection).partition(b"\r\n\r\n")
    legal = all(byte == 9 or (byte >= 32 and byte != 127) for byte in accept + encoding)
    if legal:
        assert head.startswith(b"HTTP/1.1 200 ")
    else:
        assert head[9:12] in {b"200", b"400"}  # control characters are no HTTP


def test_a_client_that_goes_away_is_not_worked_for(server: WebServer) -> None:
    exporter.may_answer.clear()
    request = b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\n\r\n"
    try:
        with connect(server, request), connect(server, request):
            assert exporter.began.acquire(timeout=DEADLINE)
            queued = [connect(server, request) for _ in range(20)]
            assert ask(server, "/-/healthy").status == 200  # later than the requests of those in the queue
            for connection in queued:
                connection.close()
            assert ask(server, "/-/healthy").status == 200  # later than their going away
        with connect(server, request), connect(server, request):  # in the place of the first two, behind their threads
            assert ask(server, "/-/healthy").status == 200
        assert ask(server, "/-/healthy").status == 200
        exporter.may_answer.set()
        assert ask(server, "/-/ready").status == 200
    finally:
        exporter.may_answer.set()
    assert exporter.asked_views <= 3 + 2  # one or two of those that left may just have had their turn


def test_pages_share_few_threads_and_scrapes_need_none(server: WebServer) -> None:
    exporter.may_answer.clear()
    request = b"GET /api/v1/status HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    before = threading.active_count()
    connections = [connect(server, request) for _ in range(30)]
    try:
        assert exporter.began.acquire(timeout=DEADLINE)
        assert ask(server, "/metrics").status == 200
        assert threading.active_count() == before
        assert exporter.asked_views <= 2
    finally:
        exporter.may_answer.set()
        answers = [read_to_end(connection) for connection in connections]
        for connection in connections:
            connection.close()
    assert all(answer.startswith(b"HTTP/1.1 200 ") for answer in answers)
    assert exporter.asked_views == 30
