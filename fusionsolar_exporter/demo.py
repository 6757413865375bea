"""The subcommand ``demo``: the exporter against a simulated management system, limits and time sped up."""

import argparse
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

from fusionsolar_exporter.authorize.authorization import Authorization, AuthorizationError
from fusionsolar_exporter.config import Config
from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.exporter import Exporter
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.northbound.interfaces import INTERFACES
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.serving import WebOptions, serve
from fusionsolar_exporter.simulator.command import (
    DEMO_CLIENT_ID,
    DEMO_CLIENT_SECRET,
    DEMO_PASSWORD,
    DEMO_USERNAME,
    demo_oauth,
)
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.oauth.endpoints import ARRIVAL_PATH, OAUTH_PREFIX
from fusionsolar_exporter.simulator.oauth.rules import OAuthRules
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.scaled_time import ScaledTime
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem
from fusionsolar_exporter.simulator.world_flags import add_world_flags

_MARGIN = 6.0  # simulated seconds: at 120 times the speed 50 ms, which a busy laptop needs
_MIN_GAP = 1.2
_SESSION = 1800.0
_DAY = 86400.0
_FASTEST = 600  # above, the scaled limits are shorter than a request takes
_MOST_PLANTS = 1000
_PATIENCE = 30.0  # seconds to wait for the first values before saying so
_PATIENCE_WITH_PEOPLE = 900.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the subcommand."""
    add_world_flags(
        parser,
        plants=3,
        devices_per_plant=10,
        speed=120.0,
        least=1,
        most_plants=_MOST_PLANTS,
        fastest=_FASTEST,
    )


def run(args: argparse.Namespace, web: WebOptions, log: EventLogger, output: TextIO | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit status."""
    output = output or sys.stderr
    now = ScaledTime(args.speed, _this_morning())
    plan = FleetPlan(
        plants=args.plants,
        devices_per_plant=args.devices_per_plant,
        seed=args.seed,
        start=now(),
        alarm_share=0.5,
    )
    system = SimulatedSystem(SimulatedFleet(plan), now=now, users={DEMO_USERNAME: DEMO_PASSWORD})
    with SimulatorServer(system) as simulator, TemporaryDirectory(prefix="fusionsolar-demo-") as directory:
        config = demo_config(simulator.url, args.speed)
        address = ""
        if args.oauth:
            config = oauth_config(simulator.url, args.speed, Path(directory))
            address = _offer_consent(system, simulator.url, args.speed, config, log)

        def tell(exporter: Exporter, addresses: Sequence[str]) -> None:
            _tell_where_to_look(simulator.url, addresses, web.telemetry_path, args.speed, output)
            if address:
                _tell_where_to_agree(address, output)
            watch = threading.Thread(target=_watch, args=(exporter, output, bool(address)), name="demo", daemon=True)
            watch.start()

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


def oauth_config(url: str, speed: float, directory: Path) -> Config:
    """The same with an owner's consent, which has to be kept somewhere."""
    oauth = {
        "client_id": DEMO_CLIENT_ID,
        "client_secret": DEMO_CLIENT_SECRET,
        "redirect_uri": f"{url}{ARRIVAL_PATH}",
        "authorize_url": f"{url}{OAUTH_PREFIX}authorize",
        "token_url": f"{url}{OAUTH_PREFIX}token",
        "daily_window": f"{max(round(_DAY * 1000 / speed), 1)}ms",
    }
    account = {"name": "demo", "url": url, "oauth": oauth, "rate_limits": scaled_rate_limits(speed)}
    return validate({"accounts": [account], "state": {"url": f"sqlite:{directory}/state.sqlite"}}, directory)


def _offer_consent(system: SimulatedSystem, url: str, speed: float, config: Config, log: EventLogger) -> str:
    """Let the simulated system speak OAuth, and take up what comes to the redirect address; where the owner agrees."""
    authorization = Authorization(config, config.accounts[0], SystemClock(), log)

    def arrived(target: str) -> str:
        try:
            authorization.complete(f"{url}{target}")
        except AuthorizationError as error:
            return f"No consent: {error}"
        return "The consent is kept, and the exporter begins to read within seconds."

    usual = OAuthRules()
    # the exporter counts real seconds, and letting go of the account takes some
    rules = OAuthRules(told_seconds=usual.access_seconds / speed, code_seconds=usual.code_seconds * speed)
    system.oauth = demo_oauth(url, {DEMO_USERNAME: DEMO_PASSWORD}, rules=rules, arrived=arrived)
    return authorization.address()


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
        f"\n  The exporter, and the simulated management system that it reads:\n"
        f"  {speed:g} times as fast as real time.\n\n"
        f"  status page   {base}/\n"
        f"  metrics       {base}{telemetry_path}\n"
        f"  the far side  {simulator} (user {DEMO_USERNAME})\n\n"
        "  End with Ctrl-C.\n",
        file=output,
        flush=True,
    )


def _tell_where_to_agree(address: str, output: TextIO) -> None:
    print(
        "  Nothing is read before the owner of the plants agrees. Open this address, and sign in as\n"
        f"  {DEMO_USERNAME} with {DEMO_PASSWORD}:\n\n"
        f"  {address}\n",
        file=output,
        flush=True,
    )


def _watch(exporter: Exporter, output: TextIO, consenting: bool) -> None:
    """Say when the first values are there; on a terminal, show progress until then."""
    began = time.monotonic()
    terminal = output.isatty()
    patience = _PATIENCE_WITH_PEOPLE if consenting else _PATIENCE
    while (waited := time.monotonic() - began) < patience:
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
