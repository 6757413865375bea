"""TLS, client certificates, passwords, headers and rates, over real connections."""

import base64
import contextlib
import http.client
import os
import socket
import ssl
import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import trustme
import yaml
from support.papers import Papers
from support.world import ListLog
from web_support import DEADLINE, FakeExporter, FixedClock, connect, endpoint

from fusionsolar_exporter.metrics.connection_counts import ConnectionCounts
from fusionsolar_exporter.web.addresses import listen_on
from fusionsolar_exporter.web.application import Application
from fusionsolar_exporter.web.connections import ConnectionLimits
from fusionsolar_exporter.web.security.gate import Gate
from fusionsolar_exporter.web.security.passwords import Passwords
from fusionsolar_exporter.web.security.token_bucket import TokenBucket
from fusionsolar_exporter.web.security.web_security import WebSecurity
from fusionsolar_exporter.web.server import WebServer

ALICE, BOB = "wonder land:1", "builder"
HASHES = {
    name: bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
    for name, password in (("alice", ALICE), ("bob", BOB))
}


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers.of_a_new_authority(tmp_path_factory.mktemp("papers"))


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


def test_passwords(papers: Papers) -> None:
    with guarded(papers.web_config({"basic_auth_users": HASHES})) as running:
        for _ in range(2):  # compared, then remembered
            assert running.ask(Authorization=basic("alice", ALICE)).status == 200
            assert running.ask(Authorization=basic("bob", BOB)).status == 200
            assert running.ask(Authorization=basic("alice", BOB)).status == 401
            assert running.ask(Authorization=basic("nobody", ALICE)).status == 401
        nameless = "Basic " + base64.b64encode(b"alice").decode()
        for header in ("Bearer x", "Basic", "Basic !", nameless, "", "basic \xff"):
            answer = running.ask(Authorization=header)
            assert answer.status == 401
            assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
        for path in ("/metrics", "/", "/api/v1/status", "/-/ready", "/nowhere"):
            assert running.ask(path=path).status == 401


def test_what_is_remembered_of_one_user_never_serves_another(papers: Papers) -> None:
    # the toolkit once remembered user, hash and password as one text, so that a request could be made to look like
    # another that had been answered already (CVE-2022-46146)
    with guarded(papers.web_config({"basic_auth_users": HASHES})) as running:
        assert running.ask(Authorization=basic("bob", BOB)).status == 200
        fake = HASHES["bob"]
        for user, password in (("bob" + fake, BOB), ("bo", "b" + fake + BOB), ("bob" + fake + BOB, ""), ("", "bob")):
            assert running.ask(Authorization=basic(user, password)).status == 401
            assert running.ask(Authorization=basic(user, password)).status == 401
        assert running.ask(Authorization=basic("bob", BOB)).status == 200


def test_who_guesses_is_told_to_wait_and_keeps_nobody_waiting_who_is_known(papers: Papers) -> None:
    slow, begun = threading.Event(), threading.Semaphore(0)

    def check(password: bytes, hashed: bytes) -> bool:
        del hashed
        if password != ALICE.encode():
            begun.release()
            slow.wait(DEADLINE)
        return password == ALICE.encode()

    with guarded(papers.web_config({"basic_auth_users": HASHES}), Passwords(check)) as running:
        assert running.ask(Authorization=basic("alice", ALICE)).status == 200
        with contextlib.ExitStack() as opened:
            for number in range(16):
                header = basic("alice", f"guess {number}")
                sent = f"GET /-/healthy HTTP/1.1\r\nHost: a\r\nAuthorization: {header}\r\n\r\n"
                opened.enter_context(connect(running.server, sent.encode()))
            for _ in range(2):  # as many as there are threads
                assert begun.acquire(timeout=DEADLINE)
            while (answer := running.ask(Authorization=basic("bob", f"late {time.monotonic()}"))).status != 503:
                pass  # not all of them have arrived
            assert answer.headers["Retry-After"] == "1"
            assert running.ask(Authorization=basic("alice", ALICE)).status == 200
            slow.set()


class Counting:
    """Counts what is compared with which hash."""

    def __init__(self) -> None:
        self.costs: list[str] = []

    def __call__(self, password: bytes, hashed: bytes) -> bool:
        self.costs.append(hashed.decode().split("$")[2])
        return bcrypt.checkpw(password, hashed)


@pytest.mark.no_cover
def test_who_is_unknown_costs_the_same_cold_and_warm(papers: Papers) -> None:
    check = Counting()
    users = {"alice": HASHES["alice"], "bob": bcrypt.hashpw(BOB.encode(), bcrypt.gensalt(5)).decode()}
    with guarded(papers.web_config({"basic_auth_users": users}), Passwords(check)) as running:
        for user, compared in (("nobody", ["05"]), ("nobody", ["05"]), ("bob", ["05", "05"]), ("bob", ["05", "05"])):
            assert running.ask(Authorization=basic(user, "wrong")).status == 401
            assert check.costs == compared
        for guess in range(300):  # whoever guesses cannot push out who knows
            running.ask(Authorization=basic("bob", str(guess)))
            if not guess:
                assert running.ask(Authorization=basic("bob", BOB)).status == 200
        known = len(check.costs)
        assert running.ask(Authorization=basic("bob", BOB)).status == 200
        assert len(check.costs) == known


def test_a_password_that_changes_counts_at_once(papers: Papers) -> None:
    path = papers.web_config({"basic_auth_users": {"alice": HASHES["alice"]}})
    with guarded(path) as running:
        assert running.ask(Authorization=basic("alice", ALICE)).status == 200
        path.write_text(yaml.safe_dump({"basic_auth_users": {"alice": HASHES["bob"]}}))
        os.utime(path, (1, 1))
        running.security.look()
        assert running.ask(Authorization=basic("alice", ALICE)).status == 401
        assert running.ask(Authorization=basic("alice", BOB)).status == 200


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
