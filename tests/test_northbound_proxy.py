"""Proxies: the configured one, else those of the environment."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from northbound_support import FINE, FarSide, Request, reply, saying

from fusionsolar_exporter.northbound.auth import NOBODY
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.transport import HttpTransport, RawAnswer, TransportSettings

PLAIN = "http://far.example:8080"


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def proxy() -> Iterator[FarSide]:
    """A proxy for plain HTTP that answers itself."""
    with FarSide(saying(reply())).running() as far:
        yield far


def post(settings: TransportSettings) -> RawAnswer:
    transport = HttpTransport(settings)
    try:
        return transport.post("login", {}, NOBODY)
    finally:
        transport.close()


def failure(settings: TransportSettings) -> NorthboundError:
    with pytest.raises(NorthboundError) as caught:
        post(settings)
    return caught.value


def test_the_configured_proxy_is_used(proxy: FarSide) -> None:
    assert post(TransportSettings(PLAIN, proxy_url=proxy.url)).body == FINE
    assert proxy.requests[0].line == f"POST {PLAIN}/thirdData/login HTTP/1.1"


def test_the_configured_proxy_gets_its_credentials(proxy: FarSide) -> None:
    post(TransportSettings(PLAIN, proxy_url=proxy.url.replace("//", "//user:pass@")))
    assert proxy.requests[0].headers["proxy-authorization"] == "Basic dXNlcjpwYXNz"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_proxy_of_the_environment_is_followed(proxy: FarSide, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, proxy.url)
    assert post(TransportSettings(PLAIN)).body == FINE
    assert len(proxy.requests) == 1


def test_no_proxy_of_the_environment_is_followed(proxy: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,other.example")
    with FarSide(saying(reply())).running() as far:
        post(TransportSettings(far.url))
        assert len(far.requests) == 1
    assert proxy.requests == []


def test_the_configured_proxy_goes_before_no_proxy(proxy: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "far.example")
    post(TransportSettings(PLAIN, proxy_url=proxy.url))
    assert len(proxy.requests) == 1


def test_https_goes_through_a_tunnel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("far.example").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)

    def tunnel(sock: socket.socket, _request: Request) -> bool:
        sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with context.wrap_socket(sock.dup(), server_side=True) as inner:
            received = b""
            while not received.endswith(b"}"):  # what is left unread would turn the closing into a reset
                received += inner.recv(65_536)
            inner.sendall(reply())
        return False

    with FarSide(tunnel).running() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert post(TransportSettings("https://far.example", ca_file=str(ca_file))).body == FINE
    assert proxy.requests[0].line.startswith("CONNECT far.example:443 HTTP/")


def test_a_proxy_that_refuses_the_tunnel_sends_nothing_on() -> None:
    refusal = reply(b"", status="407 Proxy Authentication Required")
    with FarSide(saying(refusal)).running() as proxy:
        error = failure(TransportSettings("https://far.example", proxy_url=proxy.url.replace("//", "//user:hunter2@")))
    assert (error.reason, error.sent) == (Reason.CONNECTION, False)
    assert "407 Proxy Authentication Required" in error.message
    assert "hunter2" not in error.message


def test_a_proxy_that_is_not_there_sends_nothing_on() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        settings = TransportSettings("https://far.example", proxy_url=f"http://127.0.0.1:{bound.getsockname()[1]}")
        error = failure(settings)
    assert (error.reason, error.sent) == (Reason.CONNECTION, False)
    assert "Connection refused" in error.message


@pytest.mark.parametrize("value", ["foo:bar:baz", "http://", "ftp://x", "http://user:hunter2@[::1", "socks5://x:1"])
def test_a_proxy_of_the_environment_that_cannot_be_used_is_named(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    error = failure(TransportSettings("https://far.example"))
    assert (error.reason, error.sent) == (Reason.CONNECTION, False)
    assert "the proxy cannot be used that the environment names: see HTTPS_PROXY" in error.message
    assert "hunter2" not in str(error)


def test_a_socks_proxy_of_the_environment_is_never_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    with FarSide(saying(reply())).running() as far:
        monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
        assert not failure(TransportSettings(far.url)).sent
    assert far.requests == []
