"""One request over HTTP: pooled, bounded in time and size, never redirected, never retried.

Nothing here reads ``~/.netrc`` or keeps cookies: the token is the only credential, and it travels in a header.
"""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from weakref import WeakSet

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies
from urllib3.connection import HTTPConnection, HTTPSConnection

from fusionsolar_exporter.northbound.errors import NorthboundError, Reason

LARGEST_ANSWER = 64 * 1024 * 1024
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back, unread."""

    status: int
    body: bytes
    content_type: str
    token: str
    """XSRF-TOKEN of the response header, else of the cookie; empty where there is none."""


class Transport(Protocol):
    """Carries a request to the far side."""

    def post(self, path: str, payload: Mapping[str, Any], token: str | None) -> RawAnswer:
        """POST ``payload`` as JSON to ``/thirdData/<path>``.

        NorthboundError with the reasons timeout, connection, tls or bad_response where no whole answer came.
        """
        ...

    def close(self) -> None:
        """Give up the pooled connections."""
        ...


@dataclass(frozen=True, slots=True)
class TransportSettings:
    """How to reach the far side."""

    url: str
    timeout: float = 30.0
    """Seconds for the whole request, from the connection to the last byte."""
    proxy_url: str | None = field(default=None, repr=False)
    """None follows HTTPS_PROXY, HTTP_PROXY and NO_PROXY."""
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    verify: bool = True


class HttpTransport:
    """The real thing, over ``requests``."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._base = settings.url.rstrip("/") + "/thirdData/"
        self._adapter = _Adapter()
        session = requests.Session()
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.mount("http://", self._adapter)
        session.mount("https://", self._adapter)
        session.verify = (settings.ca_file or True) if settings.verify else False
        if settings.cert_file:
            session.cert = (settings.cert_file, settings.key_file) if settings.key_file else settings.cert_file
        if settings.proxy_url:
            session.proxies = {"http": settings.proxy_url, "https": settings.proxy_url}
        self._session = session

    def post(self, path: str, payload: Mapping[str, Any], token: str | None) -> RawAnswer:
        """See :meth:`Transport.post`."""
        deadline = time.monotonic() + self._settings.timeout
        watchdog = threading.Timer(self._settings.timeout, self._adapter.cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            return self._post(path, payload, token, deadline)
        except requests.exceptions.RequestException as error:
            raise self._failure(path, error, late=time.monotonic() >= deadline) from None
        except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
            raise self._failure(path, error, late=time.monotonic() >= deadline) from None
        finally:
            watchdog.cancel()

    def close(self) -> None:
        """See :meth:`Transport.close`."""
        self._session.close()

    def _post(self, path: str, payload: Mapping[str, Any], token: str | None, deadline: float) -> RawAnswer:
        url = self._base + path
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            headers["XSRF-TOKEN"] = token
        with self._session.post(
            url,
            data=json.dumps(payload).encode(),
            headers=headers,
            timeout=self._settings.timeout,
            allow_redirects=False,
            stream=True,
            proxies=None if self._settings.proxy_url else get_environ_proxies(url),
        ) as response:
            body = bytearray()
            for chunk in response.iter_content(_CHUNK):
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise NorthboundError(Reason.BAD_RESPONSE, path, "an answer of more than 64 MiB")
                if time.monotonic() >= deadline:
                    raise self._timeout(path)
            return RawAnswer(
                status=response.status_code,
                body=bytes(body),
                content_type=response.headers.get("Content-Type", ""),
                token=response.headers.get("xsrf-token") or response.cookies.get("XSRF-TOKEN") or "",
            )

    def _timeout(self, path: str) -> NorthboundError:
        return NorthboundError(Reason.TIMEOUT, path, f"no whole answer within {self._settings.timeout:g} s")

    def _failure(self, path: str, error: Exception, *, late: bool) -> NorthboundError:
        causes = _causes(error)

        def caused_by(*kinds: type[BaseException]) -> bool:
            return any(isinstance(cause, kinds) for cause in causes)

        never_sent = caused_by(urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
        if isinstance(error, requests.exceptions.Timeout) or late:
            failure = self._timeout(path)
            failure.sent = not never_sent
            return failure
        if caused_by(ssl.SSLError, urllib3.exceptions.SSLError) or isinstance(error, requests.exceptions.SSLError):
            return NorthboundError(Reason.TLS, path, f"TLS: {_words(causes)}", sent=False)
        if caused_by(ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
            return NorthboundError(Reason.CONNECTION, path, "the connection was closed before an answer came")
        if caused_by(http.client.IncompleteRead, urllib3.exceptions.IncompleteRead):
            return NorthboundError(Reason.BAD_RESPONSE, path, "an answer that was cut short")
        if isinstance(error, requests.exceptions.ConnectionError) or caused_by(OSError):
            return NorthboundError(Reason.CONNECTION, path, f"no connection: {_words(causes)}", sent=not never_sent)
        return NorthboundError(Reason.BAD_RESPONSE, path, f"an answer that is not HTTP: {type(error).__name__}")


class _Adapter(HTTPAdapter):
    """requests' adapter, able to cut its connections: socket time-outs alone cannot bound a slow drip."""

    def __init__(self) -> None:
        self._open: WeakSet[HTTPConnection] = WeakSet()
        super().__init__(pool_connections=2, pool_maxsize=2, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._track(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        self._track(manager)
        return manager

    def cut(self) -> None:
        """Shut every open connection down; the thread that reads from one sees its end."""
        for connection in list(self._open):
            sock = connection.sock
            if sock is not None:
                try:
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not SSLSocket's own, which is not thread-safe
                except OSError:
                    continue  # closed already

    def _track(self, manager: urllib3.PoolManager) -> None:
        opened = self._open

        class Plain(HTTPConnection):
            def connect(self) -> None:
                opened.add(self)
                super().connect()

        class Tls(HTTPSConnection):
            def connect(self) -> None:
                opened.add(self)
                super().connect()

        class PlainPool(urllib3.HTTPConnectionPool):
            ConnectionCls = Plain

        class TlsPool(urllib3.HTTPSConnectionPool):
            ConnectionCls = Tls

        manager.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}


def _causes(error: BaseException) -> list[BaseException]:
    """The error and everything it wraps: requests, urllib3 and http.client each put a layer around the next."""
    found: list[BaseException] = []
    todo: list[object] = [error]
    while todo:
        cause = todo.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            todo += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
    return found


def _words(causes: list[BaseException]) -> str:
    """The words of the innermost cause, without addresses of objects."""
    for cause in reversed(causes):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    return type(causes[0]).__name__
