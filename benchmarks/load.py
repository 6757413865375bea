"""Many scrapes while values change: ``python -m benchmarks.load [--seconds N] [--rate N]``; needs the program ``hey``.

So many scrapes a second (gzip) from ten clients, plain and over TLS, while an account takes an answer a second. Prints
what was answered, how long it took, and whether the account kept its cadence. The clients need a processor too: on a
machine with two cores theirs is the other one.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks import certificate
from benchmarks.fleet import Fleet, RenderedFleet
from benchmarks.scrape import Process
from fusionsolar_exporter import interpreter
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.web.addresses import listen_on
from fusionsolar_exporter.web.application import Application
from fusionsolar_exporter.web.security.gate import Gate
from fusionsolar_exporter.web.security.web_security import WebSecurity
from fusionsolar_exporter.web.server import WebServer

_CLIENTS = 10
_QUIET = 10.0  # seconds without scrapes, to compare the cadence with
_MOST_P99 = 0.050  # seconds


class CountedFleet(Fleet):
    """Knows how many answers it took."""

    taken = 0

    def take(self, body: bytes) -> None:
        super().take(body)
        self.taken += 1


def serve(samples: int, web_config: Path | None) -> None:
    """A server in this process: says its port, and at each line how many answers it took."""
    fleet = CountedFleet(samples)
    rendered = RenderedFleet(fleet)
    clock = SystemClock()
    security = WebSecurity(web_config, EventLogger())
    app = Application(rendered, clock=clock)
    guarded = app if web_config is None else Gate(app, security, clock.now)
    server = WebServer(guarded, listen_on(["127.0.0.1:0"]), security=security)
    threading.Thread(target=server.run, daemon=True).start()
    rendered.refresh_for_ever(1.0)
    print(json.dumps(int(server.addresses[0].rpartition(":")[2])), flush=True)
    with interpreter.set_up(1, clock.now):
        for _ in sys.stdin:
            print(json.dumps(fleet.taken), flush=True)


def measure(samples: int, rate: int, seconds: int, web_config: Path | None) -> bool:
    """Whether everything is as it should be; prints the figures."""
    arguments = ["--serve", "--samples", str(samples), *(["--web-config", str(web_config)] if web_config else [])]
    with Process("load", *arguments) as server:
        port = server.read()
        before = server.ask(None)
        time.sleep(_QUIET)
        quiet = (server.ask(None) - before) / _QUIET
        before, began = server.ask(None), time.monotonic()
        command = ["hey", "-z", f"{seconds}s", "-c", str(_CLIENTS), "-q", str(rate // _CLIENTS), "-disable-compression"]
        url = f"{'https' if web_config else 'http'}://127.0.0.1:{port}/metrics"
        said = subprocess.run(
            [*command, "-H", "Accept-Encoding: gzip", url], capture_output=True, text=True, check=True
        ).stdout
        busy = (server.ask(None) - before) / (time.monotonic() - began)
    statuses = {code: int(count) for code, count in re.findall(r"\[(\d+)\]\s+(\d+) responses", said)}
    found = {name: float(value) for name, value in re.findall(r"(\d+)%+ in ([\d.]+) secs", said)}
    errors = said.partition("Error distribution:")[2].strip()
    slowest = re.search(r"Slowest:\s+([\d.]+)", said)
    answered = sum(statuses.values())
    print(f"{'TLS' if web_config else 'plain'}: {answered:,} answers in {seconds} s, {answered / seconds:.0f} a second")
    print(f"  statuses {statuses}, errors: {errors or 'none'}")
    print(
        f"  median {found['50'] * 1e3:.1f} ms, p99 {found['99'] * 1e3:.1f} ms, slowest {slowest[1] if slowest else 0} s"
    )
    print(f"  answers taken a second: {quiet:.2f} without scrapes, {busy:.2f} with them")
    return not errors and set(statuses) == {"200"} and found["99"] < _MOST_P99 and busy > 0.95 * quiet


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--web-config", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.samples, options.web_config)
        return 0
    if shutil.which("hey") is None:
        parser.error("hey is missing: install the Debian package hey")
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        good = [
            measure(options.samples, options.rate, options.seconds, web_config)
            for web_config in (None, certificate.web_config(Path(folder)))
        ]
    print("as it should be" if all(good) else "NOT as it should be")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
