"""The command with a web configuration: a real Prometheus over mutual TLS with a password, health checks, bad files."""

import json
import os
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import yaml
from support.command import Running, run_command
from support.papers import Papers

from fusionsolar_exporter import healthcheck
from fusionsolar_exporter.cli import main
from fusionsolar_exporter.guarded_healthcheck import asking_behind

DEADLINE = 60.0
PASSWORD = "a password for Prometheus"
HASHED = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(6)).decode()
ANYWHERE = ["--web.listen-address", "127.0.0.1:0"]


@pytest.fixture
def papers(tmp_path: Path) -> Papers:
    return Papers.of_a_new_authority(tmp_path)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "fusionsolar.yml"
    account = "{name: a, url: 'http://127.0.0.1:9', username: u, password: secret-word}"
    path.write_text(f"accounts: [{account}]\nstate: {{url: 'memory:'}}\n")
    return path


def strict(papers: Papers) -> dict[str, Any]:
    """Everything at once: mutual TLS, a name of the client's, a password."""
    tls = {
        **papers.certificate("server", "127.0.0.1"),
        "client_ca_file": "ca.pem",
        "client_auth_type": "RequireAndVerifyClientCert",
        "client_allowed_sans": ["prometheus.example"],
    }
    return {"tls_server_config": tls, "basic_auth_users": {"prometheus": HASHED}}


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def prometheus(directory: Path, scrape: dict[str, Any]) -> Iterator[str]:
    file, address = directory / "prometheus.yml", f"127.0.0.1:{free_port()}"
    file.write_text(yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]}))
    flags = {"config.file": file, "web.listen-address": address, "storage.tsdb.path": directory / "tsdb"}
    arguments = [f"--{name}={value}" for name, value in flags.items()]
    with subprocess.Popen([program("prometheus"), *arguments], stderr=subprocess.DEVNULL) as process:
        try:
            yield address
        finally:
            process.terminate()


def up(address: str) -> float | None:
    try:
        with urllib.request.urlopen(f"http://{address}/api/v1/query?query=up", timeout=DEADLINE) as answer:
            found = json.loads(answer.read())["data"]["result"]
    except OSError:
        return None
    return float(found[0]["value"][1]) if found else None


@pytest.mark.no_cover
def test_a_real_prometheus_scrapes_over_mutual_tls_with_a_password(
    papers: Papers, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web, client = papers.web_config(strict(papers)), papers.certificate("client", "prometheus.example")
    (tmp_path / "password").write_text(PASSWORD)

    def meanwhile(running: Running) -> None:
        scrape = {
            "job_name": "fusionsolar",
            "scheme": "https",
            "tls_config": {name: str(tmp_path / file) for name, file in {"ca_file": "ca.pem", **client}.items()},
            "basic_auth": {"username": "prometheus", "password_file": str(tmp_path / "password")},
            "static_configs": [{"targets": [running.address]}],
        }
        pause, found = threading.Event(), None
        with prometheus(tmp_path, scrape) as address:
            for _ in range(int(DEADLINE / 0.2)):
                found = up(address)
                if found == 1:  # on a busy machine the first scrape takes longer than it may
                    break
                pause.wait(0.2)
        assert found == 1

    status, _ = run_command([f"--config.file={config}", f"--web.config.file={web}", *ANYWHERE], meanwhile, monkeypatch)
    assert status == 0


@pytest.mark.parametrize("kind", ["tls", "password", "everything"])
def test_a_health_check_with_the_same_file(
    papers: Papers, config: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    tree = {
        "tls": {"tls_server_config": papers.certificate("server", "exporter.example")},
        "password": {"basic_auth_users": {"a": HASHED}},
        "everything": strict(papers),
    }[kind]
    file = papers.web_config(tree)

    def meanwhile(running: Running) -> None:
        where = f"--web.listen-address={running.address}"
        assert healthcheck.main([where, f"--web.config.file={file}"]) == 0
        assert healthcheck.main([where]) == 1
        assert healthcheck.main([where, f"--web.config.file={file}.missing"]) == 1

    arguments = [f"--config.file={config}", f"--web.config.file={file}", *ANYWHERE]
    assert run_command(arguments, meanwhile, monkeypatch)[0] == 0


def test_what_lets_a_health_check_in_opens_nothing_else(
    papers: Papers, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = papers.web_config({"basic_auth_users": {"a": HASHED}})
    asking = asking_behind(file)
    other = asking_behind(papers.write("other.yml", file.read_bytes().replace(b"a:", b"b:")))

    def status(url: str, headers: dict[str, str]) -> int:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=DEADLINE) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def meanwhile(running: Running) -> None:
        for path, expected in (("/-/healthy", 200), ("/metrics", 401), ("/", 401), ("/-/reload", 401)):
            assert status(f"http://{running.address}{path}", dict(asking.headers)) == expected
        assert status(f"http://{running.address}/-/healthy", dict(other.headers)) == 401

    arguments = [f"--config.file={config}", f"--web.config.file={file}", *ANYWHERE]
    assert run_command(arguments, meanwhile, monkeypatch)[0] == 0


def test_a_bad_file_refuses_the_start_in_one_line(
    papers: Papers, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = papers.web_config({"tls_server_config": {"cert_file": "nowhere.pem"}})
    assert main([f"--config.file={config}", f"--web.config.file={file}", *ANYWHERE]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "level=error" in line]
    assert "no key of the certificate" in line
