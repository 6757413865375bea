"""The subcommand ``healthcheck``: does the exporter on this host answer? Its exit status is for container runtimes."""

import argparse
import sys
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path
from typing import TextIO

from fusionsolar_exporter.flag_parser import FlagParser
from fusionsolar_exporter.health_asking import Asking

DESCRIPTION = "ask the exporter on this host whether it works; the exit status is 0 where it does"
DEFAULT_ADDRESS = ":10035"
"""Where ``serve`` listens unless it is told otherwise."""
PATH = "/-/healthy"
TIMEOUT = 5.0
"""Seconds until an exporter that does not answer counts as unhealthy."""

_LOOPBACK = {"": "localhost", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - what is listened on, not listening
_LARGEST_PORT = 65535
_SIGNS_OF_LIFE = {200, 429}  # too many requests: that is for others to mend


def main(argv: Sequence[str]) -> int:
    """Run the subcommand by itself; its exit status."""
    parser = FlagParser(prog="fusionsolar-exporter healthcheck", description=DESCRIPTION)
    add_arguments(parser)
    return run(parser.parse_args(argv))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the subcommand: those of ``serve`` that say where it listens."""
    parser.add_argument(
        "--web.listen-address",
        dest="listen_addresses",
        action="append",
        type=_address,
        metavar="HOST:PORT",
        help=f"where the exporter was told to listen, repeatable: the first one is asked (default: {DEFAULT_ADDRESS})",
    )
    _add_web_config(parser)


def _add_web_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--web.config.file",
        dest="web_config_file",
        type=Path,
        metavar="FILE",
        help="the file that the exporter was given, where it speaks TLS or asks for passwords (default: none)",
    )


def run(args: argparse.Namespace, *, messages: TextIO | None = None) -> int:
    """Ask once: 0 where the answer is 200, else 1 and one line that says why."""
    messages = sys.stderr if messages is None else messages
    addresses: Sequence[tuple[str, int]] = args.listen_addresses or [_address(DEFAULT_ADDRESS)]
    host, port = addresses[0]
    asking = Asking(HTTPConnection, "http", {}, lambda _error: False)
    if args.web_config_file is not None:
        # loads what most health checks do without
        from fusionsolar_exporter.config import ConfigError  # noqa: PLC0415
        from fusionsolar_exporter.guarded_healthcheck import asking_behind  # noqa: PLC0415

        try:
            asking = asking_behind(args.web_config_file)
        except ConfigError as error:
            print(f"unhealthy: {error.problems[0]}", file=messages)
            return 1
    # no proxy is asked, whatever the environment names: this connection does not leave the host
    connection = asking.connect(host.strip("[]"), port, timeout=TIMEOUT)
    where = f"{asking.scheme}://{host}:{port}{PATH}"
    try:
        connection.request("GET", PATH, headers={"Connection": "close", **asking.headers})
        answer: HTTPResponse = connection.getresponse()
    except (OSError, HTTPException) as error:
        if asking.is_alive(error):
            return 0
        print(f"unhealthy: {where}: {' '.join(str(error).split()) or type(error).__name__}", file=messages)
        return 1
    finally:
        connection.close()
    if answer.status not in _SIGNS_OF_LIFE:
        print(f"unhealthy: {where}: HTTP status {answer.status}, expected 200", file=messages)
        return 1
    return 0


def _address(text: str) -> tuple[str, int]:
    """Host, with the brackets of IPv6, and port of an address that was listened on."""
    host, colon, port = text.rpartition(":")
    bare = not (host.startswith("[") and host.endswith("]"))
    if not colon or (bare and ":" in host) or not port.isascii() or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is no address: write HOST:PORT, such as :10035 or [::1]:10035")
    if not 1 <= int(port) <= _LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r}: write the port that the exporter got, a number from 1 to 65535")
    return _LOOPBACK.get(host, host), int(port)
