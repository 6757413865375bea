"""Asking for the health of an exporter that has a file of ``--web.config.file``."""

import ssl
from functools import partial
from http.client import HTTPConnection, HTTPSConnection, RemoteDisconnected
from pathlib import Path

from fusionsolar_exporter.config.load import load_web_config
from fusionsolar_exporter.config.web import ClientAuth, TlsServer
from fusionsolar_exporter.health_asking import Asking
from fusionsolar_exporter.web.security.gate import HEALTH_HEADER
from fusionsolar_exporter.web.security.web_security import health_token

_VERIFYING = {ClientAuth.REQUIRE_ANY, ClientAuth.REQUIRE_AND_VERIFY}
# a handshake that failed at the end, or a connection that was cut right after it: somebody was there to do so
_REFUSALS = (ssl.SSLError, RemoteDisconnected, ConnectionResetError)


def asking_behind(path: Path) -> Asking:
    """How to ask an exporter with this file. Raises :class:`ConfigError`."""
    config = load_web_config(path)
    headers = {HEALTH_HEADER: health_token(config)} if config.users else {}
    tls = config.tls_server_config
    if tls is None:
        return Asking(HTTPConnection, "http", headers, lambda _error: False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # this connection does not leave the host, and the certificate is for the name that others know it by
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return Asking(partial(HTTPSConnection, context=context), "https", headers, partial(_only_refuses, tls))


def _only_refuses(tls: TlsServer, error: Exception) -> bool:
    """Whether the exporter asked for the certificate of a client, which only its clients have: so it works."""
    return tls.client_auth_type in _VERIFYING and isinstance(error, _REFUSALS)
