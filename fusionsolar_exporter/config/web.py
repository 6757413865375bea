"""``--web.config.file``: the grammar that the Prometheus project's exporters share (exporter-toolkit)."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from fusionsolar_exporter.config.errors import problem
from fusionsolar_exporter.config.fields import (
    Count,
    Duration,
    FilePath,
    Flag,
    SecretText,
    Section,
    Text,
    one_of,
    sequence_of,
)

_BCRYPT = re.compile(r"\$2[abxy]?\$([0-9]{2})\$[./A-Za-z0-9]{53}", re.ASCII)
_LOWEST_COST, _HIGHEST_COST = 4, 15


class ClientAuth(StrEnum):
    """What is asked of clients, in Go's words."""

    NONE = "NoClientCert"
    REQUEST = "RequestClientCert"
    REQUIRE_ANY = "RequireAnyClientCert"
    VERIFY_IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRE_AND_VERIFY = "RequireAndVerifyClientCert"


class TlsVersion(StrEnum):
    """The versions of TLS."""

    TLS10 = "TLS10"
    TLS11 = "TLS11"
    TLS12 = "TLS12"
    TLS13 = "TLS13"


class Curve(StrEnum):
    """The curves of the key exchange, in Go's words."""

    P256 = "CurveP256"
    P384 = "CurveP384"
    P521 = "CurveP521"
    X25519 = "X25519"
    X25519_MLKEM768 = "X25519MLKEM768"


CIPHERS = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
}
"""Go's names of the suites of TLS 1.2, and OpenSSL's."""
TLS13_CIPHERS = frozenset({"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"})
"""Those of TLS 1.3: always on, here as in Go."""
_HEADERS: dict[str, frozenset[str] | None] = {
    "Content-Security-Policy": None,
    "Strict-Transport-Security": None,
    "X-Content-Type-Options": frozenset({"nosniff"}),
    "X-Frame-Options": frozenset({"deny", "sameorigin"}),
    "X-XSS-Protection": None,
}


def _cipher(value: Any) -> str:
    if not isinstance(value, str) or value not in CIPHERS.keys() | TLS13_CIPHERS:
        raise problem("not a known cipher suite; expected a name such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
    return value


class TlsServer(Section):
    """``tls_server_config``."""

    cert_file: FilePath | None = None
    cert: Text | None = None
    key_file: FilePath | None = None
    key: SecretText | None = None
    client_ca_file: FilePath | None = None
    client_ca: Text | None = None
    client_auth_type: Annotated[ClientAuth, one_of(ClientAuth)] = ClientAuth.NONE
    client_allowed_sans: Annotated[tuple[Text, ...], sequence_of("names and addresses")] = ()
    min_version: Annotated[TlsVersion, one_of(TlsVersion)] = TlsVersion.TLS12
    max_version: Annotated[TlsVersion, one_of(TlsVersion)] = TlsVersion.TLS13
    cipher_suites: Annotated[tuple[Annotated[str, BeforeValidator(_cipher)], ...], sequence_of("cipher suites")] = ()
    curve_preferences: Annotated[tuple[Annotated[Curve, one_of(Curve)], ...], sequence_of("curves")] = ()
    prefer_server_cipher_suites: Flag = True

    @model_validator(mode="after")
    def _has_its_files(self) -> Self:
        for one, other in (("cert", "cert_file"), ("key", "key_file"), ("client_ca", "client_ca_file")):
            if getattr(self, one) is not None and getattr(self, other) is not None:
                raise problem(f"beside {other}; expected one of the two", one)
        if self.cert is None and self.cert_file is None:
            raise problem("no certificate; expected cert_file or cert")
        if self.key is None and self.key_file is None:
            raise problem("no key of the certificate; expected key_file or key")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        trusts = self.client_ca is not None or self.client_ca_file is not None
        if trusts and self.client_auth_type is ClientAuth.NONE:
            raise problem(
                "NoClientCert, though client_ca or client_ca_file is set; expected another", "client_auth_type"
            )
        if self.client_allowed_sans and self.client_auth_type in {ClientAuth.NONE, ClientAuth.REQUEST}:
            raise problem("set, though no client certificate is verified", "client_allowed_sans")
        if self.client_auth_type is ClientAuth.REQUIRE_ANY and not trusts:
            raise problem(
                "RequireAnyClientCert without client_ca_file cannot be done: expected RequireAndVerifyClientCert",
                "client_auth_type",
            )
        return self

    @model_validator(mode="after")
    def _can_be_spoken(self) -> Self:
        if self.max_version < self.min_version:
            raise problem("lower than min_version", "max_version")
        if self.max_version < TlsVersion.TLS12:
            raise problem("nothing below TLS 1.2 is spoken; expected TLS12 or TLS13", "max_version")
        if self.cipher_suites and not set(self.cipher_suites) & CIPHERS.keys() and self.min_version < TlsVersion.TLS13:
            raise problem("only suites of TLS 1.3; expected min_version TLS13 beside them", "cipher_suites")
        return self


class HttpServer(Section):
    """``http_server_config``."""

    http2: Flag = True
    headers: dict[str, Text] = Field(default_factory=dict)

    @field_validator("headers")
    @classmethod
    def _are_allowed(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if name not in _HEADERS:
                raise problem(f"not a header that may be set; expected one of {', '.join(_HEADERS)}", name)
            allowed = _HEADERS[name]
            if allowed is not None and value.lower() not in allowed:
                raise problem(f"not a value of this header; expected {' or '.join(sorted(allowed))}", name)
            if not value.isprintable() or not value.isascii():
                raise problem("not a text that a header may hold", name)
        return headers


class RateLimit(Section):
    """``rate_limit``: one request an ``interval`` (seconds; 0: as many as come), and ``burst`` at once."""

    interval: Duration = 0.0
    burst: Count = 0

    @model_validator(mode="after")
    def _lets_something_through(self) -> Self:
        if self.interval and not self.burst:
            raise problem("0, though interval is set: nothing would be answered; expected 1 or more", "burst")
        return self


def _hash(value: Any) -> str:
    found = _BCRYPT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise problem("not a bcrypt hash; make one with: htpasswd -nBC 10 '' | tr -d ':'")
    cost = int(found[1])
    if not _LOWEST_COST <= cost <= _HIGHEST_COST:
        raise problem(
            f"a bcrypt cost of {cost}; expected {_LOWEST_COST} to {_HIGHEST_COST}: each step more takes twice as long,"
            " and 10 is usual"
        )
    return str(value)


class WebConfig(Section):
    """The whole file."""

    tls_server_config: TlsServer | None = None
    http_server_config: HttpServer = HttpServer()
    basic_auth_users: dict[str, Annotated[SecretStr, BeforeValidator(_hash)]] = Field(default_factory=dict)
    rate_limit: RateLimit = RateLimit()

    @field_validator("basic_auth_users")
    @classmethod
    def _have_names(cls, users: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if any(not name or ":" in name for name in users):
            raise problem("a user's name that no client can send: it is empty or has a colon")
        return users

    @property
    def users(self) -> dict[str, str]:
        """Hashes by user."""
        return {name: value.get_secret_value() for name, value in self.basic_auth_users.items()}

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that it names."""
        tls = self.tls_server_config
        named = (tls.cert_file, tls.key_file, tls.client_ca_file) if tls is not None else ()
        return tuple(path for path in named if path is not None)

    @property
    def reservations(self) -> tuple[str, ...]:
        """What is accepted but cannot be done, or is done otherwise than elsewhere; a line each."""
        told: list[str] = []
        if "http2" in self.http_server_config.model_fields_set and self.http_server_config.http2:
            told.append("http_server_config.http2: this exporter speaks HTTP/1.1 alone")
        tls = self.tls_server_config
        if tls is None:
            return tuple(told)
        if tls.min_version < TlsVersion.TLS12:
            told.append("tls_server_config.min_version: nothing below TLS 1.2 is spoken")
        if tls.client_auth_type is ClientAuth.REQUEST:
            told.append(
                "tls_server_config.client_auth_type: RequestClientCert asks nothing of a client, as NoClientCert"
            )
        if tls.client_auth_type is ClientAuth.REQUIRE_ANY:
            told.append("tls_server_config.client_auth_type: RequireAnyClientCert also verifies the certificate")
        if len(tls.curve_preferences) > 1:
            told.append("tls_server_config.curve_preferences: only one curve can be set: OpenSSL's own list is used")
        return tuple(told)
