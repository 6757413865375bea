"""Two replicas behind one Service, scraped as the chart's ScrapeConfig says, give each series once."""

import itertools
import json
import socket
import socketserver
import threading
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from alert_tools.servers import prometheus, wait_for
from deploy_support import template, the
from support.redis_server import RedisServer
from support.replica_processes import Process
from test_replicas_processes import ACCOUNTS, POWER, REDIS_PASSWORD, Cluster


class Service(socketserver.ThreadingTCPServer):
    """A Service of Kubernetes: each connection goes to the next pod."""

    daemon_threads = True

    def __init__(self, pods: list[Process]) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.addresses = itertools.cycle([pod.address for pod in pods])
        self.reached: set[str] = set()
        self.port = self.server_address[1]


class Connection(socketserver.BaseRequestHandler):
    server: Service

    def handle(self) -> None:
        address = next(self.server.addresses)
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), 10) as pod:
            request = self.request.recv(65536)
            # one answer a connection, so that the next scrape meets the other pod
            pod.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
            while chunk := pod.recv(65536):
                self.request.sendall(chunk)
        self.server.reached.add(address)


@contextmanager
def service(pods: list[Process]) -> Iterator[Service]:
    with Service(pods) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def as_the_operator_does(spec: dict[str, Any], address: str) -> dict[str, Any]:
    """The job that the operator makes of a ScrapeConfig, with this address in the place of the Service's."""
    (static,) = spec["staticConfigs"]
    return {
        "job_name": spec["jobName"],
        "scheme": spec["scheme"].lower(),
        "scrape_interval": "500ms",
        "scrape_timeout": "500ms",
        "static_configs": [{"targets": [address], "labels": static["labels"]}],
    }


@pytest.mark.no_cover
def test_two_replicas_give_each_series_once(tmp_path: Path) -> None:
    config = {"state": {"url": "redis://redis:6379/0"}}
    manifests = template(replicas=2, config=config, scrapeConfig={"enabled": True, "interval": "30s"})
    spec = the(manifests, "ScrapeConfig")["spec"]
    with ExitStack() as stack:
        server = stack.enter_context(RedisServer(tmp_path, "--requirepass", REDIS_PASSWORD))
        cluster = Cluster(server, tmp_path, stack)
        cluster.begin()
        front = stack.enter_context(service(cluster.all[:2]))
        path = tmp_path / "prometheus.yml"
        job = as_the_operator_does(spec, f"127.0.0.1:{front.port}")
        path.write_text(yaml.safe_dump({"scrape_configs": [job]}), encoding="utf-8")
        url = stack.enter_context(prometheus(path, tmp_path))

        def ask(path: str, **parameters: str) -> Any:
            with urllib.request.urlopen(f"{url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}") as answer:
                return json.load(answer)["data"]

        def scrapes() -> float:
            (count, *_) = ask("query", query="count_over_time(up[1h])")["result"] or [{"value": (0, "0")}]
            return float(count["value"][1])

        wait_for(lambda: scrapes() >= 6, "it is not scraped")
        series = ask("series", **{"match[]": POWER})

    assert len(front.reached) == 2, "both replicas have answered"
    assert len(series) == 8
    devices = {(each["account"], each["device_id"]) for each in series}
    assert len(devices) == len(series), "no device twice"
    assert {account for account, _ in devices} == set(ACCOUNTS)
