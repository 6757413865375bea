"""Where the server listens: every address, IPv6, and what cannot be had."""

import contextlib
import errno
import http.client
import os
import socket
from typing import Any

import pytest
from web_support import (
    DEADLINE,
    ask_on,
    endpoint,
    serving,
)

from fusionsolar_exporter.web.addresses import ListenError, listen, listen_on


def test_every_address_is_served() -> None:
    with serving(addresses=["127.0.0.1:0", "localhost:0", ":0", "0.0.0.0:0"]) as server:
        assert len({endpoint(server, number)[1] for number in range(4)}) == 4
        for number in range(4):
            port = endpoint(server, number)[1]
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)) as connection:
                assert ask_on(connection, "/-/healthy").status == 200


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this host has no IPv6")
@pytest.mark.parametrize("address", ["[::1]:0", ":0", "[::]:0"])
def test_ipv6_is_served(address: str) -> None:
    with serving(addresses=[address]) as server:
        assert server.addresses[0].startswith("[::")
        port = endpoint(server)[1]
        with contextlib.closing(http.client.HTTPConnection("::1", port, timeout=DEADLINE)) as connection:
            assert ask_on(connection, "/-/healthy").status == 200


@pytest.mark.parametrize("code", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, None])
def test_without_ipv6_an_empty_host_is_ipv4(monkeypatch: pytest.MonkeyPatch, code: int | None) -> None:
    create_server = socket.create_server

    def without_ipv6(*args: Any, **options: Any) -> socket.socket:
        if options["family"] == socket.AF_INET6:
            raise OSError(code, "no IPv6")
        return create_server(*args, **options)

    monkeypatch.setattr(socket, "create_server", without_ipv6)
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: code is not None)
    with listen(":0") as listening:
        assert listening.family == socket.AF_INET
    with pytest.raises(ListenError):
        listen("[::]:0")


@pytest.mark.parametrize(
    "address",
    ["", "10035", "host", "host:", "::1:80", "[::1]", "[]:80", "a:b", ":65536", ":123456", ":-1", "a:b:80", ":\u0663"],
)
def test_a_bad_address_is_named(address: str) -> None:
    with pytest.raises(ListenError) as caught:
        listen(address)
    assert str(caught.value) == f'"{address}": expected HOST:PORT, for example :10035 or [::1]:10035'


def test_an_address_in_use_is_named_and_the_others_are_let_go() -> None:
    with listen("127.0.0.1:0") as taken, listen("127.0.0.1:0") as spare:
        port, free = taken.getsockname()[1], spare.getsockname()[1]
        spare.close()
        in_use = rf'"127.0.0.1:{port}": the address is in use; .* --web.listen-address'
        with pytest.raises(ListenError, match=in_use):
            listen_on([f"127.0.0.1:{free}", f"127.0.0.1:{port}"])
        listen(f"127.0.0.1:{free}").close()


def test_an_address_of_another_host_is_named() -> None:
    with pytest.raises(ListenError, match=r'"192\.0\.2\.1:0": this host has no such address'):
        listen("192.0.2.1:0")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (PermissionError(errno.EACCES, "x"), "no permission; ports below 1024 need"),
        (OSError(errno.EMFILE, "x"), os.strerror(errno.EMFILE)),
        (socket.gaierror(-2, "x"), "the host name is not known"),
        (UnicodeError("x"), "the host name is not valid"),
    ],
)
def test_other_reasons_are_said(monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str) -> None:
    def fail(*_: Any, **__: Any) -> socket.socket:
        raise error

    monkeypatch.setattr(socket, "create_server", fail)
    with pytest.raises(ListenError, match=reason):
        listen("127.0.0.1:80")
