"""One request over HTTP: pooled, bounded in time and size, never redirected, never retried.

Nothing here reads ``~/.netrc`` or keeps cookies: what proves who asks is in the headers that are given.
"""

import http.client
import json
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
from fusionsolar_exporter.northbound.send_failure import closed, failure_of, timed_out

_CHUNK = 64 * 1024
_LONGEST_TIMEOUT = 86_400.0  # seconds; sockets cannot wait for more than 24 days
_FRAMING = frozenset({"content-length", "transfer-encoding"})


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
            late = time.monotonic() >= deadline or isinstance(error, requests.exceptions.Timeout)
            raise failure_of(error, path, begun=self._adapter.begun, waited=self._seconds if late else None) from None
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
            raise timed_out(path, self._seconds)
        if (
            response.status_code == HTTPStatus.OK and not body and response.headers.keys().isdisjoint(_FRAMING)
        ):  # it was cut within the headers
            raise closed(path)
        return bytes(body)
