"""Everything that leaves the process, scanned for every password and token: a far side that repeats what it is told."""

import http.client
import json
import re
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from support.process import DEADLINE, ExporterProcess

from fusionsolar_exporter import logs
from fusionsolar_exporter.simulator.answers import SimulatedAnswer
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

PASSWORDS = {"first": "Zq8#vK2 rT9%", "second": "m4Xp/Lw7=dN1", "third": "0xyz"}
PROXY_PASSWORD = "Hn5tB3wCe8"  # noqa: S105, RUF100 - made up
NAMES = {"first": "state", "second": "account state", "third": "second"}
"""Of the accounts: nobody's may stand in the place of another's secrets."""
ANYWHERE = "--web.listen-address=127.0.0.1:0"


class Echo(SimulatedSystem):
    """Says in every refusal, and in every name, what it was told; refuses alarms always."""

    def __init__(self, **options: Any) -> None:
        super().__init__(SimulatedFleet(FleetPlan(plants=1, devices={1: 1})), now=time.time, users=options["users"])
        self.tokens: set[str] = set()
        self.told = threading.Event()

    def handle(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> SimulatedAnswer:
        answer = super().handle(method, path, headers, body)
        self.tokens |= {value for name, value in answer.headers.items() if name.lower() == "xsrf-token"}
        if not path.endswith("getAlarmList"):
            return answer
        given = {name.lower(): value for name, value in headers.items()}.get("xsrf-token", "")
        words = f"token {given} of {' and '.join(PASSWORDS.values())}: {json.dumps(sorted(PASSWORDS.values()))}"
        envelope = {"success": False, "failCode": 30030, "message": words, "data": words}
        self.told.set()
        return replace(answer, status=200, body=json.dumps(envelope).encode())


@contextmanager
def far_side() -> Iterator[tuple[Echo, str]]:
    system = Echo(users=PASSWORDS)
    with SimulatorServer(system) as server:
        yield system, server.url


def configuration(url: str, state: Path) -> dict[str, Any]:
    accounts = [
        {"name": NAMES[user], "url": url, "username": user, "password": password, "rate_limits": {"min_gap": "0s"}}
        for user, password in PASSWORDS.items()
    ]
    unreachable = {
        "name": "behind a proxy",
        "url": "http://far.example",
        "username": "u",
        "password": PASSWORDS["first"],
        "proxy_url": f"http://user:{PROXY_PASSWORD}@127.0.0.1:9",
    }
    return {"accounts": [*accounts, unreachable], "state": {"url": f"sqlite:{state}"}}


def fetch(address: str, method: str, path: str) -> str:
    """Status, headers and body."""
    host, port = address.rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=DEADLINE)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return f"{answer.status} {answer.headers}\n{answer.read().decode()}"
    finally:
        connection.close()


def processes(parent: int) -> Iterator[tuple[int, str]]:
    """A process and its children, with their arguments."""
    found = {parent}
    for path in sorted(Path("/proc").glob("[0-9]*"), key=lambda entry: int(entry.name)):
        try:
            fields = (path / "stat").read_text().rsplit(")", 1)[1].split()
            arguments = (path / "cmdline").read_text()
        except OSError:
            continue
        if int(path.name) in found or int(fields[1]) in found:
            found.add(int(path.name))
            yield int(path.name), arguments


def leaks(text: str, secrets: set[str]) -> set[str]:
    """The parts of secrets in it that are long enough to be recognised."""
    parts = {secret[at : at + 8] for secret in secrets for at in range(max(len(secret) - 7, 1))}
    return {part for part in parts if part in text}


def test_no_secret_leaves_the_process(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    told: dict[str, str] = {}
    with far_side() as (system, url):
        config = configuration(url, folder / "state.sqlite")
        with ExporterProcess(config, tmp_path) as running:
            pause = threading.Event()
            for _ in range(int(DEADLINE * 4 / 0.1)):
                told["metrics"] = running.metrics()
                refused = re.findall(r'api_failures_total\{.*getAlarmList.*"rejected"\} [1-9]', told["metrics"])
                if len(refused) == len(PASSWORDS):
                    break
                pause.wait(0.1)
            else:
                raise AssertionError(running.log)
            bad = {**config, "accounts": [{**config["accounts"][0], "interval": PASSWORDS["first"]}]}
            (tmp_path / "exporter.yml").write_text(yaml.safe_dump(bad))
            for method, path in (
                *(("GET", path) for path in ("/", "/api/v1/status", "/-/healthy", "/-/ready", "/nothing", "/metrics")),
                ("POST", "/-/reload"),
                ("GET", f"/?q={PASSWORDS['third']}x"),
            ):
                told[f"{method} {path}"] = fetch(running.address, method, path)
            told["arguments"] = "\n".join(arguments for _, arguments in processes(running._process.pid))
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
            (tmp_path / "exporter.yml").write_text(yaml.safe_dump(config))
            for command in (["check-config"], ["doctor"]):
                done = subprocess.run(
                    [sys.executable, "-m", "fusionsolar_exporter", *command, f"--config.file={tmp_path}/exporter.yml"],
                    capture_output=True,
                    text=True,
                    timeout=300,
                    check=False,
                )
                told[" ".join(command)] = done.stdout + done.stderr
        told["log"] = "".join(running.log)
        secrets = {*PASSWORDS.values(), PROXY_PASSWORD, *system.tokens}
    assert len(system.tokens) >= len(PASSWORDS)
    assert "interval" in told["POST /-/reload"]
    assert "30030" in told["GET /api/v1/status"]
    assert "serve" in told["arguments"] or "fusionsolar_exporter" in told["arguments"]
    told["GET /?q=0xyzx"] = told["GET /?q=0xyzx"].replace("0xyzx", "")  # what the asker wrote
    assert {where: found for where, text in told.items() if (found := leaks(text, secrets))} == {}
    assert modes.pop("state") == 0o700
    assert modes
    assert set(modes.values()) == {0o600}


def test_a_secret_is_found_by_its_value_whoever_else_has_the_same_name() -> None:
    owners = ("state", "account state", "account account state")
    try:
        for owner, secret in zip(owners, PASSWORDS.values(), strict=True):
            logs.redact(owner, [secret, "abc"])
        line = logs.without_secrets(f"abc {' '.join(PASSWORDS.values())} alphabet")
        assert line == "abc <secret> <secret> <secret> alphabet"
        logs.redact(owners[1], [])
        assert PASSWORDS["first"] not in logs.without_secrets(PASSWORDS["first"])
    finally:
        for owner in owners:
            logs.redact(owner, ())
