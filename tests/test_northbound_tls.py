"""TLS over real sockets: who is trusted, what a refusal says, and whether it can have been counted."""

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme
from northbound_support import FarSide, Request, closing_after, reply, saying

from fusionsolar_exporter.northbound.auth import NOBODY
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.transport import HttpTransport, TransportSettings
from fusionsolar_exporter.refresh.reporting.advice import advice_for

SHORT = 0.3


@dataclass(frozen=True)
class Papers:
    """A certificate authority, what it signed, and the files of both."""

    authority: trustme.CA
    ca_file: str
    cert_file: str
    key_file: str

    def server(self, *, client_certificate: bool = False, expired: bool = False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        yesterday = dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=1)
        self.authority.issue_cert("127.0.0.1", not_after=yesterday if expired else None).configure_cert(context)
        if client_certificate:
            self.authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    folder: Path = tmp_path_factory.mktemp("papers")
    authority = trustme.CA()
    client = authority.issue_cert("client@far.example")
    files = [folder / name for name in ("ca.pem", "cert.pem", "key.pem")]
    authority.cert_pem.write_to_path(files[0])
    client.cert_chain_pems[0].write_to_path(files[1])
    client.private_key_pem.write_to_path(files[2])
    return Papers(authority, *map(str, files))


@contextmanager
def far_side(tls: ssl.SSLContext) -> Iterator[FarSide]:
    with FarSide(saying(reply()), tls=tls).running() as far:
        yield far


def post(settings: TransportSettings) -> int:
    transport = HttpTransport(settings)
    try:
        return transport.post("login", {}, NOBODY).status
    finally:
        transport.close()


def failure(settings: TransportSettings) -> NorthboundError:
    with pytest.raises(NorthboundError) as caught:
        post(settings)
    return caught.value


def test_a_certificate_of_an_unknown_authority_is_refused(papers: Papers) -> None:
    with far_side(papers.server()) as far:
        error = failure(TransportSettings(far.url))
    assert (error.reason, error.sent) == (Reason.TLS, False)
    assert "certificate" in error.message
    assert far.requests == []


def test_the_right_authority_is_trusted(papers: Papers) -> None:
    with far_side(papers.server()) as far:
        assert post(TransportSettings(far.url, ca_file=papers.ca_file)) == 200


def test_an_authority_of_the_environment_is_not_trusted(papers: Papers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", papers.ca_file)
    monkeypatch.setenv("CURL_CA_BUNDLE", papers.ca_file)
    with far_side(papers.server()) as far:
        assert failure(TransportSettings(far.url)).reason is Reason.TLS


def test_an_expired_certificate_is_refused(papers: Papers) -> None:
    with far_side(papers.server(expired=True)) as far:
        error = failure(TransportSettings(far.url, ca_file=papers.ca_file))
    assert (error.reason, error.sent, error.message) == (Reason.TLS, False, "TLS: certificate has expired")


def test_a_certificate_for_another_host_is_refused(papers: Papers) -> None:
    with far_side(papers.server()) as far:
        error = failure(TransportSettings(f"https://localhost:{far.port}", ca_file=papers.ca_file))
    assert (error.reason, error.sent) == (Reason.TLS, False)
    assert "localhost" in error.message


def test_verification_can_be_turned_off(papers: Papers) -> None:
    with far_side(papers.server(expired=True)) as far, pytest.warns(match="Unverified HTTPS request"):
        assert post(TransportSettings(far.url, verify=False)) == 200


def test_a_demanded_client_certificate(papers: Papers) -> None:
    with far_side(papers.server(client_certificate=True)) as far:
        settings = TransportSettings(far.url, ca_file=papers.ca_file)
        assert failure(settings).reason in {Reason.TLS, Reason.CONNECTION}
        assert far.requests == []
        right = TransportSettings(far.url, ca_file=papers.ca_file, cert_file=papers.cert_file, key_file=papers.key_file)
        assert post(right) == 200


def test_certificate_and_key_may_stand_in_one_file(papers: Papers, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_text(Path(papers.cert_file).read_text() + Path(papers.key_file).read_text())
    with far_side(papers.server(client_certificate=True)) as far:
        assert post(TransportSettings(far.url, ca_file=papers.ca_file, cert_file=str(both))) == 200


def test_files_that_are_gone_are_named_and_nothing_is_sent(papers: Papers) -> None:
    with far_side(papers.server()) as far:
        for settings in (
            TransportSettings(far.url, ca_file="/gone/ca.pem"),
            TransportSettings(far.url, cert_file="/gone/cert.pem"),
        ):
            error = failure(settings)
            assert (error.reason, error.sent) == (Reason.TLS, False)
            assert "/gone/" in error.message


def test_a_server_that_speaks_no_tls(papers: Papers) -> None:
    del papers

    def respond(sock: socket.socket, _request: Request) -> bool:
        sock.sendall(reply())
        return True

    with FarSide(respond).running() as far:
        error = failure(TransportSettings(far.url.replace("http:", "https:"), timeout=SHORT))
    assert (error.reason, error.sent) in {(Reason.TLS, False), (Reason.TIMEOUT, False)}


def test_an_alert_after_the_request_may_have_been_counted(papers: Papers) -> None:
    def respond(sock: socket.socket, _request: Request) -> bool:
        socket.socket.sendall(sock, b"\x17\x03\x03\x00\x20" + b"x" * 32)  # a record that nobody can decrypt
        far.hang()
        return False

    far = FarSide(respond, tls=papers.server())
    with far.running():
        error = failure(TransportSettings(far.url, ca_file=papers.ca_file))
    assert (error.reason, error.sent) == (Reason.TLS, True)


def test_an_end_without_a_farewell_after_the_request_may_have_been_counted(papers: Papers) -> None:
    with FarSide(
        closing_after(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"), tls=papers.server()
    ).running() as far:
        error = failure(TransportSettings(far.url, ca_file=papers.ca_file))
    assert (error.reason, error.sent) == (Reason.BAD_RESPONSE, True)


@pytest.mark.parametrize("part", ["headers", "body"])
def test_the_time_holds_over_tls(papers: Papers, part: str) -> None:
    def respond(sock: socket.socket, _request: Request) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n" + (b"\r\n" if part == "body" else b"X-Slow: "))
        far.drip(sock, b"y" * 5000)
        return False

    far = FarSide(respond, tls=papers.server())
    with far.running():
        began = time.monotonic()
        error = failure(TransportSettings(far.url, ca_file=papers.ca_file, timeout=SHORT))
        took = time.monotonic() - began
    assert (error.reason, error.sent) == (Reason.TIMEOUT, True)
    assert took < SHORT * 5


def test_the_time_holds_while_the_greeting_drips(papers: Papers) -> None:
    del papers

    def respond(sock: socket.socket, _request: Request) -> bool:  # a client hello reads as one odd line
        del sock
        return True

    class Dripping(FarSide):
        def _talk(self, sock: socket.socket, number: int) -> None:
            del number
            self.drip(sock, b"\x16\x03\x03\x10\x00" + b"x" * 5000)

    with Dripping(respond).running() as far:
        began = time.monotonic()
        error = failure(TransportSettings(f"https://127.0.0.1:{far.port}", timeout=SHORT))
        took = time.monotonic() - began
    assert (error.reason, error.sent) in {(Reason.TIMEOUT, False), (Reason.TLS, False)}
    assert took < SHORT * 5


def test_tls_where_the_far_side_speaks_none_is_told_as_that() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            sock, _ = listener.accept()
            with sock:
                sock.recv(1)
                sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                sock.recv(10_000)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        error = failure(TransportSettings(f"https://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join(10)
    assert (error.reason, error.sent) == (Reason.TLS, False)
    assert "write http:// in url" in error.message
    assert advice_for(error) == "correct the scheme or the port in url"


def test_http_where_the_far_side_speaks_tls_is_told_as_that() -> None:
    def alert(sock: socket.socket, _request: Request) -> bool:
        sock.sendall(b"\x15\x03\x03\x00\x02\x02\x16")
        return False

    with FarSide(alert).running() as far:
        transport = HttpTransport(TransportSettings(far.url, timeout=5))
        with pytest.raises(NorthboundError) as caught:
            transport.post("login", {}, NOBODY)
    assert caught.value.reason is Reason.BAD_RESPONSE
    assert "write https:// in url" in caught.value.message


def der(pem: bytes) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem.decode())


def test_authorities_and_the_servers_own_certificate_are_trusted_in_every_form(tmp_path: Path) -> None:
    authority = trustme.CA()
    middle = authority.create_child_ca()
    issued = middle.issue_cert("127.0.0.1")
    leaf, root = issued.cert_chain_pems[0].bytes(), authority.cert_pem.bytes()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued.configure_cert(context)
    forms = {
        "leaf.pem": leaf,
        "leaf.der": der(leaf),
        "root.pem": root,
        "root.der": der(root),
        "middle.der": der(middle.cert_pem.bytes()),
        "bag.pem": b"subject=/CN=x\xe9\n" + root.replace(b"\n", b"\r\n") + b"\r\n" + leaf,
    }
    with far_side(context) as far:
        for name, content in forms.items():
            (tmp_path / name).write_bytes(content)
            assert post(TransportSettings(far.url, ca_file=str(tmp_path / name))) == 200, name
        (tmp_path / "other.der").write_bytes(der(trustme.CA().cert_pem.bytes()))
        assert failure(TransportSettings(far.url, ca_file=str(tmp_path / "other.der"))).reason is Reason.TLS


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"-----BEGIN CERTIFICATE-----\nAAAA"])
def test_a_file_without_certificates_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ca.pem").write_bytes(content)
    error = failure(TransportSettings("https://127.0.0.1:9", ca_file=str(tmp_path / "ca.pem")))
    assert (error.reason, error.sent) == (Reason.TLS, False)
    assert "ca.pem" in error.message
    assert "no certificates" in error.message
