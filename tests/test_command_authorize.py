"""``authorize`` as a user runs it: an address, a browser, a pasted address, tokens kept; and what goes wrong."""

import io
import re
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TextIO, cast

import pytest
from support.manual_clock import ManualClock
from support.oauth_practice import DEADLINE, Browser, OAuthPractice
from support.oauth_world import CLIENT, OWNER, OWNERS_PASSWORD, oauth_account
from support.process import ExporterProcess

from fusionsolar_exporter import cli
from fusionsolar_exporter.authorize import command
from fusionsolar_exporter.config import load_config
from fusionsolar_exporter.logs import EventLogger, without_secrets
from fusionsolar_exporter.northbound.consent_state import ConsentState
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.quiet_observer import NoStateObserver
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.oauth.endpoints import OAuthEndpoints
from fusionsolar_exporter.simulator.oauth.rules import OAuthClient
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem
from fusionsolar_exporter.state.sqlite_entries import SqliteEntries

SECRETS = (CLIENT.secret, OWNERS_PASSWORD)


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[OAuthPractice]:
    oauth = OAuthEndpoints([CLIENT], {OWNER: OWNERS_PASSWORD})
    fleet = SimulatedFleet(FleetPlan(plants=1, devices={1: 1}))
    system = SimulatedSystem(fleet, now=time.time, users={}, oauth=oauth, limits=False)
    with SimulatorServer(system) as server:
        yield OAuthPractice(tmp_path, server, system)


def printed(text: str) -> str:
    found = re.search(r"^  (http\S+)$", text, re.MULTILINE)
    assert found, text
    return found[1]


def printed_address(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """The address of a call to which nobody answers."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert practice.run() == 1
    shown = capsys.readouterr()
    assert "within an hour it can be given with --response" in shown.err
    return printed(shown.out)


def test_a_consent_given_at_once(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = ""

    class Person:
        def readline(self) -> str:
            nonlocal shown
            shown = capsys.readouterr().out
            return f"  {Browser().agree(printed(shown))}\n"

    monkeypatch.setattr(sys, "stdin", Person())
    assert practice.run() == 0
    after = capsys.readouterr()
    assert "The consent for roofs is kept." in after.out
    assert practice.tokens() == 1
    assert practice.state.stat().st_mode & 0o077 == 0
    assert [request.grant_type for request in practice.oauth.token_requests] == ["authorization_code"]
    grants = practice.oauth.grants
    secrets = {*SECRETS, *grants._access, *grants._refresh, *grants._codes}
    assert not any(secret in shown + after.out + after.err for secret in secrets)


def test_the_address_is_there_before_an_answer_is_read_where_the_output_is_a_pipe(
    practice: OAuthPractice, monkeypatch: pytest.MonkeyPatch
) -> None:
    through, shown = io.BytesIO(), ""

    class Person:
        def readline(self) -> str:
            nonlocal shown
            shown = through.getvalue().decode()
            return ""

    monkeypatch.setattr(sys, "stdin", Person())
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(through, encoding="utf-8"))
    assert practice.run() == 1
    assert printed(shown).startswith("http")


def test_a_second_call_with_the_address(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Browser().agree(printed_address(practice, capsys, monkeypatch))
    assert practice.run(f"--response={ended}") == 0
    assert practice.tokens() == 1
    assert practice.run("--response", ended) == 1
    told = capsys.readouterr().err
    assert "invalid_grant (authorization code already used)" in told
    assert ended.partition("code=")[2].partition("&")[0] not in told


@pytest.mark.parametrize(("minutes", "status"), [(59, 0), (62, 1)])
def test_what_is_printed_is_good_for_an_hour(practice: OAuthPractice, minutes: int, status: int) -> None:
    clock, output = ManualClock(time.time()), io.StringIO()

    class Person:
        def readline(self) -> str:
            ended = Browser().agree(printed(output.getvalue()))
            clock.advance(60 * minutes)
            return ended

    args = cli._parser().parse_args(["authorize", "roofs"])
    config = load_config(practice.file, {})
    answers = cast("TextIO", Person())
    assert command.run(args, config, EventLogger(), clock=clock, answers=answers, output=output) == status
    assert ("The consent for roofs is kept." in output.getvalue()) == (status == 0)
    assert len(practice.oauth.token_requests) == (status == 0)


def test_an_address_from_standard_input(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Browser().agree(printed_address(practice, capsys, monkeypatch))
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{ended}\n"))
    assert practice.run("--response=-") == 0
    assert "Let the owner" not in capsys.readouterr().out


def test_addresses_that_are_wrong(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.accounts["fields"] = practice.account("fields")
    practice.write()
    address = printed_address(practice, capsys, monkeypatch)
    ended = Browser().agree(address)
    declined = Browser().agree(address, "decline")
    wrong = {
        ended.replace("callback?", "callback/?"): "but redirect_uri is https://example.org/callback",
        "code": "this is no address",
        declined: "answered 'access_denied: the owner declined'",
        ended.replace("state=", "state=0"): "does not belong to what was printed for this account",
    }
    for response, message in wrong.items():
        assert practice.run("--response", response) == 1
        assert message in capsys.readouterr().err
    assert practice.run("--response", ended, account="fields") == 1
    assert "it is another account's" in capsys.readouterr().err
    assert practice.oauth.token_requests == ()
    assert practice.run("--response", ended) == 0


def test_a_redirect_address_that_is_registered_otherwise(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Browser().agree(printed_address(practice, capsys, monkeypatch))
    registered = OAuthClient(CLIENT.id, CLIENT.secret, f"{CLIENT.redirect_uri}/")
    practice.oauth.grants._clients = {CLIENT.id: registered}
    for code in practice.oauth.grants._codes.values():
        code.authorisation.client = registered
    assert practice.run("--response", ended) == 1
    assert "invalid_grant (redirect_uri mismatch)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("secret", "message"),
    [("wrong", "invalid_client"), (None, "client_secret_file"), ("", "client_secret_file")],
)
def test_a_secret_that_is_wrong_or_missing(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], secret: str | None, message: str
) -> None:
    file = practice.directory / "secret"
    if secret is not None:
        file.write_text(secret)
    practice.accounts["roofs"] = practice.account("roofs", client_secret=None, client_secret_file=str(file))
    practice.write()
    account = oauth_account("roofs", practice.server.url, client_secret=secret or "x")
    word = ConsentState("\n".join(account.identity), secret or "x").word(time.time())
    code = practice.oauth.grants.consent(CLIENT.id, OWNER, time.time())
    assert practice.run(f"--response={CLIENT.redirect_uri}?code={code}&state={word}") == 1
    told = capsys.readouterr().err
    assert message in told
    assert practice.tokens() == 0


def test_the_secret_is_known_to_whatever_logs(practice: OAuthPractice) -> None:
    secret = "a secret of this test alone"
    practice.accounts["roofs"] = practice.account("roofs", client_secret=secret)
    practice.write()
    assert without_secrets(secret) == secret
    assert practice.run("--response", "no address") == 1
    assert without_secrets(f"it is {secret}") == "it is <secret>"


def test_an_account_that_is_unknown_or_has_a_password(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str]
) -> None:
    practice.accounts["old"] = {"name": "old", "url": practice.server.url, "username": "u", "password": "pw-x"}
    practice.write()
    assert practice.run(account="none") == 1
    assert "no account is named 'none'; there are: roofs, old" in capsys.readouterr().err
    assert practice.run(account="old") == 1
    assert "the account has a username and a password" in capsys.readouterr().err


def test_no_code_is_used_up_where_tokens_could_not_be_kept(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Browser().agree(printed_address(practice, capsys, monkeypatch))
    practice.write("memory:")
    assert practice.run("--response", ended) == 1
    assert "state.url is memory:" in capsys.readouterr().err
    (practice.directory / "file").write_text("")
    practice.write(f"sqlite:{practice.directory}/file/state.sqlite")
    assert practice.run("--response", ended) == 1
    assert "no code was used" in capsys.readouterr().err
    assert practice.oauth.token_requests == ()
    practice.write()
    assert practice.run("--response", ended) == 0


@pytest.mark.parametrize("room", [-1, 16], ids=["nothing", "too little"])
def test_no_code_is_used_up_where_the_state_opens_and_does_not_take_it(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    ended = Browser().agree(printed_address(practice, capsys, monkeypatch))
    SqliteEntries(practice.state, SystemClock(), EventLogger(), NoStateObserver()).close()
    with closing(sqlite3.connect(practice.state)) as file:
        full = f"WHEN length(NEW.value) > {room} BEGIN SELECT RAISE(ABORT, 'no room'); END"
        file.execute(f"CREATE TRIGGER full BEFORE INSERT ON entries {full}")
    assert practice.run("--response", ended) == 1
    assert "no code was used" in capsys.readouterr().err
    assert practice.oauth.token_requests == ()
    with closing(sqlite3.connect(practice.state)) as file:
        file.execute("DROP TRIGGER full")
    assert practice.run("--response", ended) == 0


def test_tokens_without_a_refresh_token_are_not_enough(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Browser().agree(printed_address(practice, capsys, monkeypatch))
    body = OAuthEndpoints._body
    monkeypatch.setattr(OAuthEndpoints, "_body", lambda self, tokens: body(self, tokens).replace(b"refresh", b"other"))
    assert practice.run("--response", ended) == 1
    assert "tokens without a refresh token" in capsys.readouterr().err


@pytest.mark.no_cover
def test_beside_a_running_exporter_which_takes_the_consent_up(
    practice: OAuthPractice, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pause = threading.Event()
    with ExporterProcess(practice.config(), practice.directory) as running:
        assert 'state="credentials"} 1.0' in running.metrics()
        ended = Browser().agree(printed_address(practice, capsys, monkeypatch))
        assert practice.run("--response", ended) == 0
        until = time.monotonic() + DEADLINE
        while 'fusionsolar_up{account="roofs"} 1.0' not in running.metrics():
            assert time.monotonic() < until, running.log
            pause.wait(0.1)
        log = "".join(running.log)
    assert "OAuth has not been tried on a live system yet" in log
    grants = practice.oauth.grants
    assert not any(secret in log for secret in (*SECRETS, *grants._access, *grants._refresh))
