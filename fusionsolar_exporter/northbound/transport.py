"""One request over HTTP: pooled, bounded in time and size, never redirected, never retried.

Nothing here reads ``~/.netrc`` or keeps cookies: what proves who asks is in the headers that are given.
"""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import urlencode

import requests
import urllib3
from requests.utils import get_environ_proxies
from typing_extensions import override

from fusionsolar_exporter.northbound.adapter import DeadlineAdapter
from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.bounds import BoundsError, check_size
from fusionsolar_exporter.northbound.certificates import CertificatesError, tls_context
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.retry_after import retry_after

_CHUNK = 64 * 1024
_LONGEST_TIMEOUT = 86_400.0  # seconds; sockets cannot wait for more than 24 days
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_TLS_RECORDS = frozenset({"\x15\x03", "\x16\x03"})
"""Beginnings of what a server says that waits for TLS and hears HTTP."""
_NO_TLS_SPOKEN = "the port does not speak it: write http:// in url, or the port of https"
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"})
"""What OpenSSL calls an answer that is no TLS."""
_CLOSED = "the connection was closed before an answer came"


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back, unread."""

    status: int
    body: bytes
    content_type: str
    token: str
    """XSRF-TOKEN of the response header, else of the cookie; empty where there is none."""
    retry_after: float | None = None
    """For how many seconds the answer asks not to be asked, an hour at most."""


class Transport(Protocol):
    """Carries a request to the far side."""

    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        """POST ``payload`` as JSON to ``/thirdData/<path>``.

        NorthboundError with the reasons timeout, connection, tls or bad_response where no whole answer came.
        """
        ...

    def post_form(self, url: str, interface: str, form: Mapping[str, str]) -> RawAnswer:
        """POST ``form`` to an address of its own; errors as of :meth:`post`, under the name of ``interface``."""
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


class HttpTransport(Transport):
    """The real thing, over ``requests``."""

    def __init__(self, settings: TransportSettings) -> None:
        self._settings = settings
        self._seconds = min(settings.timeout, _LONGEST_TIMEOUT)
        self._base = settings.url.rstrip("/") + "/thirdData/"
        self._adapter = DeadlineAdapter()
        session = requests.Session()
        session.trust_env = False
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.mount("http://", self._adapter)
        session.mount("https://", self._adapter)
        session.verify = settings.verify
        if settings.proxy_url:
            session.proxies = {"http": settings.proxy_url, "https": settings.proxy_url}
        self._session = session
        self._trusts = False

    @override
    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        headers = {"Content-Type": "application/json", "Accept": "application/json", **auth.headers}
        return self._send(self._base + path, path, json.dumps(payload).encode(), headers)

    @override
    def post_form(self, url: str, interface: str, form: Mapping[str, str]) -> RawAnswer:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        return self._send(url, interface, urlencode(form).encode(), headers)

    @override
    def close(self) -> None:
        self._session.close()

    def _trust(self, path: str) -> None:
        """Read the certificates, before the first request; again before the next one where they cannot be read."""
        if not self._trusts:
            given = self._settings
            try:
                context = tls_context(
                    verify=given.verify, ca=given.ca_file, cert_file=given.cert_file, key_file=given.key_file
                )
            except CertificatesError as error:
                raise NorthboundError(Reason.TLS, path, f"TLS: {error}", sent=False) from None
            self._adapter.trust(context)
            self._trusts = True

    def _send(self, url: str, path: str, body: bytes, headers: Mapping[str, str]) -> RawAnswer:
        self._trust(path)
        deadline = time.monotonic() + self._seconds
        self._adapter.begin(deadline)
        watchdog = threading.Timer(self._seconds, self._adapter.cut)
        watchdog.daemon = True
        watchdog.start()
        try:
            return self._post(url, path, body, headers, deadline)
        except BoundsError as error:
            raise NorthboundError(Reason.BAD_RESPONSE, path, str(error)) from None
        except (
            OSError,
            urllib3.exceptions.HTTPError,
            http.client.HTTPException,
            ValueError,  # of a chunk with less than no bytes
        ) as error:  # requests' own are OSErrors
            raise self._failure(path, error, late=time.monotonic() >= deadline) from None
        finally:
            watchdog.cancel()

    def _post(self, url: str, path: str, body: bytes, headers: Mapping[str, str], deadline: float) -> RawAnswer:
        with self._session.post(
            url,
            data=body,
            headers=headers,
            timeout=self._seconds,
            allow_redirects=False,
            stream=True,
            proxies=None if self._settings.proxy_url else get_environ_proxies(url),
        ) as response:
            content = self._read(path, response, deadline)
            cookies = [cookie.value or "" for cookie in response.cookies if cookie.name == "XSRF-TOKEN"]
            return RawAnswer(
                status=response.status_code,
                body=content,
                content_type=response.headers.get("Content-Type", ""),
                token=response.headers.get("xsrf-token") or (cookies[-1] if cookies else ""),
                retry_after=retry_after(response.headers.get("Retry-After"), response.headers.get("Date")),
            )

    def _read(self, path: str, response: requests.Response, deadline: float) -> bytes:
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            check_size(len(body), path)
            if time.monotonic() >= deadline:
                break
        if time.monotonic() >= deadline:  # what was cut can look like the end of an answer
            raise self._timeout(path)
        if (
            response.status_code == HTTPStatus.OK and not body and response.headers.keys().isdisjoint(_FRAMING)
        ):  # it was cut within the headers
            raise NorthboundError(Reason.CONNECTION, path, _CLOSED)
        return bytes(body)

    def _timeout(self, path: str) -> NorthboundError:
        return NorthboundError(Reason.TIMEOUT, path, f"no whole answer within {self._seconds:g} s")

    def _failure(self, path: str, error: Exception, *, late: bool) -> NorthboundError:
        causes = _causes(error)

        def caused_by(*kinds: type[BaseException]) -> bool:
            return any(isinstance(cause, kinds) for cause in causes)

        sent = self._adapter.begun and not caused_by(
            urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError
        )
        if isinstance(error, requests.exceptions.Timeout) or late:
            failure = self._timeout(path)
            failure.sent = sent
            return failure
        if caused_by(ssl.SSLError, urllib3.exceptions.SSLError, requests.exceptions.SSLError):
            no_tls = any(isinstance(one, ssl.SSLError) and one.reason in _NO_TLS for one in causes)
            told = _NO_TLS_SPOKEN if no_tls else _words(causes)
            return NorthboundError(Reason.TLS, path, f"TLS: {told}", speaks_no_tls=no_tls, sent=sent)
        if caused_by(ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected):
            return NorthboundError(Reason.CONNECTION, path, _CLOSED, sent=sent)
        if caused_by(http.client.IncompleteRead, urllib3.exceptions.IncompleteRead):
            return NorthboundError(Reason.BAD_RESPONSE, path, "an answer that was cut short")
        not_http = isinstance(error, ValueError) or (
            isinstance(error, requests.exceptions.RequestException)
            and not isinstance(error, requests.exceptions.ConnectionError)
        )
        if not_http or caused_by(http.client.HTTPException, urllib3.exceptions.DecodeError):
            what = "an answer that is not HTTP" if sent else "a request that cannot be sent"
            greeting = next((str(one.args[0]) for one in causes if isinstance(one, http.client.BadStatusLine)), "")
            speaks_tls = greeting[:2] in _TLS_RECORDS
            why = "the port speaks TLS: write https:// in url" if speaks_tls else type(error).__name__
            return NorthboundError(Reason.BAD_RESPONSE, path, f"{what}: {why}", sent=sent)
        return NorthboundError(Reason.CONNECTION, path, f"no connection: {_words(causes)}", sent=sent)


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
        if type(cause) is OSError:  # of a proxy's refusal, and of certificate files
            return str(cause)
    return type(causes[0]).__name__
