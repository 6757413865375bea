"""TLS, client certificates, headers and rates, over real connections."""

import contextlib
import http.client
import socket
import ssl
import statistics
import time
from typing import Any

import pytest
import trustme
from support.guarded_server import Guarded, guarded
from support.papers import Papers
from web_support import DEADLINE, endpoint

from fusionsolar_exporter.web.connections import ConnectionLimits
from fusionsolar_exporter.web.security.token_bucket import TokenBucket


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers.of_a_new_authority(tmp_path_factory.mktemp("papers"))


def test_tls_with_files_and_inline(papers: Papers) -> None:
    files = papers.certificate("server", "127.0.0.1")
    inline = {name[:-5]: (papers.directory / file).read_text() for name, file in files.items()}
    for tls in (files, inline):
        with guarded(papers.web_config({"tls_server_config": tls})) as running:
            assert running.ask(papers.client()).status == 200
            with pytest.raises((http.client.HTTPException, OSError)):
                running.ask()  # nothing is answered without TLS


def test_nothing_below_tls_1_2(papers: Papers) -> None:
    tls = {**papers.certificate("server", "127.0.0.1"), "min_version": "TLS10"}
    with guarded(papers.web_config({"tls_server_config": tls})) as running:
        client = papers.client()
        client.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        client.set_ciphers("DEFAULT@SECLEVEL=0")
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            client.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(ssl.SSLError):
            running.ask(client)
        assert running.ask(papers.client()).status == 200
    assert running.log.lines == [
        (
            "warning",
            "web configuration",
            {"reservation": "tls_server_config.min_version: nothing below TLS 1.2 is spoken"},
        )
    ]


@pytest.mark.parametrize(
    ("settings", "version", "cipher"),
    [
        ({"max_version": "TLS12"}, "TLSv1.2", None),
        ({"min_version": "TLS13"}, "TLSv1.3", None),
        (
            {"max_version": "TLS12", "cipher_suites": ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]},
            "TLSv1.2",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
        ),
        ({"curve_preferences": ["CurveP384"], "prefer_server_cipher_suites": False}, "TLSv1.3", None),
    ],
)
def test_versions_suites_and_curves(papers: Papers, settings: dict[str, Any], version: str, cipher: str | None) -> None:
    tls = {**papers.certificate("server", "127.0.0.1"), **settings}
    with (
        guarded(papers.web_config({"tls_server_config": tls})) as running,
        socket.create_connection(endpoint(running.server), timeout=DEADLINE) as plain,
        papers.client().wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        assert connection.version() == version
        spoken = connection.cipher()
    assert spoken is not None
    assert cipher in {None, spoken[0]}


def test_client_certificates(papers: Papers) -> None:
    server = papers.certificate("server", "127.0.0.1")
    good, other = papers.certificate("good", "prometheus.example"), papers.certificate("other", "10.0.0.9")
    stranger = Papers(papers.directory, trustme.CA()).certificate("stranger", "prometheus.example")
    trust = {**server, "client_ca_file": "ca.pem"}
    required = {**trust, "client_auth_type": "RequireAndVerifyClientCert"}
    failures = (ssl.SSLError, http.client.RemoteDisconnected, ConnectionError)
    with guarded(papers.web_config({"tls_server_config": required})) as running:
        assert running.ask(papers.client(good)).status == 200
        assert running.ask(papers.client(other)).status == 200
        for certificate in (None, stranger):
            with pytest.raises(failures):
                running.ask(papers.client(certificate))
    named = {**required, "client_allowed_sans": ["prometheus.example", "::1"]}
    with guarded(papers.web_config({"tls_server_config": named})) as running:
        assert running.ask(papers.client(good)).status == 200
        with pytest.raises(failures):
            running.ask(papers.client(other))
        (metric,) = running.counts.collect()
        assert {sample.labels["reason"]: sample.value for sample in metric.samples}["certificate"] == 1
    addressed = {**required, "client_allowed_sans": ["10.0.0.9"]}
    with guarded(papers.web_config({"tls_server_config": addressed})) as running:
        assert running.ask(papers.client(other)).status == 200
        with pytest.raises(failures):
            running.ask(papers.client(good))
    papers.write(
        "noted.pem", "# Zertifikat der M\u00fcller GmbH\n".encode() + (papers.directory / "ca.pem").read_bytes()
    )
    noted = {**required, "client_ca_file": "noted.pem"}
    with guarded(papers.web_config({"tls_server_config": noted})) as running:
        assert running.ask(papers.client(good)).status == 200
    given = {**trust, "client_auth_type": "VerifyClientCertIfGiven"}
    with guarded(papers.web_config({"tls_server_config": given})) as running:
        assert running.ask(papers.client()).status == 200
        assert running.ask(papers.client(good)).status == 200
        with pytest.raises(failures):
            running.ask(papers.client(stranger))


def test_certificates_roll_and_a_bad_file_changes_nothing(papers: Papers) -> None:
    path = papers.web_config({"tls_server_config": papers.certificate("rolling", "127.0.0.1")})

    def serial(running: Guarded) -> str:
        with (
            socket.create_connection(endpoint(running.server), timeout=DEADLINE) as plain,
            papers.client().wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            found = connection.getpeercert()
            assert found is not None
            return str(found["serialNumber"])

    with guarded(path) as running:
        first = serial(running)
        running.security.look()
        assert not running.log.lines
        papers.certificate("rolling", "127.0.0.1")
        running.security.look()
        second = serial(running)
        assert second != first
        good = path.read_bytes()
        for bad in (b"tls_server_config: {cert_file: nowhere.pem, key_file: rolling.key}\n", b"", b"basic_auth: 1\n"):
            path.write_bytes(bad)
            running.security.look()
            running.security.look()
            assert serial(running) == second
        assert running.log.messages("warning") == ["web configuration refused: the old one stays"] * 3
        papers.write("nowhere.pem", b"nonsense")
        path.write_bytes(good)
        running.security.look()
        assert running.log.messages("info") == ["web configuration read anew"] * 2


def test_silent_tls_clients_delay_nobody(papers: Papers) -> None:
    path = papers.web_config({"tls_server_config": papers.certificate("server", "127.0.0.1")})
    with guarded(path) as running, contextlib.ExitStack() as opened:
        for number in range(200):
            silent = opened.enter_context(socket.create_connection(endpoint(running.server), timeout=DEADLINE))
            if number % 2:
                silent.sendall(b"\x16\x03\x01\x02")
        took = []
        for _ in range(5):
            began = time.monotonic()
            assert running.ask(papers.client()).status == 200
            took.append(time.monotonic() - began)
        assert statistics.median(took) < 2.0


def test_handshakes_that_do_not_end_are_bounded_in_number(papers: Papers) -> None:
    path = papers.web_config({"tls_server_config": papers.certificate("server", "127.0.0.1")})
    most = ConnectionLimits().handshakes
    with guarded(path) as running, contextlib.ExitStack() as opened:
        kept = http.client.HTTPSConnection(*endpoint(running.server), timeout=DEADLINE, context=papers.client())
        opened.callback(kept.close)
        kept.request("GET", "/-/healthy")
        assert kept.getresponse().read()
        for _ in range(most + 72):
            opened.enter_context(socket.create_connection(endpoint(running.server), timeout=DEADLINE))
        for _ in range(3):
            assert running.ask(papers.client()).status == 200
        (family,) = running.counts.collect()
        displaced = {sample.labels["reason"]: sample.value for sample in family.samples}["displaced"]
        assert 72 <= displaced <= 75
        kept.request("GET", "/-/healthy")  # who has shaken hands is nobody's to displace
        assert kept.getresponse().status == 200


@pytest.mark.no_cover
def test_a_client_that_does_not_read_its_handshake_makes_no_mistake_of_ours(
    papers: Papers, caplog: pytest.LogCaptureFixture
) -> None:
    path = papers.web_config({"tls_server_config": papers.certificate("server", "127.0.0.1")})
    with guarded(path) as running:
        for _ in range(20):  # session tickets wait in the server's buffer while a connection begins
            assert running.ask(papers.client()).status == 200
        with contextlib.ExitStack() as opened:
            for _ in range(20):
                plain = socket.socket()
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                plain.settimeout(DEADLINE)
                plain.connect(endpoint(running.server))
                connection = opened.enter_context(papers.client().wrap_socket(plain, server_hostname="127.0.0.1"))
                connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
            assert running.ask(papers.client()).status == 200
    assert [record.getMessage() for record in caplog.records] == []


def test_headers_and_rates(papers: Papers) -> None:
    headers = {
        "Strict-Transport-Security": "max-age=31536000",
        "X-Frame-Options": "deny",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'self'",
    }
    tree = {"http_server_config": {"http2": False, "headers": headers}, "rate_limit": {"interval": "1h", "burst": 3}}
    with guarded(papers.web_config(tree)) as running:
        answer = running.ask()
        assert {name: answer.headers[name] for name in headers} == headers
        assert answer.headers.get_all("x-content-type-options") == ["nosniff"]
        page = running.ask(path="/")
        assert "sha256" in page.headers["content-security-policy"]  # its own is stricter
        assert running.ask().status == 200
        refused = running.ask()
        assert refused.status == 429
        assert refused.headers["x-frame-options"] == "deny"


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    bucket = TokenBucket(lambda: now[0])
    assert [bucket.take(2.0, 2) for _ in range(3)] == [True, True, False]
    now[0] = 1.9
    assert not bucket.take(2.0, 2)
    now[0] = 4.0
    assert [bucket.take(2.0, 2) for _ in range(3)] == [True, True, False]
    now[0] = 1000.0
    assert [bucket.take(2.0, 2) for _ in range(3)] == [True, True, False]
    assert all(bucket.take(0.0, 0) for _ in range(100))


def test_an_empty_file_asks_for_nothing(papers: Papers) -> None:
    with guarded(papers.write("empty.yml", b"# nothing\n")) as running:
        assert running.ask().status == 200
