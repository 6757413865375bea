"""Whether anything grows: ``python -m benchmarks.soak [--seconds N] [--speed N] [--plants N] [--output FILE]``.

The exporter as it is installed against a simulated system whose time runs faster, in real time, scraped all the while,
its configuration read again now and then. Each line is what it needs at that moment; at the end the medians of the
second and of the last sixth are compared, as the first one still learns the fleet and fills the caches.
"""

import argparse
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import IO

import yaml

from fusionsolar_exporter.demo import scaled_rate_limits

_PASSWORD = "a password"
_USER = "soak"
_LISTENING = re.compile(r"(?:address|url)=(?:http://)?(\S+)")
_STEP = 10.0  # seconds between two looks
_RELOAD = 30  # looks between two reloads
_DEADLINE = 60.0
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGES = ("/metrics", "/metrics?name[]=up", "/", "/api/v1/status", "/-/healthy", "/nowhere")
_MEMORY_GROWTH, _MEMORY_SLACK = 1.05, 4 * 1024 * 1024
_SPARE = 2  # threads and descriptors: a request under way


@dataclass(frozen=True)
class Need:
    """What a process needs at one moment."""

    seconds: float
    memory: int
    threads: int
    descriptors: int
    state: int
    calls: int
    longest_scrape: float
    processor: float


def _start(
    arguments: Sequence[str], environment: dict[str, str], log: IO[bytes]
) -> tuple[subprocess.Popen[bytes], str]:
    command = [sys.executable, "-m", "fusionsolar_exporter", *arguments]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, env=os.environ | {"NO_PROXY": "127.0.0.1"} | environment
    )
    assert process.stderr
    for line in process.stderr:
        log.write(line)
        if b"listening" in line and (found := _LISTENING.search(line.decode())):
            threading.Thread(target=log.writelines, args=(process.stderr,), daemon=True).start()
            return process, found[1]
    raise RuntimeError(f"{command} ended with {process.wait()}")


def _ask(address: str, page: str) -> bytes:
    request = urllib.request.Request(f"http://{address}{page}", headers={"Accept-Encoding": "gzip"})
    try:
        with urllib.request.urlopen(request, timeout=_DEADLINE) as answer:
            body: bytes = answer.read()
            return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body
    except urllib.error.HTTPError as error:
        return error.read()


def _need(process: int, address: str, began: float, state: Path) -> Need:
    longest = 0.0
    text = b""
    for page in _PAGES:
        asked = time.monotonic()
        body = _ask(address, page)
        if page == _PAGES[0]:
            text, longest = body, max(longest, time.monotonic() - asked)
    calls = re.findall(rb"^fusionsolar_api_requests_total\{.*\} (\S+)$", text, re.MULTILINE)
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    figures = {name: int(value) for name, value in re.findall(r"^(\w+):\s+(\d+)", lines, re.MULTILINE)}
    return Need(
        seconds=round(time.monotonic() - began, 1),
        memory=figures["VmRSS"] * 1024,
        threads=figures["Threads"],
        descriptors=len(os.listdir(f"/proc/{process}/fd")),  # noqa: PTH208 - counted, not walked
        state=sum(path.stat().st_size for path in state.iterdir()),
        calls=round(sum(map(float, calls))),
        longest_scrape=round(longest, 4),
        processor=sum(map(int, Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13])) / _TICKS,
    )


def grown(needs: Sequence[Need]) -> list[str]:
    """What is larger in the last sixth than in the second."""
    part = len(needs) // 6
    found = []
    for name in ("memory", "threads", "descriptors", "state"):
        early, late = (median(getattr(need, name) for need in some) for some in (needs[part : 2 * part], needs[-part:]))
        large = name in {"memory", "state"}
        most = early * _MEMORY_GROWTH + _MEMORY_SLACK if large else early + _SPARE
        print(f"{name}: {early:,.0f} in the second sixth, {late:,.0f} in the last")
        if late > most:
            found.append(name)
    return found


def soak(seconds: float, speed: float, plants: int, folder: Path, output: IO[str]) -> list[Need]:
    state = folder / "state"
    state.mkdir()
    with (folder / "log").open("wb") as log:
        flags = ["simulator", "--web.listen-address=127.0.0.1:0", f"--plants={plants}", f"--speed={speed:g}"]
        secrets = {"FUSIONSOLAR_USERNAME": _USER, "FUSIONSOLAR_PASSWORD": _PASSWORD}
        far_side, there = _start(flags, secrets, log)
        account: dict[str, object] = {
            "name": "soak",
            "url": f"http://{there}",
            "username": _USER,
            "password": _PASSWORD,
        }
        account["rate_limits"] = scaled_rate_limits(speed)
        file = folder / "exporter.yml"
        file.write_text(yaml.safe_dump({"accounts": [account], "state": {"url": f"sqlite:{state}/state.sqlite"}}))
        file.chmod(0o600)
        exporter, address = _start([f"--config.file={file}", "--web.listen-address=127.0.0.1:0"], {}, log)
        try:
            return _look(exporter, address, seconds, state, output)
        finally:
            for process in (exporter, far_side):
                process.terminate()
                process.wait(_DEADLINE)


def _look(exporter: subprocess.Popen[bytes], address: str, seconds: float, state: Path, output: IO[str]) -> list[Need]:
    began = time.monotonic()
    needs = []
    while (passed := time.monotonic() - began) < seconds:
        needs.append(_need(exporter.pid, address, began, state))
        output.write(json.dumps(asdict(needs[-1])) + "\n")
        output.flush()
        if len(needs) % _RELOAD == 0:
            exporter.send_signal(signal.SIGHUP)
        time.sleep(max(0.0, len(needs) * _STEP - passed))
    return needs


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--speed", type=float, default=60.0)
    parser.add_argument("--plants", type=int, default=20)
    parser.add_argument("--output", type=argparse.FileType("w"), default=sys.stdout)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        needs = soak(options.seconds, options.speed, options.plants, Path(folder), options.output)
        text = (Path(folder) / "log").read_text(encoding="utf-8", errors="replace")
    errors = [line for line in text.splitlines() if "level=error" in line or "Traceback" in line]
    print(f"{len(needs)} looks, {needs[-1].calls - needs[0].calls:,} requests, {len(errors)} errors logged")
    print(f"{needs[-1].processor:.0f} s of a processor in {needs[-1].seconds:.0f} s")
    print(f"longest scrape {max(need.longest_scrape for need in needs) * 1e3:.0f} ms")
    print(*errors[:20], sep="\n")
    found = grown(needs)
    print(f"grown: {', '.join(found) or 'nothing'}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
