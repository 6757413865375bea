"""A web configuration that is wrong says in one line what, where and what to do."""

import ssl

import pytest
from support.papers import LOCKED, Papers
from support.world import ListLog

from fusionsolar_exporter.config import ConfigError
from fusionsolar_exporter.web.security.web_security import WebSecurity


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return Papers.of_a_new_authority(tmp_path_factory.mktemp("papers"))


HASH = "$2b$04$" + "a" * 53
COSTLY = HASH.replace("$04$", "$20$")


SUITE = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
PAIR = "cert_file: server.pem, key_file: server.key"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "not a mapping; expected keys and values"),
        ("tls_config: {}", "tls_config: unknown key; did you mean tls_server_config?"),
        ("tls_server_config: {cert_file: server.pem}", "no key of the certificate; expected key_file or key"),
        ("tls_server_config: {key_file: server.key}", "no certificate; expected cert_file or cert"),
        (
            f"tls_server_config: {{{PAIR}, cert: x}}",
            "tls_server_config.cert: beside cert_file; expected one",
        ),
        ("tls_server_config: {cert_file: server.pem, key_file: good.key}", "key_file: the key of another certificate"),
        ("tls_server_config: {cert_file: server.pem, key_file: locked.key}", "key_file: the key has a passphrase"),
        ("tls_server_config: {cert_file: server.pem, key_file: ca.pem}", "key_file: no key in PEM format"),
        ("tls_server_config: {cert_file: server.key, key_file: server.key}", "cert_file: no certificate in PEM format"),
        (
            "tls_server_config: {cert_file: missing.pem, key_file: server.key}",
            "cannot be read: No such file",
        ),
        (f"tls_server_config: {{{PAIR}, client_ca_file: ca.pem}}", "client_auth_type: NoClientCert, though client_ca"),
        (
            f"tls_server_config: {{{PAIR}, client_auth_type: RequireAnyClientCert}}",
            "RequireAndVerifyClientCert",
        ),
        (
            f"tls_server_config: {{{PAIR}, client_auth_type: Maybe}}",
            "client_auth_type: not a known value;",
        ),
        (f"tls_server_config: {{{PAIR}, client_allowed_sans: [a]}}", "set, though no client certificate is verified"),
        (
            f"tls_server_config: {{{PAIR}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: server.key}}",
            "client_ca_file: no certificates in PEM format",
        ),
        (f"tls_server_config: {{{PAIR}, min_version: TLS14}}", "min_version: not a known value; expected one of TLS10"),
        (
            f"tls_server_config: {{{PAIR}, min_version: TLS13, max_version: TLS12}}",
            "max_version: lower than",
        ),
        (f"tls_server_config: {{{PAIR}, min_version: TLS10, max_version: TLS11}}", "nothing below TLS 1.2 is spoken"),
        (f"tls_server_config: {{{PAIR}, cipher_suites: [RC4]}}", "cipher_suites[0]: not a known cipher suite"),
        (f"tls_server_config: {{{PAIR}, curve_preferences: [CurveP1]}}", "curve_preferences[0]: not a known value"),
        (f"tls_server_config: {{{PAIR}, prefer_server_cipher_suites: 3}}", "not a truth value; expected true or false"),
        ("http_server_config: {headers: {Server: x}}", "not a header that may be set; expected one of"),
        ("http_server_config: {headers: {X-Frame-Options: maybe}}", "expected deny or sameorigin"),
        ('http_server_config: {headers: {X-XSS-Protection: "a\\nb"}}', "not a text that a header may hold"),
        ("rate_limit: {interval: 1s}", "rate_limit.burst: 0, though interval is set"),
        ("rate_limit: {interval: fast, burst: 1}", "rate_limit.interval: "),
        ("basic_auth_users: {prom:$2y$10$abc}", 'basic_auth_users."prom:...": '),
        (f"rate_limit: {{interval: 1s, burst: {'9' * 400}}}", "rate_limit.burst: not a number that fits"),
        ("tls_server_config: {cert_file: corrupt.pem, key_file: server.key}", "cert_file: no certificate in PEM"),
        ("basic_auth_users: {a: plain}", "basic_auth_users.a: not a bcrypt hash"),
        (
            f"basic_auth_users: {{a: {COSTLY}}}",
            "basic_auth_users.a: a bcrypt cost of 20; expected 4 to 15",
        ),
        (f"basic_auth_users: {{'a:b': {HASH}}}", "a user's name that no client can send"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(papers: Papers, text: str, message: str) -> None:
    papers.certificate("server", "127.0.0.1")
    papers.certificate("good", "prometheus.example")
    papers.write("locked.key", LOCKED)
    papers.write("corrupt.pem", b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")
    path = papers.write("bad.yml", text.encode())
    with pytest.raises(ConfigError) as refused:
        WebSecurity(path, ListLog())
    (problem,) = refused.value.problems
    assert problem.startswith(f"{path}: ")
    assert message in problem
    assert "$2" not in problem


def test_what_cannot_be_done_is_accepted_with_a_line(papers: Papers) -> None:
    tls = {
        **papers.certificate("server", "127.0.0.1"),
        "client_auth_type": "RequestClientCert",
        "curve_preferences": ["X25519", "CurveP256"],
        "cipher_suites": ["TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"],
    }
    path = papers.web_config({"tls_server_config": tls, "http_server_config": {"http2": True}})
    log = ListLog()
    assert WebSecurity(path, log).rules.context is not None
    assert [str(fields["reservation"]).split(":")[0] for _, _, fields in log.lines] == [
        "http_server_config.http2",
        "tls_server_config.client_auth_type",
        "tls_server_config.curve_preferences",
    ]


@pytest.mark.parametrize(
    ("key", "reservation"),
    [
        ("client_auth_type: RequireAnyClientCert", "client_auth_type: RequireAnyClientCert also verifies"),
        ("min_version: TLS11", "min_version: nothing below TLS 1.2 is spoken"),
        ("min_version: TLS12", ""),
        ("client_auth_type: RequireAndVerifyClientCert", ""),
    ],
)
def test_what_is_done_otherwise_is_said(papers: Papers, key: str, reservation: str) -> None:
    papers.certificate("server", "127.0.0.1")
    ca = ", client_ca_file: ca.pem" if "client_auth" in key else ""
    log = ListLog()
    WebSecurity(papers.write("some.yml", f"tls_server_config: {{{PAIR}, {key}{ca}}}".encode()), log)
    told = [str(fields["reservation"]) for _, _, fields in log.lines]
    assert len(told) == bool(reservation)
    assert all(line.startswith(f"tls_server_config.{reservation}") for line in told)


@pytest.mark.parametrize(
    ("method", "error", "key", "message"),
    [
        (
            "set_ecdh_curve",
            ValueError("unknown elliptic curve name"),
            "curve_preferences: [X25519]",
            "X25519: this build",
        ),
        ("set_ecdh_curve", ssl.SSLError("[EC: UNKNOWN_GROUP]"), "curve_preferences: [X25519]", "X25519: this build"),
        ("set_ciphers", ssl.SSLError("No cipher can be selected."), f"cipher_suites: [{SUITE}]", "none of them"),
    ],
)
def test_what_this_build_of_openssl_lacks_is_said(
    papers: Papers, monkeypatch: pytest.MonkeyPatch, method: str, error: Exception, key: str, message: str
) -> None:
    def lacks(_context: ssl.SSLContext, _name: str) -> None:
        raise error

    monkeypatch.setattr(ssl.SSLContext, method, lacks)
    papers.certificate("server", "127.0.0.1")
    path = papers.write("bad.yml", f"tls_server_config: {{{PAIR}, {key}}}".encode())
    with pytest.raises(ConfigError) as refused:
        WebSecurity(path, ListLog())
    (problem,) = refused.value.problems
    assert problem.startswith(f"{path}: tls_server_config.{key.partition(':')[0]}: ")
    assert message in problem
