"""Where an account's management system is, and how it is reached."""

import ipaddress
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr, model_validator

from fusionsolar_exporter.config.errors import problem
from fusionsolar_exporter.config.fields import Flag, ReadableFile, Section
from fusionsolar_exporter.northbound.certificates import CertificatesError, tls_context

_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_PORTAL = re.compile(r"(region|uni)\d+[a-z]*\d*\.fusionsolar\.huawei\.com")
_LARGEST_PORT = 65535
_PORT = re.compile(r"^https?://[^/?#]*:(\d{1,9})(?:[/?#]|$)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
_OWN_PATHS = ("", "/", "/thirdData", "/thirdData/")
_NOT_IN_URLS = re.compile(r'[\s\x00-\x1f\x7f\\<>"^`{|}\ud800-\udfff]')


def host_of(url: str) -> str:
    """Give the host of a valid URL in small letters, with its port where that is not the scheme's own."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    name = f"[{host}]" if ":" in host else host
    port = parts.port
    return name if port is None or port == _DEFAULT_PORTS[parts.scheme] else f"{name}:{port}"


def is_portal(url: str) -> bool:
    """Say whether a URL is that of pages for people, which answer no program."""
    return _PORTAL.fullmatch(urlsplit(url).hostname or "") is not None


def is_loopback(url: str) -> bool:
    """Say whether a URL stays on this machine, as far as its text tells."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _split(value: Any) -> SplitResult:
    if isinstance(value, str) and not _NOT_IN_URLS.search(value):
        with suppress(ValueError):  # of urlsplit, of the port, of the host's encoding
            parts = urlsplit(value)
            host = parts.hostname or ""
            host.encode("idna")  # what a connection does with it
            if parts.scheme in _DEFAULT_PORTS and host and parts.port != 0:
                return parts
    if isinstance(value, str) and (port := _PORT.search(value)) and not 0 < int(port[1]) <= _LARGEST_PORT:
        raise problem(f"the port {port[1]} is none; expected a number from 1 to {_LARGEST_PORT}")
    raise problem("not a URL; expected http:// or https:// and a host")


def _url(value: Any) -> str:
    parts = _split(value)
    if "@" in parts.netloc:
        raise problem("a URL with credentials; expected them under username and password")
    if parts.query or parts.fragment:
        raise problem("a URL with ? or #; expected the host only")
    if parts.path not in _OWN_PATHS:
        raise problem("a URL with a path; expected the host only, for example https://eu5.fusionsolar.huawei.com")
    return f"{parts.scheme}://{host_of(value)}"


def _proxy_url(value: Any) -> Any:
    parts = _split(value)
    if parts.query or parts.fragment or parts.path not in {"", "/"}:
        raise problem("a proxy URL with more than scheme, credentials, host and port")
    return value


def _address(value: Any) -> Any:
    parts = _split(value)
    if "@" in parts.netloc:
        raise problem("a URL with credentials; expected none in it")
    if "#" in value:
        raise problem("a URL with #; expected none in it")
    return value


Address = Annotated[str, BeforeValidator(_address)]
"""A whole URL, kept to the letter."""
Url = Annotated[str, BeforeValidator(_url)]
ProxyUrl = Annotated[SecretStr, BeforeValidator(_proxy_url)]


def _certificates(path: Path) -> Path:
    try:
        tls_context(verify=True, ca=str(path), cert_file=None, key_file=None)
    except CertificatesError as error:
        raise problem(str(error)) from None
    return path


def authorities_of(environ: Mapping[str, str]) -> str | None:
    """The certificates that the environment names for every program, a file or a folder; empty counts as unset."""
    return next((environ[name] for name in _AUTHORITIES if environ.get(name)), None)


CertificatesFile = Annotated[ReadableFile, AfterValidator(_certificates)]


class TlsConfig(Section):
    """``accounts[].tls``: how the server proves itself, and how this client does."""

    ca_file: CertificatesFile | None = None
    """Certificates to trust in the place of the usual ones, PEM or DER: an authority's, or the server's own."""
    cert_file: ReadableFile | None = None
    """The client's certificate, PEM; may hold its key too."""
    key_file: ReadableFile | None = None
    insecure_skip_verify: Flag = False

    @model_validator(mode="after")
    def _key_has_certificate(self) -> "TlsConfig":
        if self.key_file is not None and self.cert_file is None:
            raise problem("a key without a certificate; expected cert_file as well", "key_file")
        if self.cert_file is not None:
            try:
                tls_context(verify=False, ca=None, cert_file=str(self.cert_file), key_file=self._key)
            except CertificatesError as error:
                raise problem(str(error)) from None
        return self

    @property
    def _key(self) -> str | None:
        return None if self.key_file is None else str(self.key_file)
