"""The subcommand ``demo``: the exporter against a simulated management system, limits and time sped up."""

import argparse
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from fusionsolar_exporter.config import Config
from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.exporter import Exporter
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.northbound.interfaces import INTERFACES
from fusionsolar_exporter.serving import WebOptions, serve
from fusionsolar_exporter.simulator.command import DEMO_PASSWORD, DEMO_USERNAME
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.scaled_time import ScaledTime
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

_MARGIN = 6.0  # simulated seconds: at 120 times the speed 50 ms, which a busy laptop needs
_MIN_GAP = 1.2
_SESSION = 1800.0
_PATIENCE = 30.0  # seconds to wait for the first values before saying so


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the subcommand."""
    parser.add_argument(
        "--speed",
        type=_speed,
        default=120.0,
        metavar="FACTOR",
        help="how much faster than real time the simulated world and its limits run (default: %(default)g, "
        "a day in 12 minutes)",
    )
    parser.add_argument(
        "--plants", type=_count, default=3, metavar="N", help="number of simulated plants (default: %(default)s)"
    )


def run(args: argparse.Namespace, web: WebOptions, log: EventLogger, output: TextIO | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit status."""
    output = output or sys.stderr
    now = ScaledTime(args.speed, _this_morning())
    plan = FleetPlan(plants=args.plants, devices_per_plant=10, start=now(), alarm_share=0.5)
    system = SimulatedSystem(SimulatedFleet(plan), now=now, users={DEMO_USERNAME: DEMO_PASSWORD})
    with SimulatorServer(system) as simulator:
        config = demo_config(simulator.url, args.speed)

        def tell(exporter: Exporter, addresses: Sequence[str]) -> None:
            _tell_where_to_look(simulator.url, addresses, web.telemetry_path, args.speed, output)
            threading.Thread(target=_watch, args=(exporter, output), name="demo", daemon=True).start()

        return serve(config, lambda: config, web, log=log, listening=tell)


def demo_config(url: str, speed: float) -> Config:
    """A configuration for a simulated system whose time runs so much faster: its limits, scaled alike."""
    account = {
        "name": "demo",
        "url": url,
        "username": DEMO_USERNAME,
        "password": DEMO_PASSWORD,
        "rate_limits": scaled_rate_limits(speed),
    }
    return validate({"accounts": [account], "state": {"url": "memory:"}}, Path.cwd())


def scaled_rate_limits(speed: float, margin: float = _MARGIN) -> dict[str, object]:
    """``rate_limits`` for a far side whose time runs so much faster; ``margin`` is in its seconds."""

    def scaled(seconds: float) -> str:
        return f"{max(round(seconds * 1000 / speed), 1)}ms"

    return {
        "margin": scaled(margin),
        "min_gap": scaled(_MIN_GAP),
        "session_lifetime": scaled(_SESSION),
        "login_pause": scaled(_SESSION),
        "backoff": {"initial": scaled(60), "maximum": scaled(1800)},
        "interfaces": {
            interface.value: {"window": scaled(facts.window)}
            | ({"spacing": scaled(facts.spacing)} if facts.spacing else {})
            for interface, facts in INTERFACES.items()
        },
    }


def _this_morning() -> float:
    """Unix time of 09:00 UTC today, when the sun is up over most of the simulated plants."""
    return time.time() // 86400 * 86400 + 9 * 3600


def _tell_where_to_look(
    simulator: str, addresses: Sequence[str], telemetry_path: str, speed: float, output: TextIO
) -> None:
    port = addresses[0].rpartition(":")[2]
    base = f"http://localhost:{port}"
    print(
        f"\n  A simulated management system, {speed:g} times as fast as real time, and the exporter against it.\n\n"
        f"  status page   {base}/\n"
        f"  metrics       {base}{telemetry_path}\n"
        f"  to see move   {base}{telemetry_path}?name[]=fusionsolar_plant_active_power_watts\n"
        f"  the far side  {simulator}  (user {DEMO_USERNAME})\n\n"
        "  End with Ctrl-C.\n",
        file=output,
        flush=True,
    )


def _watch(exporter: Exporter, output: TextIO) -> None:
    """Say when the first values are there; on a terminal, show progress until then."""
    began = time.monotonic()
    terminal = output.isatty()
    while (waited := time.monotonic() - began) < _PATIENCE:
        snapshot = exporter.views()[0].snapshot
        devices = len(snapshot.device_readings)
        if terminal:
            print(f"\r  {len(snapshot.plants)} plants, {devices} devices with values ", end="", file=output, flush=True)
        if snapshot.plant_readings and devices and snapshot.alarms:
            exporter.refresh_exposition()
            print(
                f"{chr(10) if terminal else ''}  values of {len(snapshot.plant_readings)} plants and {devices} devices "
                f"after {waited:.1f} s\n",
                file=output,
                flush=True,
            )
            return
        time.sleep(0.1)
    print("\n  no values yet: the log above says why\n", file=output, flush=True)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 1 <= speed <= 600:  # noqa: PLR2004 - above, the scaled limits are shorter than a request takes
        raise argparse.ArgumentTypeError(f"{text!r} is no speed: write a factor from 1 to 600")
    return speed


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 1000:  # noqa: PLR2004 - enough for a demo
        raise argparse.ArgumentTypeError(f"{text!r} is no number of plants: write 1 to 1000")
    return int(text)
