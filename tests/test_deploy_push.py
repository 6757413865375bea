"""Push: the agent of the recipe, a real one, writes to a real Prometheus, and an outage of that one leaves no gap."""

import json
import socket
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from alert_tools.servers import serving, wait_for
from deploy_support import DEPLOY, ROOT, program, run

RECIPE = yaml.safe_load((DEPLOY / "docker" / "agent.yml").read_text(encoding="utf-8"))
INTERVAL = 0.1  # seconds, in the place of a minute
HOUR = 60  # scrapes
METRIC = "fusionsolar_plant_active_power_watts"


class Plant(ThreadingHTTPServer):
    """An exporter of one plant, whose power is the number of the scrape."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.scrapes = 0


class Handler(BaseHTTPRequestHandler):
    server: Plant

    def do_GET(self) -> None:
        self.server.scrapes += 1
        body = f'{METRIC}{{account="home",plant_code="NE=1",plant="Roof"}} {self.server.scrapes}\n'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        pass


@contextmanager
def plant() -> Iterator[Plant]:
    with Plant() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def receiver(directory: Path, port: int) -> Iterator[str]:
    """A Prometheus that takes remote writes, on a port that outlives it."""
    config = directory / "receiver.yml"
    config.write_text("storage: {tsdb: {out_of_order_time_window: 7d}}\n", encoding="utf-8")
    arguments = [f"--config.file={config}", f"--storage.tsdb.path={directory / 'receiver'}"]
    arguments += [f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver"]
    with serving(program("prometheus"), *arguments, log=directory / "receiver.log") as url:
        yield url


@contextmanager
def agent(directory: Path, target: str, address: str) -> Iterator[None]:
    """The recipe with this exporter and this receiver, and faster; Debian's Prometheus has the flag of version 2."""
    recipe = json.loads(json.dumps(RECIPE))
    recipe["global"] |= {"scrape_interval": f"{INTERVAL * 1000:.0f}ms", "scrape_timeout": f"{INTERVAL * 1000:.0f}ms"}
    recipe["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    (write,) = recipe["remote_write"]
    write["url"] = f"http://{address}/api/v1/write"
    write["basic_auth"]["password_file"] = str(directory / "password")
    (directory / "password").write_text("secret\n", encoding="utf-8")
    config = directory / "agent.yml"
    config.write_text(yaml.safe_dump(recipe), encoding="utf-8")
    arguments = [f"--config.file={config}", f"--storage.agent.path={directory / 'agent'}"]
    arguments += ["--enable-feature=agent", "--web.listen-address=127.0.0.1:0"]
    arguments += ["--storage.remote.flush-deadline=1s"]  # at the end there is nobody to send to
    with serving(program("prometheus"), *arguments, log=directory / "agent.log"):
        yield


def received(url: str) -> list[float]:
    """All values that the receiver holds, in the order of time."""
    query = urllib.parse.urlencode({"query": f'{METRIC}{{site="home",job="fusionsolar"}}[1h]'})
    with urllib.request.urlopen(f"{url}/api/v1/query?{query}", timeout=10) as answer:
        result = json.load(answer)["data"]["result"]
    assert len(result) <= 1
    return [float(value) for series in result for _, value in series["values"]]


@pytest.mark.no_cover
def test_after_an_hour_without_its_receiver_nothing_is_missing(tmp_path: Path) -> None:
    port = free_port()
    with plant() as exporter, agent(tmp_path, f"127.0.0.1:{exporter.server_port}", f"127.0.0.1:{port}"):
        with receiver(tmp_path, port) as url:
            wait_for(lambda: received(url), "nothing is received")
        gone = exporter.scrapes
        wait_for(lambda: exporter.scrapes >= gone + HOUR, "the agent stopped scraping")
        back = exporter.scrapes
        with receiver(tmp_path, port) as url:
            wait_for(lambda: max(received(url), default=0) > back, "what came after the outage is not received")
            values = received(url)

    first = int(values[0])
    assert first < gone
    assert values == list(range(first, first + len(values))), "each scrape, once, in its order"


def test_prometheus_takes_the_recipe() -> None:
    result = run(program("promtool"), "check", "config", "--agent", "--syntax-only", DEPLOY / "docker" / "agent.yml")

    assert result.returncode == 0, result.stdout + result.stderr


def test_the_page_shows_the_recipe_as_it_is() -> None:
    page = (ROOT / "docs" / "push.md").read_text(encoding="utf-8")
    recipe = (DEPLOY / "docker" / "agent.yml").read_text(encoding="utf-8").partition("\n")[2]

    assert f"```yaml\n{recipe}```\n" in page
