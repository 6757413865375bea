"""Addresses to listen on: ``HOST:PORT``, ``:PORT`` for every address of the host, ``[IPv6]:PORT``."""

import errno
import os
import re
import socket
from collections.abc import Sequence
from contextlib import ExitStack

BACKLOG = 512
_PATTERN = re.compile(r"(?:\[(?P<bracketed>[^\]]+)\]|(?P<host>[^:\[\]]*)):(?P<port>[0-9]{1,5})", re.ASCII)
_MAX_PORT = 65535
_IPV4_WILDCARD = "0.0.0.0"  # noqa: S104 - what an empty host asks for
_WILDCARDS = frozenset({"", "::"})
_NO_IPV6 = frozenset({errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
_HINTS = {
    errno.EADDRINUSE: "the address is in use; stop the other program, or choose another with --web.listen-address",
    errno.EACCES: "no permission; ports below 1024 need the capability CAP_NET_BIND_SERVICE",
    errno.EADDRNOTAVAIL: "this host has no such address",
}


class ListenError(Exception):
    """An address that cannot be listened on; the message names it and says why."""


def listen_on(addresses: Sequence[str]) -> list[socket.socket]:
    """Listen on every address; connections wait until somebody serves them.

    :raises ListenError: one of the addresses cannot be listened on; then none is.
    """
    with ExitStack() as opened:
        sockets = [opened.enter_context(listen(address)) for address in addresses]
        opened.pop_all()
    return sockets


def listen(address: str) -> socket.socket:
    """Open a listening socket; port 0 takes a free one. A name is listened on at one of its addresses, IPv4 first.

    :raises ListenError: bad syntax, unknown name, in use, no permission.
    """
    match = _PATTERN.fullmatch(address)
    if match is None or int(match["port"]) > _MAX_PORT:
        raise ListenError(f'"{address}": expected HOST:PORT, for example :10035 or [::1]:10035')
    host, port = match["bracketed"] or match["host"], int(match["port"])
    try:
        if host in _WILDCARDS and socket.has_dualstack_ipv6():
            return _everywhere(host, port)
        return _at(host or _IPV4_WILDCARD, port)
    except (OSError, UnicodeError) as error:
        raise ListenError(f'"{address}": {_why(error)}') from error


def _everywhere(host: str, port: int) -> socket.socket:
    """Listen on IPv6 and IPv4 with one socket; on IPv4 alone where the host has IPv6 switched off."""
    try:
        return socket.create_server(("::", port), family=socket.AF_INET6, backlog=BACKLOG, dualstack_ipv6=True)
    except OSError as error:
        if host or error.errno not in _NO_IPV6:
            raise
        return _at(_IPV4_WILDCARD, port)


def _at(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, _, _, _, where = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return socket.create_server(where, family=family, backlog=BACKLOG)


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "the host name is not known"
    if isinstance(error, OSError) and error.errno is not None:
        return _HINTS.get(error.errno, os.strerror(error.errno))
    return "the host name is not valid"


def name_of(listening: socket.socket) -> str:
    """Give the address a socket really listens on, as ``HOST:PORT``."""
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
