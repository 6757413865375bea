"""What the cache costs: ``python -m benchmarks.cache [--devices N] [--against REVISION]``.

One refresh of the fleet: every device answered once, 100 in an answer, every device list once, and a look at the cache
after each. With ``--against`` the same is measured of the cache in another revision of this repository, in turns.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fusionsolar_exporter.cache import Cache, Freshness
from fusionsolar_exporter.northbound.model import Device, Plant, Reading
from fusionsolar_exporter.northbound.values import Values
from fusionsolar_exporter.pacing.clock import SystemClock

_DEVICES = 20_000
_BATCH = 100
_DEVICES_OF_A_PLANT = 10
_ROUNDS = 5
_TTL = 900.0
_KEYS = tuple(f"key_{number}" for number in range(20))
_ROOT = Path(__file__).parent.parent


def measure(count: int) -> float:
    """Seconds of processor time that a refresh takes."""
    clock = SystemClock()
    cache = Cache(clock)
    plants = {f"P{number}": Plant(f"P{number}", "name") for number in range(count // _DEVICES_OF_A_PLANT)}
    devices = {
        str(number): Device(str(number), "name", f"P{number // _DEVICES_OF_A_PLANT}", 1) for number in range(count)
    }
    cache.know(plants, devices)
    cache.list_plants(plants, Freshness(clock.now(), _TTL))
    codes, ids = list(plants), list(devices)
    readings = [Reading(key, Values((key, 1.0) for key in _KEYS)) for key in ids]
    found = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        for start in range(0, len(codes), _BATCH):
            some = ids[start * _DEVICES_OF_A_PLANT : (start + _BATCH) * _DEVICES_OF_A_PLANT]
            cache.list_devices(codes[start : start + _BATCH], some, Freshness(clock.now(), _TTL))
            cache.snapshot()
        for start in range(0, count, _BATCH):
            cache.read_devices(readings[start : start + _BATCH], Freshness(clock.now(), _TTL))
            cache.snapshot()
            cache.next_expiry()
        found.append(time.process_time() - began)
    return statistics.median(found)


def _measured_of(package: Path, count: int) -> float:
    """The same with the package of another folder, in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(package)}
    command = [sys.executable, str(Path(__file__).resolve()), "--devices", str(count), "--figure-only"]
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description="What the cache costs.")
    parser.add_argument("--devices", type=int, default=_DEVICES)
    parser.add_argument("--against", metavar="REVISION", help="measure another revision beside this one")
    parser.add_argument("--figure-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.figure_only:
        print(measure(options.devices))
        return
    if options.against is None:
        print(f"{options.devices:,} devices: {measure(options.devices) * 1e3:.1f} ms of processor time a refresh")
        return
    with tempfile.TemporaryDirectory() as other:
        archive = ["git", "archive", options.against, "fusionsolar_exporter"]
        tree = subprocess.run(archive, cwd=_ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", other], input=tree, check=True)
        pairs = [
            (_measured_of(_ROOT, options.devices), _measured_of(Path(other), options.devices)) for _ in range(_ROUNDS)
        ]
    ours, theirs = (statistics.median(figures) for figures in zip(*pairs, strict=True))
    print(f"{options.devices:,} devices, a refresh, processor time")
    print(f"here: {ours * 1e3:.1f} ms; {options.against}: {theirs * 1e3:.1f} ms; {ours / theirs:.2f} x")


if __name__ == "__main__":
    main()
