"""Connections under a deadline: which address is used, and what a name or a family that is none does."""

import socket
import threading
import time
from collections.abc import Callable

import pytest
import requests.adapters
import urllib3
from northbound_support import FarSide, reply, saying
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError

from fusionsolar_exporter.northbound import adapter as module
from fusionsolar_exporter.northbound.adapter import DeadlineAdapter
from fusionsolar_exporter.northbound.auth import NOBODY
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.transport import HttpTransport, TransportSettings

Address = tuple[int, int, int, str, tuple[str, int]]
STREAM = socket.SOCK_STREAM
NO_FAMILY = 9999


def resolving(*addresses: Address) -> Callable[..., list[Address]]:
    return lambda *_args, **_named: list(addresses)


def address_of(port: int, family: int = socket.AF_INET) -> Address:
    return family, STREAM, 0, "", ("127.0.0.1", port)


def post(url: str, *, timeout: float = 5.0) -> int:
    transport = HttpTransport(TransportSettings(url, timeout=timeout))
    try:
        return transport.post("login", {}, NOBODY).status
    finally:
        transport.close()


def failure(url: str, *, timeout: float = 5.0) -> NorthboundError:
    with pytest.raises(NorthboundError) as caught:
        post(url, timeout=timeout)
    return caught.value


def test_the_next_address_is_tried_where_one_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    with FarSide(saying(reply())).running() as far, socket.socket() as refusing:
        refusing.bind(("127.0.0.1", 0))
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            resolving(address_of(far.port, NO_FAMILY), address_of(refusing.getsockname()[1]), address_of(far.port)),
        )
        assert post("http://far.example") == 200
    assert len(far.requests) == 1


def test_the_next_address_gets_its_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with FarSide(saying(reply())).running() as far, socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        queue = [socket.socket() for _ in range(8)]
        for waiting in queue:  # they fill the queue of the listener: who comes next waits for ever
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        monkeypatch.setattr(socket, "getaddrinfo", resolving(address_of(full.getsockname()[1]), address_of(far.port)))
        assert post("http://far.example", timeout=1.0) == 200
        for waiting in queue:
            waiting.close()


def test_only_families_that_this_machine_has_not_got(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving(address_of(80, NO_FAMILY)))
    error = failure("http://far.example")
    assert (error.reason, error.sent) == (Reason.CONNECTION, False)
    assert error.message.startswith("no connection: ")


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "far..example"])
def test_a_name_that_is_none_is_never_sent(host: str) -> None:
    error = failure(f"http://{host}")
    assert error.reason in {Reason.CONNECTION, Reason.BAD_RESPONSE}
    assert not error.sent


def test_a_name_that_takes_all_the_time_leaves_none_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    with FarSide(saying(reply())).running() as far:

        def slow(*_args: object, **_named: object) -> list[Address]:
            threading.Event().wait(0.15)
            return [address_of(far.port)]

        monkeypatch.setattr(socket, "getaddrinfo", slow)
        error = failure("http://far.example", timeout=0.1)
    assert (error.reason, error.sent) == (Reason.TIMEOUT, False)
    assert far.connections == 0


def connection_of(adapter: DeadlineAdapter, url: str) -> HTTPConnection:
    adapter.begin(time.monotonic() + 5)
    pool = adapter.poolmanager.connection_from_url(url)
    connection = pool._get_conn()
    assert isinstance(connection, HTTPConnection)
    return connection


def test_a_connection_that_comes_after_the_cut_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = DeadlineAdapter()

    def late(connection: HTTPConnection, deadline: float) -> socket.socket:
        del deadline
        adapter.cut()  # there is nothing to shut down yet
        adapter.deadline = time.monotonic()
        return socket.create_connection((connection.host, connection.port or 0))

    monkeypatch.setattr(module, "_connect", late)
    with FarSide(saying(reply())).running() as far:
        connection = connection_of(adapter, far.url)
        with pytest.raises(ConnectTimeoutError):
            connection.connect()
        connection.close()
    adapter.close()


def test_a_cut_of_what_the_far_side_has_closed_is_nothing() -> None:
    adapter = DeadlineAdapter()
    with FarSide(saying(reply())).running() as far:
        connection = connection_of(adapter, far.url)
        connection.connect()
        assert connection.sock is not None
        connection.sock.shutdown(socket.SHUT_RDWR)
        connection.sock.close()
        adapter.cut()
    adapter.close()


def test_a_socks_proxy_keeps_connections_of_its_own_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = urllib3.PoolManager()
    own = manager.pool_classes_by_scheme
    monkeypatch.setattr(requests.adapters, "SOCKSProxyManager", lambda *_args, **_named: manager)
    adapter = DeadlineAdapter()
    assert adapter.proxy_manager_for("socks5h://127.0.0.1:1080") is manager
    assert manager.pool_classes_by_scheme is own
    assert adapter.proxy_manager_for("http://127.0.0.1:3128").pool_classes_by_scheme is not own
    adapter.close()


@pytest.mark.parametrize(("longest", "connections"), [(0.0, 3), (60.0, 1)])
def test_a_kept_connection_that_idled_for_too_long_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch, longest: float, connections: int
) -> None:
    monkeypatch.setattr(module, "LONGEST_IDLE", longest)
    with FarSide(saying(reply())).running() as far:
        transport = HttpTransport(TransportSettings(far.url))
        for _ in range(3):
            assert transport.post("login", {}, NOBODY).status == 200
        transport.close()
        assert far.connections == connections


def test_a_name_that_no_resolver_answers_for_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def never(*_args: object, **_named: object) -> list[Address]:
        over.wait(10)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", never)
    began = time.monotonic()
    error = failure("http://far.example", timeout=0.2)
    over.set()
    assert (error.reason, error.sent) == (Reason.TIMEOUT, False)
    assert time.monotonic() - began < 5
