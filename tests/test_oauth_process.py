"""An account with an owner's consent in a real process: the day's calls on every page, wrong keys, no secrets."""

import base64
import contextlib
import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.oauth_practice import DEADLINE, OAuthPractice
from support.oauth_world import CLIENT, OWNER, OWNERS_PASSWORD
from support.process import ExporterProcess

from fusionsolar_exporter.cli import main
from fusionsolar_exporter.northbound.consent_state import ConsentState
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.oauth.endpoints import OAuthEndpoints
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

KEY, OTHER_KEY = (base64.b64encode(bytes([number]) * 32).decode() for number in (200, 3))
SHORT = {"margin": "0s", "min_gap": "0s"}


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[OAuthPractice]:
    system = SimulatedSystem(
        SimulatedFleet(FleetPlan(plants=1, devices={1: 1})),
        now=time.time,
        users={},
        oauth=OAuthEndpoints([CLIENT], {OWNER: OWNERS_PASSWORD}),
        limits=False,
    )
    with SimulatorServer(system) as server:
        practice = OAuthPractice(tmp_path, server, system)
        keys = tmp_path / "token.keys"
        keys.write_text(f"{KEY}\n")
        practice.accounts["roofs"] = practice.account("roofs", token_key_file=str(keys)) | {"rate_limits": SHORT}
        practice.write()
        yield practice


def until(condition: Callable[[], bool], told: Callable[[], object]) -> None:
    pause, end = threading.Event(), time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, told()
        pause.wait(0.1)


def value(metrics: str, name: str) -> float:
    (line,) = [line for line in metrics.splitlines() if line.startswith(name)]
    return float(line.rsplit(" ", 1)[1])


def authorize(practice: OAuthPractice) -> tuple[int, str]:
    """What a browser would bring, and what is said."""
    host = practice.server.url.removeprefix("http://")
    word = ConsentState(f"{host}\n{CLIENT.id}\nroofs", CLIENT.secret).word(time.time())
    code = practice.oauth.grants.consent(CLIENT.id, OWNER, time.time())
    told = io.StringIO()
    with contextlib.redirect_stderr(told), contextlib.redirect_stdout(told):
        status = practice.run("--log.level=debug", f"--response={CLIENT.redirect_uri}?code={code}&state={word}")
    return status, told.getvalue()


@pytest.mark.no_cover
def test_the_days_calls_are_shown_and_no_secret_is(practice: OAuthPractice, capsys: pytest.CaptureFixture[str]) -> None:
    status, told = authorize(practice)
    assert status == 0, told
    with ExporterProcess(practice.config(), practice.directory) as running:
        until(lambda: "fusionsolar_device_active_power_watts" in running.metrics(), lambda: running.log)
        metrics = running.metrics()
        used = value(metrics, 'fusionsolar_api_budget_used_calls{account="roofs"}')
        assert 4 <= used <= len(practice.system.log.requests)
        assert value(metrics, 'fusionsolar_api_budget_calls{account="roofs"}') == 1000
        assert value(metrics, 'fusionsolar_api_budget_window_seconds{account="roofs"}') == 86400
        page, report = running.page("/"), running.page("/api/v1/status")
        assert "all data interfaces" in page
        assert '"budget":{"calls":1000,"used_calls":' in report.replace(" ", "").replace("\n", "")
        shown = "".join((metrics, page, report, *running.log, running.arguments.decode()))
    assert main(["doctor", f"--config.file={practice.file}", "--log.level=debug"]) == 0
    by_doctor = capsys.readouterr()
    assert "of 1,000 calls used in 1 d" in " ".join(by_doctor.out.split())
    assert main(["check-config", str(practice.file)]) == 0
    assert "of 1,000 calls in 1d nine tenths are planned" in capsys.readouterr().out
    grants = practice.oauth.grants
    secrets = {CLIENT.secret, OWNERS_PASSWORD, KEY, *grants._access, *grants._refresh, *grants._codes, *grants.uses}
    told += shown + by_doctor.out + by_doctor.err
    assert not [secret for secret in secrets if secret in told]
    files = [path for path in practice.directory.iterdir() if path.name.startswith("state.sqlite")]
    assert files
    for path in files:
        assert path.stat().st_mode & 0o077 == 0, path
        assert not [secret for secret in secrets if secret.encode() in path.read_bytes()], path


@pytest.mark.no_cover
def test_a_key_that_is_wrong_is_said_everywhere_and_its_return_noticed_by_a_reload(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = practice.directory / "token.keys"
    assert authorize(practice)[0] == 0
    keys.write_text(OTHER_KEY)
    asked = len(practice.system.log.requests)
    problem = "encrypted with a key that oauth.token_key_file does not hold"
    with ExporterProcess(practice.config(), practice.directory) as running:
        until(lambda: problem in running.page("/"), lambda: running.log)
        assert 'fusionsolar_account_state{account="roofs",state="credentials"} 1.0' in running.metrics()
        assert "put the key that encrypted them into oauth.token_key_file" in running.page("/")
        assert sum(problem in line for line in running.log) == 1
        assert main(["doctor", f"--config.file={practice.file}"]) == 1
        assert problem in " ".join(capsys.readouterr().out.split())
        assert len(practice.system.log.requests) == asked
        keys.write_text(f"{OTHER_KEY}\n{KEY}\n")
        running.page("/-/reload", "POST")
        until(lambda: 'fusionsolar_up{account="roofs"} 1.0' in running.metrics(), lambda: running.log)
    keys.unlink()
    status, told = authorize(practice)
    assert status == 1
    assert "token.keys' cannot be read" in told
    assert len(practice.oauth.token_requests) == 1
