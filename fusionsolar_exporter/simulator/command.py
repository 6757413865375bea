"""The subcommand ``simulator``: a simulated management system until a signal ends it."""

import argparse
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TextIO

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.limit_shapes import DOCUMENTED, LimitShapes
from fusionsolar_exporter.simulator.limit_text import limits_of
from fusionsolar_exporter.simulator.oauth.endpoints import ARRIVAL_PATH, OAuthEndpoints
from fusionsolar_exporter.simulator.oauth.rules import OAuthClient, OAuthRules
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.scaled_time import ScaledTime
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem
from fusionsolar_exporter.simulator.world_flags import add_world_flags, names

DEMO_USERNAME = "northbound-demo"
DEMO_PASSWORD = "Demo-Password-1"  # noqa: S105 -- for simulated plants, and in the documentation
DEMO_CLIENT_ID = "123456789"
DEMO_CLIENT_SECRET = "Demo-Secret-1"  # noqa: S105 -- likewise
_LARGEST_PORT = 65535
_LOOK_SECONDS = 0.2
DEFAULT_ADDRESS = "127.0.0.1:10036"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the subcommand."""
    add = parser.add_argument
    add(
        "--web.listen-address",
        dest="listen_address",
        default=DEFAULT_ADDRESS,
        type=_address,
        metavar="HOST:PORT",
        help="where to serve; port 0 takes a free one (default: %(default)s)",
    )
    add_world_flags(parser, plants=2, devices_per_plant=8, speed=1.0)
    add(
        *names("start"),
        dest="start",
        default=None,
        type=_moment,
        metavar="TIME",
        help="time at the start, as 2025-06-15T12:00:00+00:00 (default: now)",
    )
    add(
        *names("quirks"),
        dest="quirks",
        action="store_true",
        help="answer as real servers do where they differ from the reference",
    )
    add(
        *names("limits"),
        dest="limits",
        default=DOCUMENTED,
        type=_limits,
        metavar="LIMITS",
        help="limits that differ from the reference, such as 'getDevRealKpi calls=50%%; getAlarmList every=13m', or "
        "@FILE with one a line (docs/simulator.md)",
    )


def run(args: argparse.Namespace, *, environ: Mapping[str, str] = os.environ, messages: TextIO | None = None) -> int:
    """Serve until SIGTERM or SIGINT and return the exit status.

    The user is FUSIONSOLAR_USERNAME with FUSIONSOLAR_PASSWORD, or a demo user; the secret of the OAuth client is
    FUSIONSOLAR_CLIENT_SECRET, or a demo one. ``messages`` is standard error
    where it is None.
    """
    messages = sys.stderr if messages is None else messages
    username = environ.get("FUSIONSOLAR_USERNAME") or DEMO_USERNAME
    password = environ.get("FUSIONSOLAR_PASSWORD") or DEMO_PASSWORD
    now = ScaledTime(args.speed, args.start)
    plan = FleetPlan(
        plants=args.plants,
        devices_per_plant=args.devices_per_plant,
        seed=args.seed,
        start=now(),
        quirks=args.quirks,
        odd_names=args.quirks,
    )
    system = SimulatedSystem(
        SimulatedFleet(plan),
        now=now,
        users={username: password},
        rules=Rules(quirks=args.quirks),
        shapes=args.limits,
    )
    host, port = args.listen_address
    try:
        server = SimulatorServer(system, host, port)
    except OSError as error:
        print(
            f"cannot serve on {host} port {port}: {error.strerror}; choose another address with --web.listen-address",
            file=messages,
        )
        return 1
    if args.oauth:
        system.oauth = demo_oauth(server.url, {username: password}, environ.get("FUSIONSOLAR_CLIENT_SECRET", ""))
    stopped = threading.Event()
    previous = {number: signal.signal(number, lambda *_: stopped.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with server:
            print(_how_to_read(server.url, username, environ.get("FUSIONSOLAR_PASSWORD")), file=messages, flush=True)
            while not stopped.wait(_LOOK_SECONDS):
                continue  # a signal just before the wait does not end it
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 0


def _how_to_read(url: str, username: str, own_password: str | None) -> str:
    """A log line, and for people the user, the password, and the line that starts the exporter against them."""
    if own_password:  # it may be that of a real account, left in the environment
        password, assignment = "the password in FUSIONSOLAR_PASSWORD, to be set there as well", ""
    else:
        password, assignment = f"the password {DEMO_PASSWORD}", f"FUSIONSOLAR_PASSWORD={DEMO_PASSWORD} "
    return (
        f'msg="simulator listening" url={url} username={username}\n\n'
        f"  It takes the user {username} with {password}.\n"
        f"  To read it, in another terminal:\n\n"
        f"  FUSIONSOLAR_URL={url} FUSIONSOLAR_USERNAME={shlex.quote(username)} {assignment}\\\n"
        f"  fusionsolar-exporter serve\n"
    )


def demo_oauth(
    url: str,
    owners: Mapping[str, str],
    secret: str = "",
    *,
    rules: OAuthRules | None = None,
    arrived: Callable[[str], str] | None = None,
) -> OAuthEndpoints:
    """Return an authorization server for the demo client, whose redirect address is on the same server.

    ``arrived`` gets what browsers ask of that address, and gives what its page says.
    """
    client = OAuthClient(DEMO_CLIENT_ID, secret or DEMO_CLIENT_SECRET, f"{url}{ARRIVAL_PATH}")
    return OAuthEndpoints([client], owners, rules, arrived=arrived)


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit() or int(port) > _LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no address: write HOST:PORT, for example {DEFAULT_ADDRESS}")
    return host.strip("[]") or "0.0.0.0", int(port)  # noqa: S104 -- asked for by leaving the host out


def _limits(text: str) -> LimitShapes:
    try:
        return limits_of(Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text)
    except UnicodeDecodeError:
        raise argparse.ArgumentTypeError(f"{text[1:]} is no text in UTF-8") from None
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text[1:]} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _moment(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write it with its zone, as 2025-06-15T12:00:00+00:00")
    return moment.timestamp()
