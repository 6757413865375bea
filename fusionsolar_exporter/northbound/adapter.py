"""Connections that keep a deadline: requests' time-outs hold for single steps, and a slow drip outlives them all."""

import http.client
import math
import socket
import ssl
import threading
import time
from typing import Any
from weakref import WeakSet

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

LONGEST_IDLE = 60.0
"""Seconds after which a kept connection is not used again."""
_OF_ADDRESSES = frozenset("0123456789.:")


class DeadlineAdapter(HTTPAdapter):
    """requests' adapter for one request at a time, which knows whether it was sent and can be cut."""

    def __init__(self) -> None:
        self._open: WeakSet[HTTPConnection] = WeakSet()
        self._pools = _pools(self, self._open)
        self._context: ssl.SSLContext | None = None
        self.deadline = math.inf
        """End of the present request, by ``time.monotonic``."""
        self.begun = False
        """Whether the present request may have been written to a connection, as far as TLS and proxies go."""
        super().__init__(pool_connections=2, pool_maxsize=2, max_retries=0)

    def begin(self, deadline: float) -> None:
        """Start another request, which ends at a moment of ``time.monotonic``."""
        self.deadline = deadline
        self.begun = False

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Use our own connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def trust(self, context: ssl.SSLContext) -> None:
        """Use TLS as this says, for connections that are made from now on."""
        self._context = context
        self.poolmanager.connection_pool_kw["ssl_context"] = context

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Trust nothing beside: requests would add the authorities that it brings."""
        del url, cert
        conn.cert_reqs = "CERT_REQUIRED" if verify else "CERT_NONE"

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Use our own connections to proxies, too; a SOCKS proxy needs those of its own kind."""
        if self._context is not None:
            proxy_kwargs["ssl_context"] = self._context
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = self._pools
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


class _Answer(http.client.HTTPResponse):
    def _safe_read(self, amt: int) -> bytes:
        # urllib3 hands over what a chunk says of its size, and -1 would be all that comes, whatever the bounds
        if amt < 0:
            raise ValueError("a chunk of less than no bytes")
        return super()._safe_read(amt)  # type: ignore[misc, no-any-return]


def _pools(adapter: DeadlineAdapter, opened: WeakSet[HTTPConnection]) -> dict[str, type[urllib3.HTTPConnectionPool]]:
    """Connection pools by scheme, whose connections report to an adapter."""

    class Plain(HTTPConnection):
        idle_since = math.inf
        response_class = _Answer

        @property
        def is_connected(self) -> bool:
            # what stands between may have forgotten it by now, and would swallow the request without a word
            return super().is_connected and time.monotonic() - self.idle_since < LONGEST_IDLE

        def connect(self) -> None:
            opened.add(self)
            super().connect()
            if time.monotonic() >= adapter.deadline:  # the cut may have come while there was no socket to shut down
                raise _too_late(self)

        def request(self, *args: Any, **kwargs: Any) -> None:
            adapter.begun = True
            super().request(*args, **kwargs)

        def _new_conn(self) -> socket.socket:
            return _connect(self, adapter.deadline)

    class Tls(Plain, HTTPSConnection):
        pass

    class PlainPool(urllib3.HTTPConnectionPool):
        ConnectionCls = Plain

        def _put_conn(self, conn: Any) -> None:
            if conn is not None:
                conn.idle_since = time.monotonic()
            super()._put_conn(conn)

    class TlsPool(PlainPool, urllib3.HTTPSConnectionPool):
        ConnectionCls = Tls

    return {"http": PlainPool, "https": TlsPool}


def _connect(connection: HTTPConnection, deadline: float) -> socket.socket:
    """As urllib3 does it, but all addresses of a name share the time that is left."""
    try:
        found = _addresses(connection, deadline)
    except (socket.gaierror, UnicodeError) as error:  # the latter for a name that is none
        why = error if isinstance(error, socket.gaierror) else socket.gaierror(socket.EAI_NONAME, "not a host name")
        raise NameResolutionError(connection.host, connection, why) from error
    failure: OSError | None = None
    for left_to_try, (family, kind, protocol, _, address) in zip(range(len(found), 0, -1), found, strict=True):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            sock = socket.socket(family, kind, protocol)
        except OSError as error:  # a family that this machine has not got
            failure = error
            continue
        try:
            for option in connection.socket_options or ():
                sock.setsockopt(*option)
            sock.settimeout(left / left_to_try)
            sock.connect(address)
            sock.settimeout(max(deadline - time.monotonic(), 0.001))  # 0 would mean not to wait at all
        except OSError as error:
            sock.close()
            failure = error
        else:
            return sock
    if failure is None or isinstance(failure, TimeoutError):
        raise _too_late(connection) from failure
    raise NewConnectionError(connection, f"no connection: {failure}") from failure


def _addresses(connection: HTTPConnection, deadline: float) -> list[Any]:
    """The addresses of a name; a resolver knows no deadline, so it is asked in a thread that may be left behind."""
    host, port = connection.host.strip("[]"), connection.port
    if all(character in _OF_ADDRESSES for character in host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found: list[Any] = []
    errors: list[Exception] = []

    def resolve() -> None:
        try:
            found.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it is waited for
            errors.append(error)

    thread = threading.Thread(target=resolve, name="resolve", daemon=True)
    thread.start()
    thread.join(max(deadline - time.monotonic(), 0.0))
    if errors:
        raise errors[0]
    if not found:
        raise _too_late(connection)
    return found


def _too_late(connection: HTTPConnection) -> ConnectTimeoutError:
    return ConnectTimeoutError(connection, f"no connection to {connection.host} in time")
