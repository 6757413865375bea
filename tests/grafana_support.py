"""Two accounts and two replicas through a simulated day, in a real Prometheus."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from support.manual_clock import ManualClock
from support.world import PASSWORD, USER, InProcess

from fusionsolar_exporter import building
from fusionsolar_exporter.building import build_exporter
from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.exporter import Exporter
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.northbound.transport import TransportSettings
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.system import SimulatedSystem

HOUR = 3600.0
SCRAPE_INTERVAL = 600.0
LOOKBACK = "15m"  # longer than the scrapes lie apart
REPLICAS = ("replica-a:10035", "replica-b:10035")
_DEADLINE = 30.0
_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$", re.MULTILINE | re.DOTALL)
_PROCESS = "process_start_time_seconds {start}\nprocess_resident_memory_bytes 7e+07\nprocess_cpu_seconds_total {cpu}\n"


def require_prometheus() -> None:
    """Skip on a laptop without Prometheus; fail where everything has to run."""
    missing = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    if missing and os.environ.get("CI") != "true":
        pytest.skip(f"{' and '.join(missing)} missing: install the Debian package prometheus")
    assert not missing, f"{missing} missing: the Debian package prometheus has them"


@dataclass
class Fleets:
    """Accounts of the exporter, each with a simulated system of its own, under one clock."""

    plans: dict[str, FleetPlan]
    clock: ManualClock = field(default_factory=ManualClock)
    systems: dict[str, SimulatedSystem] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, plan in self.plans.items():
            fleet = SimulatedFleet(replace(plan, start=self.clock.now()))
            self.systems[name] = SimulatedSystem(fleet, now=self.clock.now, users={USER: PASSWORD})

    def exporter(self, monkeypatch: pytest.MonkeyPatch) -> Exporter:
        """The exporter for all of them, without a network."""

        def transport(settings: TransportSettings) -> InProcess:
            return InProcess(self.systems[settings.url.removeprefix("http://").partition(".")[0]], self.clock)

        monkeypatch.setattr(building, "HttpTransport", transport)
        accounts = [
            {"name": name, "url": f"http://{name}.example", "username": USER, "password": PASSWORD}
            for name in self.plans
        ]
        config = validate({"accounts": accounts, "state": {"url": "memory:"}}, Path.cwd())
        return build_exporter(config, lambda: config, clock=self.clock, log=EventLogger())


@dataclass(frozen=True)
class Event:
    """Something that happens at an hour of the day."""

    hour: float
    happen: Callable[[Fleets, float], None]


def run_day(
    fleets: Fleets, events: Sequence[Event], hours: float, path: Path, monkeypatch: pytest.MonkeyPatch
) -> float:
    """Run for so many hours, write every scrape as OpenMetrics text; the moment of the last scrape."""
    clock, pending = fleets.clock, sorted(events, key=lambda event: event.hour)
    exporter = fleets.exporter(monkeypatch)
    accounts = list(exporter._accounts.all())
    for account in accounts:
        account._thread = threading.current_thread()
    start = clock.now()
    with path.open("w", encoding="utf-8") as file:
        scrape_at = start + SCRAPE_INTERVAL
        while scrape_at <= start + hours * HOUR:
            while clock.now() < scrape_at:
                while pending and clock.now() >= start + pending[0].hour * HOUR:
                    pending.pop(0).happen(fleets, clock.now())
                clock.advance_to(min(*(account.step() for account in accounts), scrape_at))
            exporter.refresh_exposition()
            body = exporter.exposition(openmetrics=False, gzipped=False, accounts=None, names=None)
            text = b"".join(body.parts).decode()
            own = _PROCESS.format(start=start, cpu=(scrape_at - start) / 100)
            _write(file.write, _without_process(text) + own, scrape_at)
            scrape_at += SCRAPE_INTERVAL
        file.write("# EOF\n")
    return scrape_at - SCRAPE_INTERVAL


def _without_process(exposition: str) -> str:
    """Without what the client library tells of this very process, whose clock is not the simulated one."""
    return "".join(line for line in exposition.splitlines(keepends=True) if not line.startswith("process_"))


def _write(write: Callable[[str], object], exposition: str, at: float) -> None:
    """One scrape, as if each replica had been scraped."""
    for line in exposition.splitlines():
        if line.startswith(("#", "python_")):
            continue
        match = _SAMPLE.match(line)
        assert match is not None, line
        name, labels, value = match.groups()
        for replica in REPLICAS:
            own = f'instance="{replica}",job="fusionsolar"' + (f",{labels}" if labels else "")
            write(f"{name}{{{own}}} {value} {at:.0f}\n")


class Prometheus:
    """A running server, asked by its API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **parameters: Any) -> Any:
        """``data`` of an answer; AssertionError with the server's words where it refuses."""
        query = urllib.parse.urlencode(parameters, doseq=True)
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=_DEADLINE) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{path} {parameters}: {error.read().decode()}") from error

    def instant(self, expr: str, at: float) -> list[dict[str, Any]]:
        """The series of an expression at a moment."""
        result: list[dict[str, Any]] = self.get("query", query=expr, time=at)["result"]
        return result

    def range(self, expr: str, since: float, until: float, step: float) -> list[dict[str, Any]]:
        """The series of an expression over a time."""
        result: list[dict[str, Any]] = self.get("query_range", query=expr, start=since, end=until, step=step)["result"]
        return result


@contextmanager
def prometheus_with(openmetrics: Path, directory: Path) -> Iterator[Prometheus]:
    """A server that holds the samples of a file."""
    data = directory / "data"
    command = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=48h")
    subprocess.run([*command, openmetrics, data], check=True, capture_output=True, timeout=60)
    config = directory / "prometheus.yml"
    config.write_text("scrape_configs: []\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    arguments = (
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=30y",
        f"--query.lookback-delta={LOOKBACK}",
        f"--web.listen-address={address}",
    )
    with (directory / "log").open("w+") as log, subprocess.Popen(["prometheus", *arguments], stderr=log) as process:
        try:
            _wait(f"http://{address}/-/ready", process, log.name)
            yield Prometheus(f"http://{address}")
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes], log: str) -> None:
    pause = threading.Event()
    for _ in range(int(_DEADLINE / 0.05)):
        assert process.poll() is None, Path(log).read_text()
        try:
            with urllib.request.urlopen(url, timeout=_DEADLINE):
                return
        except OSError:
            pause.wait(0.05)
    raise AssertionError(f"{url} does not answer: {Path(log).read_text()}")
