"""An account with an owner's consent: tokens renewed in time, kept before they are used, and every way to lose them."""

import json
import sqlite3
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from support.oauth_world import CLIENT, DAY, HOUR, OWNER, OAuthWorld

from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.transport import RawAnswer
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.limit_shapes import OverLimit
from fusionsolar_exporter.simulator.oauth.rules import Expiry, Rotation

MINUTE = 60.0
LIFE = 3600.0


def test_from_consent_to_values(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(2 * MINUTE)
    assert world.served() == 4
    assert world.refused == {}
    status = world.account.status()
    assert (status.state, status.up) == ("ok", True)
    assert {request.user for request in world.system.log.requests} == {OWNER}
    assert world.instruments.attempts[Interface.TOKEN] == 1
    assert world.instruments.attempts[Interface.LOGIN] == 0
    assert "OAuth has not been tried on a live system" in world.log.messages("info")[0]


@pytest.mark.no_cover
def test_a_token_is_renewed_a_tenth_of_its_life_before_its_end(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(12 * HOUR)  # into the night, when hardly anything is asked
    assert world.account.status().stretch > 2
    moments = [request.at for request in world.token_requests]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert len(gaps) == 13
    assert all(gap == pytest.approx(0.9 * LIFE, abs=5) for gap in gaps)
    assert set(world.oauth.grants.uses.values()) == {1}
    assert world.refused == {}


@pytest.mark.parametrize("expiry", list(Expiry))
def test_a_token_that_ends_early_is_renewed_once_and_the_request_repeated(tmp_path: Path, expiry: Expiry) -> None:
    world = OAuthWorld(tmp_path, rules={"expiry": expiry})
    world.run(10 * MINUTE)
    world.oauth.grants.end_access()
    before = world.instruments.failures[Interface.GET_DEV_REAL_KPI, Reason.NOT_LOGGED_IN]
    world.run(20 * MINUTE)
    assert len(world.token_requests) == 2
    failures = [count for (_, reason), count in world.instruments.failures.items() if reason is Reason.NOT_LOGGED_IN]
    assert sum(failures) - before == 1
    assert world.served() == 4
    assert world.state == "ok"


@pytest.mark.no_cover
def test_new_tokens_are_in_the_state_before_they_are_used(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    seen = []

    def look() -> None:
        with sqlite3.connect(world.file) as connection:
            (value,) = connection.execute("SELECT value FROM entries WHERE key = 'tokens'").fetchone()
        seen.append(json.loads(value[4:])["tokens"])

    world.deadly.before = look
    world.run(3 * HOUR)
    used = {request["access"] for request in seen}
    assert len(used) == 4
    live = world.oauth.grants._access
    assert seen[-1]["access"] in live
    assert seen[0]["worked"] is False
    assert seen[-1]["worked"] is True
    assert seen[-1]["previous"] is None


def test_a_restart_goes_on_with_the_same_tokens(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(30 * MINUTE)
    for _ in range(5):
        world.kill()
        world.start()
        world.run(10 * MINUTE)
    assert len(world.token_requests) == 2
    assert world.refused == {}
    assert world.state == "ok"


def test_without_a_consent_nothing_is_asked_and_the_page_says_what_to_do(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path, consented=False)
    world.account.step()
    status = world.account.status()
    assert (status.state, status.up, status.had_first_outcome) == ("credentials", False, True)
    (note,) = status.failures
    assert (note.interface, note.reason, note.advice) == (
        "token",
        "credentials",
        "run `fusionsolar-exporter authorize default`",
    )
    assert world.log.messages("warning") == ["no owner has agreed yet"]
    world.account.step()
    assert world.log.messages("warning") == ["no owner has agreed yet"]
    assert world.system.log.counts == {}
    assert world.consent() is None
    world.run(MINUTE)
    assert world.state == "ok"


def test_an_ended_consent_stops_the_account_and_is_never_asked_again(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(10 * MINUTE)
    world.oauth.grants.end_all()
    world.run(DAY)
    assert [request.error for request in world.token_requests] == ["", "invalid_grant"]
    status = world.account.status()
    assert (status.state, status.up) == ("credentials", False)
    assert status.failures[0].advice.startswith("run `fusionsolar-exporter authorize`")
    count = sum(world.system.log.counts.values())
    world.kill()
    world.start()
    world.run(HOUR)
    assert world.state == "credentials"
    assert sum(world.system.log.counts.values()) == count
    assert len(world.token_requests) == 2
    assert world.consent() is None
    world.run(10 * MINUTE)
    assert world.state == "ok"
    assert world.served() == 4


def test_values_stay_until_their_time_to_live_ends_while_the_consent_is_gone(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(10 * MINUTE)
    world.oauth.grants.end_all()
    world.run(10 * MINUTE)
    assert world.served() == 4
    world.run(2 * HOUR)
    assert world.served() == 0


def test_an_unknown_client_is_asked_again_after_a_pause(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(10 * MINUTE)
    world.oauth.grants.wrong_region = True
    world.oauth.grants.end_access()
    world.run(25 * MINUTE)
    assert [request.error for request in world.token_requests] == ["", "invalid_client"]
    assert world.state == "credentials"
    (note,) = [note for note in world.account.status().failures if note.interface == "token"]
    assert "another region's cluster" in note.advice
    world.run(20 * MINUTE)
    assert [request.error for request in world.token_requests] == ["", "invalid_client", "invalid_client"]
    world.oauth.grants.wrong_region = False
    world.run(30 * MINUTE)
    assert world.state == "ok"
    assert set(world.oauth.grants.uses.values()) <= {1}


def test_a_corrected_secret_is_noticed_within_a_minute(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(10 * MINUTE)
    secret = tmp_path / "secret"
    secret.write_text("wrong")
    oauth = world.settings.account.oauth
    assert oauth is not None
    world.reconfigure(oauth=oauth.model_copy(update={"client_secret": None, "client_secret_file": secret}))
    world.oauth.grants.end_access()
    world.run(10 * MINUTE)
    assert [request.error for request in world.token_requests] == ["", "invalid_client"]
    secret.write_text(CLIENT.secret + "\n")
    world.run(2 * MINUTE)
    assert world.state == "ok"


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        (FaultKind.HTML, {}),
        (FaultKind.STATUS, {"status": 503}),
        (FaultKind.STATUS, {"status": 408}),
        (FaultKind.STATUS, {"status": 429}),
        (FaultKind.EMPTY_BODY, {}),
        (FaultKind.INVALID_JSON, {}),
        (FaultKind.REDIRECT, {"location": "https://elsewhere.example/"}),
    ],
)
def test_trouble_of_the_token_address_is_waited_out_with_the_same_token(
    tmp_path: Path, kind: FaultKind, how: dict[str, object]
) -> None:
    world = OAuthWorld(tmp_path)
    world.run(10 * MINUTE)
    fault = world.order(kind, None, **how)
    world.run(HOUR)
    attempts = world.instruments.attempts[Interface.TOKEN] - 1
    assert 2 <= attempts <= 12  # from 54 min on, in back-off
    assert world.served() == 4
    world.system.faults.clear(fault.interface)
    world.run(40 * MINUTE)
    assert world.state == "ok"
    assert set(world.oauth.grants.uses.values()) == {1}
    assert world.refused == {}


def test_the_old_access_token_serves_to_its_end_while_it_cannot_be_renewed(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(10 * MINUTE)
    world.order(FaultKind.STATUS, None, status=503)
    world.run_until(world.started_at + 53.9 * MINUTE)
    before = sum(world.system.log.counts.values())
    world.run_until(world.started_at + 59.9 * MINUTE)
    assert world.instruments.attempts[Interface.TOKEN] > 1
    assert sum(world.system.log.counts.values()) > before


def test_an_answer_that_is_lost_is_asked_for_once_more(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path, rules={"rotation": Rotation.GRACE})
    world.run(10 * MINUTE)
    world.order(FaultKind.RESET)
    world.run(2 * HOUR)
    assert world.state == "ok"
    assert max(world.oauth.grants.uses.values()) == 2


def test_an_answer_that_is_lost_for_good_ends_in_the_advice_to_authorize(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(10 * MINUTE)
    world.order(FaultKind.RESET)
    world.run(DAY)
    assert [request.error for request in world.token_requests] == ["", "", "invalid_grant"]
    assert world.state == "credentials"


@pytest.mark.no_cover
@pytest.mark.parametrize("rotation", [Rotation.NONE, Rotation.GRACE, Rotation.DEAD_AT_ONCE])
def test_every_way_of_rotation(tmp_path: Path, rotation: Rotation) -> None:
    world = OAuthWorld(tmp_path, rules={"rotation": rotation, "texts_for_numbers": True, "tells_scope": False})
    world.run(DAY / 2)
    assert world.state == "ok"
    assert world.refused == {}


@pytest.mark.no_cover
def test_data_refused_again_right_after_a_refresh_backs_off(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(10 * MINUTE)
    world.system.faults.order(Fault(FaultKind.FAIL_CODE, None, None, fail_code=305))
    world.order(FaultKind.EMPTY_BODY, 0)
    world.system.faults.clear(None)
    world.system.faults.order(Fault(FaultKind.DROP_SESSION, None, None))
    world.run(2 * HOUR)
    assert world.state == "paused"
    refreshes = len(world.token_requests) - 1
    assert 3 <= refreshes <= 9  # 1, 2, 4 ... 30 minutes apart
    world.system.faults.clear(None)
    world.run(HOUR)
    assert world.state == "ok"
    assert set(world.oauth.grants.uses.values()) == {1}


def test_a_withdrawn_consent_is_a_missing_permission_and_no_matter_of_tokens(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(10 * MINUTE)
    world.oauth.grants.withdraw(OWNER)
    world.run(2 * HOUR)
    reasons = {note.reason for note in world.account.status().failures}
    assert "permission" in reasons
    assert all(request.error == "" for request in world.token_requests)
    assert any("authorise" in note.advice for note in world.account.status().failures)


def test_a_clock_that_is_wrong_changes_nothing(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path, rules={"told_seconds": 7200.0})  # it says two hours, and ends after one
    world.run(3 * HOUR)
    assert world.state == "ok"
    assert world.served() == 4
    assert set(world.oauth.grants.uses.values()) == {1}


def test_what_is_kept_names_no_secret_but_in_its_own_entry(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path)
    world.run(2 * HOUR)
    with sqlite3.connect(world.file) as connection:
        rows = dict(connection.execute("SELECT key, value FROM entries").fetchall())
    grants = world.oauth.grants
    tokens = [token.encode() for token in (*grants._access, *grants._refresh)]
    holders = {key for key, value in rows.items() if any(token in value for token in tokens)}
    assert holders == {"tokens"}
    assert not any(CLIENT.secret.encode() in value for value in rows.values())
    assert world.file.stat().st_mode & 0o077 == 0
    told = repr(world.log.lines) + repr(world.account.status())
    assert not any(token.decode() in told for token in tokens)


def test_the_used_up_day_pauses_everything(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path, rules={"daily_calls": 40})
    world.run(3 * HOUR)
    assert world.refused == {(name, 20618): count for (name, _), count in world.refused.items()}
    assert sum(world.refused.values()) <= 4
    holds = world.account._engine.limiter.holds
    now = world.clock.now()
    assert sum(hold.until > now for hold in holds.values()) >= 5


@pytest.mark.no_cover
@pytest.mark.parametrize("answer", [OverLimit.TOO_FREQUENT, OverLimit.TOO_MANY_REQUESTS, OverLimit.GATEWAY])
def test_a_used_up_day_in_other_words_is_survived(tmp_path: Path, answer: OverLimit) -> None:
    world = OAuthWorld(tmp_path, rules={"daily_calls": 300, "over_day": answer})
    world.run(1.25 * DAY)
    assert world.state == "ok"
    assert all(request.error == "" for request in world.token_requests)


def test_tokens_that_could_not_be_kept_are_kept_later_and_taken_back_from_whoever_leads(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path, rules={"reuse_revokes": False})
    world.run(10 * MINUTE)
    first = world.account
    other = world.process()
    lock = world.partitions[0][0]._lock
    assert lock is not None
    handle = world.transport.post_form

    def lose_the_lease(url: str, interface: str, form: Mapping[str, str]) -> RawAnswer:
        answer = handle(url, interface, form)
        lock.release()  # as a process that sleeps for longer than its lease
        other.step()
        return answer

    world.oauth.grants.end_access()
    world.transport.post_form = lose_the_lease  # type: ignore[method-assign]
    while not other._engine.store.leads:
        world.clock.advance_to(max(first.step(), world.clock.now() + 1))
    world.transport.post_form = handle  # type: ignore[method-assign]
    for _ in range(200):
        world.clock.advance(1)
        other.step()
        first.step()
    kept = {account._engine.session.tokens for account in (first, other)}
    (tokens,) = kept
    assert tokens is not None
    assert not tokens.refused
    assert world.oauth.grants.owner_of(tokens.access, world.clock.now()) == OWNER
    assert {first.status().state, other.status().state} == {"ok"}
