"""The collector in another program's registry, served by the client library's own server."""

import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Gauge, start_http_server
from support.scrape import Scrape

from fusionsolar_exporter.config import Config
from fusionsolar_exporter.config.validation import validate
from fusionsolar_exporter.demo import demo_config
from fusionsolar_exporter.embedding import FusionSolarCollector
from fusionsolar_exporter.simulator.command import DEMO_PASSWORD, DEMO_USERNAME
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.scaled_time import ScaledTime
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

DEADLINE = 30.0
SPEED = 60.0
PLAN = FleetPlan(plants=2, devices={1: 3})
PAGE = (Path(__file__).parents[1] / "docs" / "embedding.md").read_text(encoding="utf-8")
POWER = "fusionsolar_device_active_power_watts"


@pytest.fixture
def system() -> SimulatedSystem:
    now = ScaledTime(SPEED)
    return SimulatedSystem(SimulatedFleet(PLAN), now=now, users={DEMO_USERNAME: DEMO_PASSWORD})


@pytest.fixture
def config(system: SimulatedSystem) -> Iterator[Config]:
    with SimulatorServer(system) as server:
        yield demo_config(server.url, SPEED)


def served(registry: CollectorRegistry) -> Scrape:
    """A scrape through the client library's own server."""
    server, thread = start_http_server(0, "127.0.0.1", registry)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics", timeout=DEADLINE) as answer:
            return Scrape(answer.read().decode())
    finally:
        server.shutdown()
        server.server_close()
        thread.join(DEADLINE)


def test_another_programs_registry_serves_the_plants(config: Config, system: SimulatedSystem) -> None:
    registry = CollectorRegistry(auto_describe=True)
    Gauge("other_things", "Of the other program.", registry=registry).set(3)
    with FusionSolarCollector(config) as collector:
        registry.register(collector)
        until = time.monotonic() + DEADLINE
        while len((scrape := served(registry)).all(POWER)) < 6:
            assert time.monotonic() < until, "the values did not come"
        requests = len(system.log.requests)
        for _ in range(3):
            assert len(served(registry).all(POWER)) == 6
        assert len(system.log.requests) <= requests + 1, "scrapes ask nobody"

    assert scrape.value("other_things") == 3
    assert scrape.up == 1
    assert scrape.value("fusionsolar_config_last_reload_successful") == 1
    assert not scrape.all("process_open_fds")
    assert system.log.requests[-1].interface.value == "logout"
    assert len(served(registry).all(POWER)) == 6  # what was known stays readable


def test_names_that_are_taken_are_found_at_the_registration(config: Config) -> None:
    registry = CollectorRegistry()
    Gauge("fusionsolar_up", "Mine.", registry=registry)
    with FusionSolarCollector(config) as collector, pytest.raises(ValueError, match="fusionsolar_up"):
        registry.register(collector)


def test_what_the_configuration_leaves_out_is_not_there() -> None:
    account = {"name": "a", "url": "http://127.0.0.1:9", "username": "u", "password": "secret-word"}
    quiet = validate({"accounts": [account], "state": {"url": "memory:"}, "metrics": {"include": ["none"]}}, Path.cwd())
    with FusionSolarCollector(quiet) as collector:
        assert list(collector.describe()) == []
        assert list(collector.collect()) == []


def test_the_page_says_what_runs(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (snippet,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    account = config.accounts[0]
    file = tmp_path / "fusionsolar.yml"
    known = f"{{name: a, url: '{account.url}', username: u, password: secret-word}}"
    file.write_text(f"accounts: [{known}]\nstate: {{url: 'memory:'}}\n")
    monkeypatch.chdir(tmp_path)
    registry = CollectorRegistry()
    told = snippet.replace("from prometheus_client import REGISTRY, start_http_server\n", "")
    exec(told, {"REGISTRY": registry, "start_http_server": lambda _: None})
    assert {metric.name for metric in registry.collect()} >= {"fusionsolar_up"}
