"""From ``tls_server_config`` to what OpenSSL takes."""

import ipaddress
import os
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typing_extensions import override

from fusionsolar_exporter.config import ConfigError
from fusionsolar_exporter.config.web import CIPHERS, ClientAuth, Curve, TlsServer, TlsVersion
from fusionsolar_exporter.key_pair import KeyPairError, load_key_pair

_VERSIONS = {TlsVersion.TLS12: ssl.TLSVersion.TLSv1_2, TlsVersion.TLS13: ssl.TLSVersion.TLSv1_3}
_CURVES = {
    Curve.P256: "prime256v1",
    Curve.P384: "secp384r1",
    Curve.P521: "secp521r1",
    Curve.X25519: "X25519",
    Curve.X25519_MLKEM768: "X25519MLKEM768",
}
_VERIFYING = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.REQUEST: ssl.CERT_NONE,
    ClientAuth.VERIFY_IF_GIVEN: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRE_ANY: ssl.CERT_REQUIRED,
    ClientAuth.REQUIRE_AND_VERIFY: ssl.CERT_REQUIRED,
}
_ADDRESS = "IP Address"


def server_context(config: TlsServer) -> ssl.SSLContext:
    """The context of a server. Raises :class:`ConfigError` where its files cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = _VERSIONS[max(config.min_version, TlsVersion.TLS12)]
    context.maximum_version = _VERSIONS[config.max_version]
    context.verify_mode = _VERIFYING[config.client_auth_type]
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    if not config.prefer_server_cipher_suites:
        context.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    suites = [CIPHERS[name] for name in config.cipher_suites if name in CIPHERS]
    if suites:
        _set_ciphers(context, suites)
    if len(config.curve_preferences) == 1:
        _set_curve(context, config.curve_preferences[0])
    _load_certificate(context, config)
    _trust(context, config)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _set_ciphers(context: ssl.SSLContext, suites: Iterable[str]) -> None:
    try:
        context.set_ciphers(":".join(suites))
    except ssl.SSLError:
        raise _problem(
            "cipher_suites", "this build of OpenSSL has none of them; name others, or leave the key out"
        ) from None


def _set_curve(context: ssl.SSLContext, curve: Curve) -> None:
    try:
        context.set_ecdh_curve(_CURVES[curve])
    except (ValueError, ssl.SSLError):  # which of them depends on the curve and on OpenSSL
        raise _problem(
            "curve_preferences",
            f"{curve}: this build of OpenSSL does not take it; name another one, or leave the key out",
        ) from None


def _load_certificate(context: ssl.SSLContext, config: TlsServer) -> None:
    key = None if config.key is None else config.key.get_secret_value()
    certificate_at, key_at = _named("cert", config.cert_file), _named("key", config.key_file)
    chain, secret = _content("cert", config.cert_file, config.cert), _content("key", config.key_file, key)

    with _as_file(chain) as chain_file, _as_file(secret) as key_file:
        try:
            load_key_pair(context, chain_file, key_file)
        except KeyPairError as error:
            raise _problem(key_at if error.of_key else certificate_at, str(error)) from None


def _trust(context: ssl.SSLContext, config: TlsServer) -> None:
    if context.verify_mode is ssl.CERT_NONE:
        return
    if config.client_ca_file is None and config.client_ca is None:
        context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        return
    found = _content("client_ca", config.client_ca_file, config.client_ca)
    try:
        context.load_verify_locations(cadata=found.decode("ascii", "ignore"))
    except (ssl.SSLError, ValueError):
        where = _named("client_ca", config.client_ca_file)
        raise _problem(where, "no certificates in PEM format that can be read") from None


def may_connect(allowed: Iterable[str], certificate: Mapping[str, Any] | None) -> bool:
    """Whether a verified client certificate has one of these names or addresses; all may where none is named."""
    wanted = {_canonical(name) for name in allowed}
    if not wanted or not certificate:  # without a certificate the handshake has decided
        return True
    names = certificate.get("subjectAltName", ())
    return any((_canonical(value) if kind == _ADDRESS else value) in wanted for kind, value in names)


def _canonical(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name.strip()))
    except ValueError:
        return name


def _content(name: str, file: Path | None, inline: str | None) -> bytes:
    if file is None:
        return (inline or "").encode()
    try:
        return file.read_bytes()
    except OSError as error:
        raise _problem(f"{name}_file", f"{str(file)!r} cannot be read: {error.strerror}") from None


def _named(name: str, file: Path | None) -> str:
    return name if file is None else f"{name}_file"


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A file in memory, since OpenSSL is told of files alone: what was read once is what is used."""
    file = os.memfd_create("pem", os.MFD_CLOEXEC)
    try:
        with os.fdopen(file, "wb", closefd=False) as writing:
            writing.write(content)
        yield f"/proc/self/fd/{file}"
    finally:
        os.close(file)


def _problem(key: str, text: str) -> ConfigError:
    return ConfigError([f"tls_server_config.{key}: {text}"])


class RollingContext(ssl.SSLContext):
    """Lets every connection begin with the context that is in force then, so that certificates roll.

    What asyncio is given once stays for as long as it listens.
    """

    current: Callable[[], ssl.SSLContext]

    @classmethod
    def of(cls, current: Callable[[], ssl.SSLContext]) -> "RollingContext":
        """Ask ``current`` for each connection."""
        made = cls(ssl.PROTOCOL_TLS_SERVER)
        made.current = current
        return made

    @override
    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        return self.current().wrap_bio(*args, **kwargs)
