"""The three ways of docs/first-hour.md, as far as they can be walked here: every command runs, in their order."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from deploy_support import ROOT, helm, program
from prometheus_client.parser import text_string_to_metric_families
from support.process import fetch

from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

DEADLINE = 300.0
PAGE = (ROOT / "docs" / "first-hour.md").read_text(encoding="utf-8")
USERS = dict.fromkeys(("northbound-user", "northbound-homes", "northbound-farms"), "s3cret")
HOST = "https://eu5.fusionsolar.huawei.com"


def way(heading: str) -> str:
    return PAGE.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands(text: str) -> list[str]:
    return [line for block in blocks(text, "console") for line in re.findall(r"^\$ (.*)", block, re.MULTILINE)]


@pytest.fixture
def far_side() -> Iterator[SimulatorServer]:
    system = SimulatedSystem(SimulatedFleet(FleetPlan(plants=2, devices_per_plant=3)), now=time.time, users=USERS)
    with SimulatorServer(system) as server:
        yield server


class Walk:
    """A fresh home directory, in which a shell runs what the page says; the host is the simulated one."""

    def __init__(self, home: Path, far_side: SimulatorServer) -> None:
        self.home = home
        self._url = far_side.url
        self._environ = os.environ | {"HOME": str(home), "HOMES_PASSWORD": "s3cret", "FARMS_PASSWORD": "s3cret"}
        for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
            self._environ.pop(name, None)
        command = home / "fusionsolar-exporter"
        command.write_text(f'#!/bin/sh\nexec {sys.executable} -m fusionsolar_exporter "$@"\n', encoding="utf-8")
        command.chmod(0o755)
        self._environ["PATH"] = os.pathsep.join((str(home), os.environ["PATH"]))

    def here(self, text: str) -> str:
        return text.replace(HOST, self._url)

    def run(self, script: list[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
        lines = self.here("\n".join(["umask 077", *script]))
        return subprocess.run(
            ["/bin/sh", "-euc", lines],
            cwd=self.home,
            env=self._environ,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def serve(self, script: list[str]) -> str:
        """Run a script whose last line serves, until it has plants; its metrics then."""
        *before, last = script
        serving = self.here("\n".join([*before, f"exec {last} --web.listen-address=127.0.0.1:0"]))
        process = subprocess.Popen(
            ["/bin/sh", "-euc", serving], cwd=self.home, env=self._environ, stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        try:
            address = next(
                found[1] for line in process.stderr if (found := re.search(r'msg="listening" address=(\S+)', line))
            )
            rest = threading.Thread(target=process.stderr.read, daemon=True)
            rest.start()
            return fetch(f"http://{address}/metrics", r"^fusionsolar_plant_info\{", DEADLINE)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(DEADLINE)
            process.stderr.close()


def plants_of(text: str) -> set[tuple[str, str]]:
    return {
        (found.labels["account"], found.labels["plant"])
        for family in text_string_to_metric_families(text)
        for found in family.samples
        if found.name == "fusionsolar_plant_info"
    }


@pytest.mark.slow
def test_a_home(tmp_path: Path, far_side: SimulatorServer) -> None:
    walk, told = Walk(tmp_path, far_side), commands(way("A home"))
    *setting_up, doctor, serve, check, prometheus = told
    assert (doctor, serve) == ("fusionsolar-exporter doctor", "fusionsolar-exporter serve")
    assert prometheus == "prometheus --config.file=prometheus.yml"

    examined = walk.run([*setting_up, doctor], stdin="s3cret\n")
    assert examined.returncode == 0, examined.stdout + examined.stderr
    exports = [line for line in setting_up if line.startswith("export")]
    assert {account for account, _ in plants_of(walk.serve([*exports, serve]))} == {"default"}

    (config,) = blocks(way("A home"), "yaml")
    (tmp_path / "prometheus.yml").write_text(config, encoding="utf-8")
    program("promtool")
    checked = walk.run([check])
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
def test_an_installer(tmp_path: Path, far_side: SimulatorServer) -> None:
    walk = Walk(tmp_path, far_side)
    (config,) = blocks(way("An installer"), "yaml")
    file = tmp_path / "fusionsolar.yml"
    file.write_text(walk.here(config), encoding="utf-8")
    file.chmod(0o600)
    check, doctor, serve, rules = commands(way("An installer"))

    checked = walk.run([check])
    assert (checked.returncode, checked.stderr) == (0, "")
    assert "300 plants" in checked.stdout
    examined = walk.run([doctor])
    assert examined.returncode == 0, examined.stdout + examined.stderr
    assert {account for account, _ in plants_of(walk.serve([serve]))} <= {"homes", "farms"}
    program("promtool")
    result = subprocess.run(["/bin/sh", "-euc", rules], cwd=ROOT, capture_output=True, timeout=DEADLINE, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_an_operator(tmp_path: Path) -> None:
    (values,) = blocks(way("An operator"), "yaml")
    (tmp_path / "values.yml").write_text(values, encoding="utf-8")
    _, install = commands(way("An operator"))
    words = install.replace("values.yml", str(tmp_path / "values.yml")).split()
    assert words[:2] == ["helm", "install"]

    rendered = helm("template", *words[2:])

    assert rendered.returncode == 0, rendered.stderr
    kinds = [each["kind"] for each in yaml.safe_load_all(rendered.stdout) if each]
    assert "ScrapeConfig" in kinds
