"""The command ``serve`` and ``demo`` as a user runs them: over HTTP, with signals."""

import json
import re
import signal
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from support.command import Lines, Running, run_command
from support.oauth_practice import Browser

from fusionsolar_exporter import demo
from fusionsolar_exporter.cli import main
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.command import DEMO_PASSWORD, DEMO_USERNAME
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

USER, PASSWORD = "northbound", "a password that is never shown"
ANYWHERE = ["--web.listen-address", "127.0.0.1:0"]


def configuration(url: str, password: str = PASSWORD, more: str = "", name: str = "default") -> str:
    return f"""
accounts:
  - name: {name}
    url: {url}
    username: {USER}
    password: {password}
    rate_limits: {{min_gap: 0s, margin: 0s}}
{more}
"""


@pytest.fixture
def system() -> SimulatedSystem:
    fleet = SimulatedFleet(FleetPlan(plants=2, odd_names=True))
    return SimulatedSystem(fleet, now=time.time, users={USER: PASSWORD}, rules=Rules(quirks=True))


def sample(text: str, name: str, **labels: str) -> float | None:
    for family in text_string_to_metric_families(text):
        for found in family.samples:
            if found.name == name and labels.items() <= found.labels.items():
                return found.value
    return None


def test_serves_what_the_far_side_has_and_logs_out_at_the_end(
    system: SimulatedSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SimulatorServer(system) as simulator:
        file = tmp_path / "fusionsolar.yml"
        file.write_text(configuration(simulator.url) + "\nstate: {url: 'memory:'}\n")

        def meanwhile(running: Running) -> None:
            running.get_until("/metrics", r'^fusionsolar_collector_success\{.*"alarms"\} 1')
            text = running.get("/metrics")
            assert sample(text, "fusionsolar_up", account="default") == 1
            assert sample(text, "fusionsolar_account_state", account="default", state="ok") == 1
            names = {
                found.labels["plant"]
                for family in text_string_to_metric_families(text)
                if family.name == "fusionsolar_plant_info"
                for found in family.samples
            }
            assert names == {plant.name for plant in system.fleet.plants.values()}
            assert running.get("/-/ready")
            assert "default" in running.get("/")

        status, lines = run_command([f"--config.file={file}", *ANYWHERE], meanwhile, monkeypatch)

    assert status == 0
    assert system.log.counts[Interface.LOGOUT] == 1
    assert not system.log.refusals
    assert PASSWORD not in lines
    assert "state=memory:" in lines
    assert re.search(r'msg="plan" account=default collector=device_realtime', lines)


@pytest.mark.no_cover
def test_reloads_keep_the_session_and_refuse_bad_files(
    system: SimulatedSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SimulatorServer(system) as simulator:
        file = tmp_path / "fusionsolar.yml"
        file.write_text(configuration(simulator.url))

        def meanwhile(running: Running) -> None:
            running.get_until("/metrics", r'^fusionsolar_collector_success\{.*"alarms"\} 1')
            file.write_text(configuration(simulator.url, more="colectors: {}"))
            status, problem = running.post("/-/reload")
            assert (status, "colectors" in problem) == (400, True)
            text = running.get("/metrics")
            assert sample(text, "fusionsolar_config_last_reload_successful") == 0
            assert sample(text, "fusionsolar_up", account="default") == 1

            file.write_text(configuration(simulator.url, name="renamed", more="collectors: {alarms: {enabled: false}}"))
            assert running.post("/-/reload")[0] == 200
            text = running.get("/metrics")
            assert sample(text, "fusionsolar_config_last_reload_successful") == 1
            assert sample(text, "fusionsolar_up", account="default") is None
            assert sample(text, "fusionsolar_plant_alarms") is None
            assert sample(text, "fusionsolar_plant_info", account="renamed") == 1
            assert sample(text, "fusionsolar_api_requests_total", account="default") is None
            running.lines.wait_for("did you mean collectors")

        status, _ = run_command([f"--config.file={file}", *ANYWHERE], meanwhile, monkeypatch, end=signal.SIGINT)

    assert status == 0
    assert system.log.counts[Interface.LOGIN] == 1


def test_a_reload_ends_the_pause_after_a_wrong_password(
    system: SimulatedSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SimulatorServer(system) as simulator:
        file = tmp_path / "fusionsolar.yml"
        file.write_text(configuration(simulator.url, password="wrong, and never shown either"))

        def meanwhile(running: Running) -> None:
            running.get_until("/metrics", r'^fusionsolar_account_state\{.*state="credentials"\} 1')
            assert running.get("/-/ready")
            file.write_text(configuration(simulator.url))
            signal.raise_signal(signal.SIGHUP)
            running.get_until("/metrics", r'^fusionsolar_account_state\{.*state="ok"\} 1')

        status, lines = run_command([f"--config.file={file}", *ANYWHERE], meanwhile, monkeypatch)

    assert status == 0
    assert system.log.counts[Interface.LOGIN] == 2
    assert "wrong, and never shown either" not in lines
    assert "check user name and password" in lines


def test_accounts_come_and_go_with_the_configuration(
    system: SimulatedSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SimulatorServer(system) as simulator, SimulatorServer(system) as other:
        file = tmp_path / "fusionsolar.yml"
        one = configuration(simulator.url, name="one")
        two = configuration(other.url, name="two").replace("accounts:", "")
        file.write_text(one)

        def meanwhile(running: Running) -> None:
            running.get_until("/metrics", r'^fusionsolar_up\{account="one"\} 1')
            file.write_text(one + two)
            assert running.post("/-/reload")[0] == 200
            running.get_until("/metrics", r'^fusionsolar_account_state\{account="two"')
            file.write_text("accounts:" + two)
            assert running.post("/-/reload")[0] == 200
            assert 'account="one"' not in running.get("/metrics")

        assert run_command([f"--config.file={file}", *ANYWHERE], meanwhile, monkeypatch)[0] == 0


def test_one_account_from_the_environment(system: SimulatedSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    with SimulatorServer(system) as simulator:
        monkeypatch.setenv("FUSIONSOLAR_URL", simulator.url)
        monkeypatch.setenv("FUSIONSOLAR_USERNAME", USER)
        monkeypatch.setenv("FUSIONSOLAR_PASSWORD", PASSWORD)

        def meanwhile(running: Running) -> None:
            running.get_until("/custom", r'^fusionsolar_up\{account="default"\} 1')

        argv = [*ANYWHERE, "--web.telemetry-path=/custom"]
        assert run_command(argv, meanwhile, monkeypatch)[0] == 0


def test_a_second_signal_while_the_first_one_ends_it(
    system: SimulatedSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, signals = threading.Thread.start, [signal.SIGTERM]

    def start_late(thread: threading.Thread) -> None:
        if thread.name == "stop" and signals:
            signal.raise_signal(signals.pop())
        start(thread)

    def meanwhile(running: Running) -> None:
        assert running.address

    monkeypatch.setattr(threading.Thread, "start", start_late)
    with SimulatorServer(system) as simulator:
        file = tmp_path / "fusionsolar.yml"
        file.write_text(configuration(simulator.url))
        status, lines = run_command([f"--config.file={file}", *ANYWHERE], meanwhile, monkeypatch)
    assert status == 0
    assert lines.count('msg="stopping"') == 1
    assert not signals


def test_logs_in_json_have_the_same_keys(system: SimulatedSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    with SimulatorServer(system) as simulator:
        for name, value in (("URL", simulator.url), ("USERNAME", USER), ("PASSWORD", PASSWORD)):
            monkeypatch.setenv(f"FUSIONSOLAR_{name}", value)

        def meanwhile(running: Running) -> None:
            running.lines.wait_for('"msg": "listening"')

        argv = ["serve", *ANYWHERE, "--log.format=json", "--log.level=debug"]
        _, lines = run_command(argv, meanwhile, monkeypatch)

    events = [json.loads(line) for line in lines.splitlines()]
    listening = next(event for event in events if event["msg"] == "listening")
    assert list(listening) == ["ts", "level", "msg", "address"]
    assert re.fullmatch(r"127\.0\.0\.1:\d+", listening["address"])


def test_demo_begins_on_a_morning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_750_000_000.0)  # 15:06 UTC
    assert demo._this_morning() == 1_749_978_000.0


def test_demo_shows_values_within_five_seconds_and_something_moves(monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(running: Running) -> None:
        assert float(running.lines.wait_for(r"after (\d+\.\d) s")) < 5
        path = "/metrics?name[]=fusionsolar_plant_day_yield_watthours"
        before = running.get_until(path, "^fusionsolar_plant_day_yield_watthours")
        assert before.count("fusionsolar_plant_day_yield_watthours{") == 2
        pattern = (
            "^(?!" + re.escape(re.findall(r"^fusionsolar_plant_day.*$", before, re.MULTILINE)[0]) + "$)fusionsolar_p"
        )
        running.get_until(path, pattern)

    status, lines = run_command(["demo", "--plants=2", "--speed=100", *ANYWHERE], meanwhile, monkeypatch)

    assert status == 0
    assert "status page   http://localhost:" in lines
    assert "request failed" not in lines


@pytest.mark.no_cover
def test_demo_begins_with_a_consent_where_it_is_asked_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(running: Running) -> None:
        address = running.lines.wait_for(r"\n  (http://127\S+/authorize\?\S+)\n")
        running.get_until("/metrics", 'fusionsolar_account_state.*state="credentials"} 1')
        with urllib.request.urlopen(Browser(DEMO_USERNAME, DEMO_PASSWORD).agree(address)) as page:
            assert "The consent is kept" in page.read().decode()
        running.lines.wait_for(r"after (\d+\.\d) s")

    status, lines = run_command(["demo", "--oauth", "--plants=1", "--speed=100", *ANYWHERE], meanwhile, monkeypatch)

    assert status == 0
    assert "Nothing is read before the owner of the plants agrees." in lines


def test_simulator_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def meanwhile(running: Running) -> None:
        assert running.post("/thirdData/stations")[0] == 200

    assert run_command(["simulator", *ANYWHERE], meanwhile, monkeypatch)[0] == 0


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--config.file=/no/such/file.yml"], "/no/such/file.yml: cannot be read: No such file or directory"),
        ([], "not set: FUSIONSOLAR_URL"),
    ],
)
def test_what_cannot_start_says_why(
    argv: list[str], message: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FUSIONSOLAR_URL", raising=False)
    assert main(argv) == 1
    assert message in capsys.readouterr().err


def test_an_address_in_use_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: SimulatedSystem) -> None:
    with SimulatorServer(system) as simulator:
        file = tmp_path / "fusionsolar.yml"
        file.write_text(configuration(simulator.url))
        lines = Lines()
        monkeypatch.setattr(sys, "stderr", lines)
        assert main([f"--config.file={file}", f"--web.listen-address=127.0.0.1:{simulator.port}"]) == 1
    assert f"127.0.0.1:{simulator.port}" in lines.getvalue()
    assert "the address is in use" in lines.getvalue()


@pytest.mark.parametrize(
    "argv",
    [
        ["frob"],
        ["--bogus"],
        ["--web.telemetry-path=metrics"],
        ["--web.telemetry-path=/"],
        ["demo", "--speed=0"],
        ["demo", "--speed=fast"],
        ["demo", "--plants=0"],
    ],
)
def test_bad_flags_are_refused(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        main(argv)
    assert refused.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"fusionsolar-exporter \d+\.\d+\.\d+\n", capsys.readouterr().out)
