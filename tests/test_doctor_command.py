"""``doctor`` as a user runs it: flags, environment, tables, exit status, beside a running exporter."""

import contextlib
import dataclasses
import io
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from doctor_support import Practice
from support.command import Running, run_command

from fusionsolar_exporter.cli import main
from fusionsolar_exporter.doctor import report
from fusionsolar_exporter.doctor.problems import portal_advice
from fusionsolar_exporter.refresh import account
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

USER, PASSWORD = "northbound", "a password that is never shown"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def system() -> SimulatedSystem:
    return SimulatedSystem(SimulatedFleet(FleetPlan(plants=2)), now=time.time, users={USER: PASSWORD})


@pytest.fixture
def url(system: SimulatedSystem) -> Iterator[str]:
    with SimulatorServer(system) as server:
        yield server.url


@pytest.fixture
def file(url: str, tmp_path: Path) -> Path:
    file = tmp_path / "fusionsolar.yml"
    limits = "{min_gap: 0s, margin: 0s}"
    keys = f"name: roofs, url: '{url}', username: {USER}, password: {PASSWORD}, rate_limits: {limits}"
    file.write_text(f"accounts:\n  - {{{keys}}}\n")
    return file


def test_a_table_and_an_exit_status(
    system: SimulatedSystem, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["doctor", f"--config.file={file}"]) == 0

    printed = capsys.readouterr()
    assert max(map(len, printed.out.splitlines())) <= 80
    assert "\x1b" not in printed.out
    assert "Everything that the configuration enables is permitted." in printed.out
    assert "logging in" in printed.err
    assert PASSWORD not in printed.out + printed.err
    assert not system.log.refusals


def test_json_on_standard_output_alone(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", f"--config.file={file}", "--json", "--log.level=debug"]) == 0

    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["permitted"]) == (1, True)


def test_from_the_environment(
    system: SimulatedSystem, url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    system.faults.order(Fault(FaultKind.HTML, times=None))
    for name, value in (("URL", url), ("USERNAME", USER), ("PASSWORD", PASSWORD)):
        monkeypatch.setenv(f"FUSIONSOLAR_{name}", value)

    assert main(["doctor"]) == 1
    assert "a web page answers" in capsys.readouterr().out


def test_a_bad_configuration_is_told_as_serve_tells_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "bad.yml"
    file.write_text("accounts: []\n")
    told = []
    for command in ("serve", "doctor"):
        assert main([command, f"--config.file={file}"]) == 1
        told.append(capsys.readouterr().err.partition("level=")[2])

    assert told[0] == told[1] != ""


def test_an_account_that_there_is_not(system: SimulatedSystem, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", f"--config.file={file}", "--account", "rooofs"]) == 1

    assert "no account is named 'rooofs'; there are: roofs" in capsys.readouterr().err
    assert not system.log.requests


@pytest.mark.no_cover
def test_beside_a_running_exporter(
    system: SimulatedSystem, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(account, "_LONGEST_NAP_SHARED", 0.2)
    output = io.StringIO()
    statuses: list[int] = []

    def meanwhile(running: Running) -> None:
        running.get_until("/metrics", r'^fusionsolar_collector_success\{.*"alarms"\} 1')
        with contextlib.redirect_stdout(output):
            statuses.append(main(["doctor", f"--config.file={file}", "--json"]))
        running.get_until("/metrics", r'^fusionsolar_account_leader\{account="roofs"\} 1')

    run_command([f"--config.file={file}", "--web.listen-address=127.0.0.1:0"], meanwhile, monkeypatch)

    assert statuses == [0]
    (found,) = json.loads(output.getvalue())["accounts"]
    assert found["session"]["kind"] == "kept"
    outcomes = {each["interface"]: each["outcome"] for each in found["interfaces"]}
    assert (outcomes["stations"], outcomes["getStationRealKpi"]) == ("answered", "not_asked")
    assert system.log.counts[Interface.LOGIN] == 1
    assert not system.log.refusals
    capsys.readouterr()


def test_colours_on_a_terminal_and_nothing_that_a_terminal_obeys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    with Practice(tmp_path) as practice:
        practice.system.rewrites[Interface.ALARMS] = lambda envelope: envelope.update(
            failCode=401, message="\x1b[2J[red]not you[/red]\x07"
        )
        text = practice.visit(json_report=False, output=Terminal()).output

    assert "\x1b[" in text
    assert "\x1b[2J" not in text
    assert "\x07" not in text
    assert "[red]not you" in text


def test_what_follows_from_the_limits_has_a_line_for_each_kind_of_data(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        text = practice.visit(json_report=False).output

    rows = [re.split(r"  +", line.strip()) for line in text.splitlines()]
    assert ["plant data", "1 in 5 min 3 s", "1 min 3 s", "1", "1", "5 min 3 s"] in rows
    assert ["device data", "7 in 5 min 3 s", "-", "7", "7", "5 min 3 s"] in rows
    assert ["alarms", "12 in 30 min 3 s", "-", "1", "1", "5 min 3 s"] in rows


def test_how_many_of_the_plants_are_taken_where_not_all_are(tmp_path: Path) -> None:
    with Practice(tmp_path, FleetPlan(plants=3, devices={38: 1})) as practice:
        told = []
        for plants in ({}, {"include": ["Alder.*"]}):
            practice.account_keys = {"plants": plants}
            text = practice.visit(json_report=False).output
            told += re.findall(r"^ *known +(.*?), ", text, re.MULTILINE)

    assert told == ["3 plants", "3 plants (the configuration takes 1)"]


def test_what_the_configuration_probably_does_not_mean_is_told_without_its_value(tmp_path: Path) -> None:
    with Practice(tmp_path) as practice:
        practice.password = "\u201cgeheim\u201d"
        found = practice.visit()

    assert "accounts[0].password: has quotes around it that are sent as a part of it" in found.progress
    assert "geheim" not in found.progress + found.output


def test_a_terminal_that_knows_ascii_alone(tmp_path: Path) -> None:
    class Ascii(io.StringIO):
        encoding = "ascii"

    with Practice(tmp_path, FleetPlan(odd_names=True)) as practice:
        assert practice.visit(json_report=False, output=Ascii()).output.isascii()


def test_the_likely_host_of_a_portal() -> None:
    assert "https://eu5.fusionsolar.huawei.com, most likely" in portal_advice("uni001eu5.fusionsolar.huawei.com")
    assert "https://intl.fusionsolar.huawei.com, most likely" in portal_advice("region02intl.fusionsolar.huawei.com")
    assert "most likely" not in portal_advice("solar.example")


def test_the_page_names_every_key() -> None:
    page = (Path(__file__).parents[1] / "docs" / "doctor.md").read_text()
    parts = dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", page, re.MULTILINE | re.DOTALL))
    documented = {
        name: [key for row in re.findall(r"^\| (`.*?) \|", part, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)]
        for name, part in parts.items()
    }
    models = [model for model in vars(report).values() if dataclasses.is_dataclass(model) and isinstance(model, type)]
    assert documented == {model.__name__: [field.name for field in dataclasses.fields(model)] for model in models}


def test_the_page_names_every_word() -> None:
    page = (Path(__file__).parents[1] / "docs" / "doctor.md").read_text()
    for words in (report.Host, report.Outcome, report.SessionKind):
        assert [word.value for word in words if f"`{word.value}`" not in page] == []
