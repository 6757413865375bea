"""Many accounts that start together in one process: ``python -m benchmarks.accounts [--accounts N] [--files N]``.

The exporter as it is installed, with so many accounts of ten plants against one simulated system, its limit of open
files as given, and state in a file. While the accounts start, ``/metrics`` is scraped again and again.
"""

import argparse
import contextlib
import gzip
import http.client
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

_ACCOUNTS = 300
_PLANTS = 10
_FILES = 1024
_PASSWORD = "a password"
_PAUSE = 0.5  # seconds between two scrapes: unpacking them takes a core of its own
_LISTENING = re.compile(r'msg="?listening"? address=(\S+)')
_PLANT = b"\nfusionsolar_plant_day_yield_watthours{"


def _far_side(accounts: int) -> None:
    """A simulated system for all accounts, in a process of its own, until its input ends."""
    users = {f"user-{number}": _PASSWORD for number in range(accounts)}
    system = SimulatedSystem(SimulatedFleet(FleetPlan(plants=_PLANTS)), now=time.time, users=users, log_size=0)
    server = SimulatorServer(system)
    server.start()
    print(server.url, flush=True)
    sys.stdin.read()


@contextlib.contextmanager
def _running(command: list[str], files: int | None = None) -> Iterator[subprocess.Popen[str]]:
    if files is not None:
        command = ["bash", "-c", f'ulimit -S -n {files}; exec "$@"', "-", *command]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def _configuration(url: str, accounts: int, folder: Path) -> Path:
    listed = [
        {"name": f"account-{number}", "url": url, "username": f"user-{number}", "password": _PASSWORD}
        for number in range(accounts)
    ]
    path = folder / "config.yml"
    path.write_text(json.dumps({"accounts": listed, "state": {"url": f"sqlite:{folder}/state.sqlite"}}))
    return path


def _follow(lines: IO[str], kept: list[str]) -> None:
    kept.extend(line for line in lines if "level=info" not in line and len(kept) < 1000)


def _scrape(address: str) -> tuple[float, bytes]:
    connection = http.client.HTTPConnection(address, timeout=60)
    began = time.monotonic()
    connection.request("GET", "/metrics", headers={"Accept-Encoding": "gzip"})  # as Prometheus does
    body = connection.getresponse().read()
    connection.close()
    took = time.monotonic() - began
    return took, gzip.decompress(body)


def main() -> None:
    parser = argparse.ArgumentParser(description="Many accounts that start together in one process.")
    parser.add_argument("--accounts", type=int, default=_ACCOUNTS)
    parser.add_argument("--files", type=int, default=_FILES, help="soft limit of open files")
    parser.add_argument("--seconds", type=float, default=90.0, help="longest start")
    parser.add_argument("--far-side", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.far_side:
        _far_side(options.accounts)
        return
    far_side = [sys.executable, "-m", "benchmarks.accounts", "--far-side", "--accounts", str(options.accounts)]
    with tempfile.TemporaryDirectory() as folder, _running(far_side) as far:
        assert far.stdout
        config = _configuration(far.stdout.readline().strip(), options.accounts, Path(folder))
        serve = [sys.executable, "-m", "fusionsolar_exporter", "serve", "--config.file", str(config)]
        began = time.monotonic()
        with _running([*serve, "--web.listen-address", "127.0.0.1:0"], options.files) as exporter:
            assert exporter.stderr
            first = next(found for line in exporter.stderr if (found := _LISTENING.search(line)))
            print(f"listening after {time.monotonic() - began:.1f} s")
            complaints: list[str] = []
            threading.Thread(target=_follow, args=(exporter.stderr, complaints), daemon=True).start()
            seconds: list[float] = []
            complete = None
            while time.monotonic() < began + options.seconds:
                took, body = _scrape(first[1])
                seconds.append(took)
                if body.count(_PLANT) == options.accounts * _PLANTS:
                    complete = time.monotonic() - began
                    break
                time.sleep(_PAUSE)
            files = len(list(Path(f"/proc/{exporter.pid}/fd").iterdir()))
        seconds.sort()
        print(f"{options.accounts} accounts of {_PLANTS} plants; open files {files}, soft limit {options.files}")
        print("every plant has values after " + ("no time" if complete is None else f"{complete:.1f} s"))
        print(f"{len(seconds)} scrapes meanwhile: median {seconds[len(seconds) // 2] * 1e3:.0f} ms, ", end="")
        print(f"95 of 100 under {seconds[len(seconds) * 95 // 100] * 1e3:.0f} ms, longest {seconds[-1] * 1e3:.0f} ms")
        print(f"{len(complaints)} warnings and errors" + "".join(f"\n  {line.strip()}" for line in complaints[:5]))


if __name__ == "__main__":
    main()
