"""``doctor`` for an account with an owner's consent: what is wrong with it, and what to do."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.oauth_practice import OAuthPractice
from support.oauth_world import CLIENT, OWNER, OWNERS_PASSWORD

from fusionsolar_exporter.cli import main
from fusionsolar_exporter.doctor.problems import portal_advice
from fusionsolar_exporter.northbound.consent_state import ConsentState
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.oauth.endpoints import OAuthEndpoints
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[OAuthPractice]:
    oauth = OAuthEndpoints([CLIENT], {OWNER: OWNERS_PASSWORD})
    fleet = SimulatedFleet(FleetPlan(plants=1, devices={1: 1}))
    system = SimulatedSystem(fleet, now=time.time, users={}, oauth=oauth, limits=False)
    with SimulatorServer(system) as server:
        practice = OAuthPractice(tmp_path, server, system)
        practice.accounts["roofs"]["rate_limits"] = {"min_gap": "0s", "margin": "0s"}
        practice.write()
        yield practice


def consent(practice: OAuthPractice) -> None:
    host = practice.server.url.removeprefix("http://")
    word = ConsentState(f"{host}\n{CLIENT.id}\nroofs", CLIENT.secret).word(time.time())
    code = practice.oauth.grants.consent(CLIENT.id, OWNER, time.time())
    assert practice.run(f"--response={CLIENT.redirect_uri}?code={code}&state={word}") == 0


def doctor(practice: OAuthPractice, capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, str]:
    status = main(["doctor", f"--config.file={practice.file}", *flags])
    return status, " ".join(capsys.readouterr().out.split())


def test_before_the_consent_it_says_how_to_come_by_it(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str]
) -> None:
    status, told = doctor(practice, capsys)
    assert status == 1
    assert "run `fusionsolar-exporter authorize roofs`" in told
    assert practice.system.log.counts == {}


def test_with_a_consent_it_asks_like_any_other(practice: OAuthPractice, capsys: pytest.CaptureFixture[str]) -> None:
    consent(practice)
    directory = practice.directory / "recording"
    status, told = doctor(practice, capsys, f"--record={directory}")
    assert status == 0, told
    grants = practice.oauth.grants
    written = "".join(file.read_text() for file in directory.iterdir())
    assert not any(secret in told + written for secret in (CLIENT.secret, *grants._access, *grants._refresh))


@pytest.mark.parametrize(
    ("trouble", "advice"),
    [
        ("client", "another region's cluster has answered"),
        ("grant", "let the owner agree again"),
        ("withdrawn", "with OAuth to agree again"),
        ("host", "oauth.token_url"),
    ],
)
def test_each_trouble_has_its_advice(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], trouble: str, advice: str
) -> None:
    consent(practice)
    assert doctor(practice, capsys)[0] == 0
    grants = practice.oauth.grants
    if trouble == "client":
        grants.end_access()
        grants.wrong_region = True
    elif trouble == "grant":
        grants.end_all()
    elif trouble == "withdrawn":
        grants.withdraw(OWNER)
    else:
        grants.end_access()
        account = practice.account("roofs", token_url="http://no-such-host.invalid/token")
        practice.accounts["roofs"] = account | {"rate_limits": {"min_gap": "0s", "margin": "0s"}}
        practice.write()
    directory = practice.directory / "recording"
    status, told = doctor(practice, capsys, f"--record={directory}")
    assert status == 1
    assert advice in told
    assert any("token" in file.name for file in directory.iterdir()) == (trouble != "withdrawn")


def test_a_proxy_that_adds_cookies_is_named(practice: OAuthPractice, capsys: pytest.CaptureFixture[str]) -> None:
    consent(practice)
    handle = practice.system.handle
    practice.system.handle = (  # type: ignore[method-assign]
        lambda method, path, headers, body: handle(method, path, {**headers, "Cookie": "a=1"}, body)
    )
    status, told = doctor(practice, capsys)
    assert status == 1
    assert "see whether a proxy on the way adds cookies" in told


@pytest.mark.parametrize("host", ["monitor.energyorb.com", "monitor.energyorb.com:443"])
def test_the_european_portal_is_known(host: str) -> None:
    assert "EnergyOrb" in portal_advice(host)
    assert "https://eu5.fusionsolar.huawei.com" in portal_advice(host)
