"""One request over real sockets: bounded in time and size, never redirected, never retried."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from northbound_support import FINE, FarSide, Request, closing_after, reply, saying

from fusionsolar_exporter.northbound.auth import NOBODY, session_auth
from fusionsolar_exporter.northbound.bounds import BOUNDS
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.transport import HttpTransport, RawAnswer, TransportSettings

SHORT = 0.3
LATE = 2.0  # a busy machine still answers within; a request that is not cut would take longer


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def post(url: str, *, timeout: float = 5.0, token: str | None = None) -> RawAnswer:
    transport = HttpTransport(TransportSettings(url, timeout=timeout))
    try:
        return transport.post("login", {"userName": "u"}, session_auth(token) if token else NOBODY)
    finally:
        transport.close()


def failure(url: str, *, timeout: float = 5.0) -> NorthboundError:
    with pytest.raises(NorthboundError) as caught:
        post(url, timeout=timeout)
    return caught.value


@pytest.fixture
def refusing_port() -> Iterator[int]:
    """A port that nobody listens on, kept so by a socket that is bound to it."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_a_request_and_its_answer() -> None:
    answer = reply(FINE, "Content-Type: application/json;charset=UTF-8", "xsrf-token: t-1")
    with FarSide(saying(answer)).running() as far:
        raw = post(far.url + "/", token="t-0")
    assert raw == RawAnswer(200, FINE, "application/json;charset=UTF-8", "t-1")
    (request,) = far.requests
    assert request.line == "POST /thirdData/login HTTP/1.1"
    assert json.loads(request.body) == {"userName": "u"}
    assert request.headers["xsrf-token"] == "t-0"
    assert request.headers["content-type"] == "application/json"


def test_without_a_token_none_is_sent() -> None:
    with FarSide(saying(reply())).running() as far:
        assert post(far.url).token == ""
    assert "xsrf-token" not in far.requests[0].headers


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        (("XSRF-TOKEN: head",), "head"),
        (("Xsrf-Token: head", "Set-Cookie: XSRF-TOKEN=cookie; Path=/"), "head"),
        (("Set-Cookie: XSRF-TOKEN=cookie; Path=/; Secure; HttpOnly",), "cookie"),
        (("Set-Cookie: JSESSIONID=x", "Set-Cookie: XSRF-TOKEN=cookie"), "cookie"),
        (("Set-Cookie: XSRF-TOKEN=one; Path=/", "Set-Cookie: XSRF-TOKEN=two; Path=/thirdData"), "two"),
        (("Set-Cookie: JSESSIONID=x",), ""),
    ],
)
def test_the_token_comes_from_the_header_else_from_the_cookie(headers: tuple[str, ...], token: str) -> None:
    with FarSide(saying(reply(FINE, *headers))).running() as far:
        assert post(far.url).token == token


def test_cookies_are_not_kept() -> None:
    with FarSide(saying(reply(FINE, "Set-Cookie: XSRF-TOKEN=a; Path=/", "Set-Cookie: JSESSIONID=b"))).running() as far:
        transport = HttpTransport(TransportSettings(far.url))
        for _ in range(2):
            transport.post("login", {}, session_auth("mine"))
        transport.close()
    assert [request.headers.get("cookie") for request in far.requests] == [None, None]
    assert [request.headers["xsrf-token"] for request in far.requests] == ["mine", "mine"]


def test_a_connection_is_used_again() -> None:
    with FarSide(saying(reply())).running() as far:
        transport = HttpTransport(TransportSettings(far.url))
        for _ in range(3):
            transport.post("stations", {}, NOBODY)
        transport.close()
    assert [request.connection for request in far.requests] == [1, 1, 1]


def test_a_connection_that_the_server_closed_while_idle_is_replaced() -> None:
    closed = threading.Event()

    class Closing(FarSide):
        def _serve(self, plain: socket.socket, number: int) -> None:
            super()._serve(plain, number)
            closed.set()

    with Closing(closing_after(reply())).running() as far:
        transport = HttpTransport(TransportSettings(far.url))
        transport.post("stations", {}, NOBODY)
        assert closed.wait(LATE)
        assert transport.post("stations", {}, NOBODY).status == 200
        transport.close()
    assert [request.connection for request in far.requests] == [1, 2]


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Moved"])
def test_a_redirect_is_not_followed(status: str) -> None:
    with FarSide(saying(reply(b"", "Location: /elsewhere", status=status))).running() as far:
        assert post(far.url).status == int(status[:3])
    assert len(far.requests) == 1


def silence(far: FarSide, _sock: socket.socket) -> None:
    far.hang()


def slow_status(far: FarSide, sock: socket.socket) -> None:
    far.drip(sock, b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500)


def slow_headers(far: FarSide, sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n")
    far.drip(sock, b"X-Slow: " + b"y" * 5000)


def slow_body(far: FarSide, sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    far.drip(sock, b" " * 5000)


def slow_chunks(far: FarSide, sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    far.drip(sock, b"1\r\na\r\n" * 5000)


def stalled_body(far: FarSide, sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nabc")
    far.hang()


def endless_body(far: FarSide, sock: socket.socket) -> None:
    sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not far.closing.wait(0.01):
        sock.sendall(b" " * 1000)


@pytest.mark.parametrize(
    "behave", [silence, slow_status, slow_headers, slow_body, slow_chunks, stalled_body, endless_body]
)
def test_the_time_holds_for_the_whole_request(behave: Callable[[FarSide, socket.socket], None]) -> None:
    def respond(sock: socket.socket, _request: Request) -> bool:
        behave(far, sock)
        return False

    far = FarSide(respond)
    with far.running():
        began = time.monotonic()
        error = failure(far.url, timeout=SHORT)
        took = time.monotonic() - began
    assert (error.reason, error.sent) == (Reason.TIMEOUT, True)
    assert error.message == "no whole answer within 0.3 s"
    assert SHORT * 0.9 < took < LATE
    assert len(far.requests) == 1


def test_the_time_holds_for_all_addresses_of_a_name_together(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        queue = [socket.socket() for _ in range(8)]
        try:
            for waiting in queue:  # they fill the queue of the listener: who comes next waits for ever
                waiting.setblocking(False)
                waiting.connect_ex(address)
            info = (socket.AF_INET, socket.SOCK_STREAM, 6, "", address)
            monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_named: [info] * 6)
            began = time.monotonic()
            error = failure(f"http://far.example:{address[1]}", timeout=SHORT)
            took = time.monotonic() - began
        finally:
            for waiting in queue:
                waiting.close()
    assert (error.reason, error.sent) == (Reason.TIMEOUT, False)
    assert took < SHORT * 3


def test_any_length_of_time_may_be_configured() -> None:
    with FarSide(saying(reply())).running() as far:
        assert post(far.url, timeout=1e15).status == 200
        assert failure(far.url, timeout=1e-9).reason is Reason.TIMEOUT


def test_after_a_time_out_the_next_request_has_its_own_time() -> None:
    def respond(sock: socket.socket, request: Request) -> bool:
        if request.connection == 1:
            far.hang()
        sock.sendall(reply())
        return True

    far = FarSide(respond)
    with far.running():
        transport = HttpTransport(TransportSettings(far.url, timeout=SHORT))
        with pytest.raises(NorthboundError):
            transport.post("stations", {}, NOBODY)
        assert transport.post("stations", {}, NOBODY).status == 200
        transport.close()


def test_a_refused_connection_was_never_sent(refusing_port: int) -> None:
    error = failure(f"http://127.0.0.1:{refusing_port}")
    assert (error.reason, error.sent) == (Reason.CONNECTION, False)
    assert error.message == "no connection: Connection refused"


def test_an_unknown_name_was_never_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_named: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    error = failure("http://far.example")
    assert (error.reason, error.sent) == (Reason.CONNECTION, False)
    assert "Name or service not known" in error.message


@pytest.mark.parametrize("resets", [False, True])
@pytest.mark.parametrize("content", [b"", b"HTTP/1.1 200 OK\r\nContent-Le"])
def test_a_connection_closed_before_the_answer_is_counted_and_not_retried(content: bytes, *, resets: bool) -> None:
    with FarSide(closing_after(content), resets=resets).running() as far:
        error = failure(far.url)
    assert (error.reason, error.sent) == (Reason.CONNECTION, True)
    assert len(far.requests) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\x00\xff\x00\xff\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
    ],
    ids=["cut", "cut-chunk", "bad-chunk", "bad-gzip", "ssh", "binary", "many-headers", "long-header", "bad-status"],
)
def test_what_is_no_whole_http_answer_is_a_bad_response(content: bytes) -> None:
    with FarSide(closing_after(content)).running() as far:
        error = failure(far.url)
    assert (error.reason, error.sent) == (Reason.BAD_RESPONSE, True)
    assert len(far.requests) == 1


def test_an_answer_of_the_largest_size_is_taken_and_one_byte_more_is_not() -> None:
    most = BOUNDS[Interface.LOGIN].size
    with FarSide(saying(reply(b" " * most), reply(b" " * (most + 1)))).running() as far:
        assert len(post(far.url).body) == most
        error = failure(far.url)
    assert (error.reason, error.sent) == (Reason.BAD_RESPONSE, True)
    assert error.message == "an answer of more than 1 MiB"


def test_a_small_answer_that_unpacks_to_a_large_one_is_refused() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    with FarSide(saying(reply(bomb, "Content-Encoding: gzip"))).running() as far:
        error = failure(far.url)
    assert error.reason is Reason.BAD_RESPONSE


def test_a_packed_answer_is_unpacked() -> None:
    with FarSide(saying(reply(gzip.compress(FINE), "Content-Encoding: gzip"))).running() as far:
        assert post(far.url).body == FINE


def test_netrc_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with FarSide(saying(reply())).running() as far:
        post(far.url)
    assert "authorization" not in far.requests[0].headers


@pytest.mark.parametrize("token", ["with\nnewline", " leading"])
def test_a_token_that_no_header_can_hold_is_a_bad_response(token: str) -> None:
    with FarSide(saying(reply())).running() as far:
        transport = HttpTransport(TransportSettings(far.url))
        with pytest.raises(NorthboundError) as caught:
            transport.post("stations", {}, session_auth(token))
        transport.close()
    assert caught.value.reason is Reason.BAD_RESPONSE
    assert token not in str(caught.value)


def test_a_password_never_shows_in_the_settings() -> None:
    settings = TransportSettings("http://far.example", proxy_url="http://user:hunter2@proxy.example:3128")
    assert "hunter2" not in repr(settings)
