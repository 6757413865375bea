"""The simulated authorization server: consent, codes, tokens, and what a Bearer token opens."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from fusionsolar_exporter.simulator.answers import Delivery, SimulatedAnswer
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.limit_shapes import OverLimit
from fusionsolar_exporter.simulator.oauth.endpoints import ARRIVAL_PATH, OAUTH_PREFIX, Endpoint, OAuthEndpoints
from fusionsolar_exporter.simulator.oauth.rules import READING_SCOPE, Expiry, OAuthClient, OAuthRules, Rotation
from fusionsolar_exporter.simulator.plan import START, FleetPlan
from fusionsolar_exporter.simulator.system import SimulatedSystem

CLIENT = OAuthClient("123456789", "the client's secret", "https://example.org/callback?from=here")
OTHER = OAuthClient("987654321", "another secret", "https://example.org/other")
OWNER, OWNERS_PASSWORD = "ada", "enchantress of numbers"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Browser:
    """A system, its clock, and whoever talks to it."""

    def __init__(self, *, limits: bool = False, **rules: Any) -> None:
        self.now = START
        self.oauth = OAuthEndpoints([CLIENT, OTHER], {OWNER: OWNERS_PASSWORD, "bob": "pw"}, OAuthRules(**rules))
        self.system = SimulatedSystem(
            SimulatedFleet(FleetPlan(plants=1)), now=lambda: self.now, users={}, limits=limits, oauth=self.oauth
        )

    def authorize(self, endpoint: str = "authorize", **query: str) -> SimulatedAnswer:
        asked = {
            "response_type": "code",
            "client_id": CLIENT.id,
            "redirect_uri": CLIENT.redirect_uri,
            "scope": READING_SCOPE,
            "state": "x7Yz01ab",
        } | query
        return self.system.handle("GET", f"{OAUTH_PREFIX}{endpoint}?{urlencode(asked)}", {}, b"")

    def submit(
        self, page: SimulatedAnswer, decision: str = "agree", password: str = OWNERS_PASSWORD
    ) -> SimulatedAnswer:
        hidden = dict(re.findall(r'type="hidden" name="(.*?)" value="(.*?)"', page.body.decode()))
        form = {**hidden, "owner": OWNER, "password": password, "decision": decision}
        return self.system.handle("POST", f"{OAUTH_PREFIX}authorize", FORM, urlencode(form).encode())

    def code(self) -> str:
        return redirected(self.submit(self.authorize()))["code"]

    def token(self, headers: dict[str, str] | None = None, **form: str) -> SimulatedAnswer:
        asked = {"client_id": CLIENT.id, "client_secret": CLIENT.secret} | form
        path = f"{OAUTH_PREFIX}token"
        return self.system.handle("POST", path, FORM if headers is None else headers, urlencode(asked).encode())

    def exchange(self, code: str, **form: str) -> SimulatedAnswer:
        asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": CLIENT.redirect_uri} | form
        return self.token(None, **asked)

    def refresh(self, token: str) -> SimulatedAnswer:
        return self.token(grant_type="refresh_token", refresh_token=token)

    def tokens(self) -> dict[str, Any]:
        return told(self.exchange(self.code()))

    def stations(self, access: str, **headers: str) -> SimulatedAnswer:
        brought = {"Authorization": f"Bearer {access}", **headers}
        return self.system.handle("POST", "/thirdData/stations", brought, b'{"pageNo": 1}')


def redirected(answer: SimulatedAnswer) -> dict[str, str]:
    assert answer.status == 302
    address = answer.headers["Location"]
    assert address.startswith(f"{CLIENT.redirect_uri}&")
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def told(answer: SimulatedAnswer) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(answer.body)
    assert answer.status == (400 if "error" in parsed else 200) or parsed["error"] == "invalid_client"
    return parsed


@pytest.mark.parametrize("endpoint", ["authorize", "login-page"])
def test_from_consent_to_data(endpoint: str) -> None:
    browser = Browser()
    page = browser.authorize(endpoint)
    assert page.status == 200
    assert CLIENT.id in page.body.decode()
    wrong = browser.submit(page, password="guessed")
    assert "password is wrong" in wrong.body.decode()
    arrived = redirected(browser.submit(wrong))
    assert arrived["state"] == "x7Yz01ab"
    answer = browser.exchange(arrived["code"])
    tokens = told(answer)
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 3600, READING_SCOPE)
    assert browser.stations(tokens["access_token"]).fail_code == 0
    assert browser.system.log.requests[-1].user == OWNER
    assert [request.grant_type for request in browser.oauth.token_requests] == ["authorization_code"]
    secrets = [CLIENT.secret, arrived["code"], tokens["access_token"], tokens["refresh_token"]]
    shown = f"{browser.oauth.token_requests}{answer}{browser.system.log.requests}"
    assert not any(secret in shown for secret in secrets)


@pytest.mark.parametrize(
    ("query", "told_by"),
    [
        ({"client_id": "000000000"}, "page"),
        ({"redirect_uri": f"{CLIENT.redirect_uri}/"}, "page"),
        ({"scope": "pvms.openapi.control"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_requests_for_consent_that_are_refused(query: dict[str, str], told_by: str) -> None:
    answer = Browser().authorize(**query)
    if told_by == "page":
        assert answer.status == 400
    else:
        assert redirected(answer)["error"] == told_by


def test_an_owner_may_decline() -> None:
    browser = Browser()
    assert redirected(browser.submit(browser.authorize(), decision="decline"))["error"] == "access_denied"


def test_state_is_not_made_up() -> None:
    browser = Browser()
    asked = {"response_type": "code", "client_id": OTHER.id, "redirect_uri": OTHER.redirect_uri, "scope": READING_SCOPE}
    page = browser.system.handle("GET", f"{OAUTH_PREFIX}authorize?{urlencode(asked)}", {}, b"")
    assert browser.submit(page).headers["Location"].startswith(f"{OTHER.redirect_uri}?code=")
    assert "state" not in browser.submit(page).headers["Location"]


def test_a_code_is_good_once_and_its_second_use_ends_what_the_first_one_brought() -> None:
    browser = Browser()
    code = browser.code()
    tokens = told(browser.exchange(code))
    again = told(browser.exchange(code))
    assert (again["error"], again["error_description"]) == ("invalid_grant", "authorization code already used")
    assert told(browser.refresh(tokens["refresh_token"]))["error"] == "invalid_grant"
    assert browser.stations(tokens["access_token"]).status == 401


@pytest.mark.parametrize(
    ("form", "seconds", "description"),
    [
        ({}, 301, "authorization code expired"),
        ({"code": "made up"}, 0, "unknown authorization code"),
        ({"redirect_uri": "https://example.org/callback"}, 0, "redirect_uri mismatch"),
        ({"client_id": OTHER.id, "client_secret": OTHER.secret}, 0, "unknown authorization code"),
    ],
)
def test_codes_that_are_refused(form: dict[str, str], seconds: float, description: str) -> None:
    browser = Browser()
    code = browser.code()
    browser.now += seconds
    answer = told(browser.exchange(**{"code": code, **form}))
    assert (answer["error"], answer["error_description"]) == ("invalid_grant", description)


@pytest.mark.parametrize("status", [400, 401])
def test_a_wrong_secret_and_another_region_look_the_same(status: int) -> None:
    browser = Browser(invalid_client_status=status)
    wrong = browser.exchange(browser.code(), client_secret="guessed")
    assert (wrong.status, told(wrong)["error"]) == (status, "invalid_client")
    tokens = browser.tokens()
    browser.oauth.grants.wrong_region = True
    assert told(browser.refresh(tokens["refresh_token"]))["error"] == "invalid_client"
    assert browser.authorize().status == 400
    browser.oauth.grants.wrong_region = False
    assert "access_token" in told(browser.refresh(tokens["refresh_token"]))


def test_the_token_address_wants_a_form_and_post_and_one_of_two_grants() -> None:
    browser = Browser()
    assert told(browser.token({"Content-Type": "application/json"}))["error"] == "invalid_request"
    assert told(browser.token(grant_type="client_credentials"))["error"] == "unsupported_grant_type"
    assert browser.system.handle("GET", f"{OAUTH_PREFIX}token", {}, b"").status == 405
    assert browser.system.handle("GET", f"{OAUTH_PREFIX}else", {}, b"").status == 404
    assert browser.system.handle("GET", f"{ARRIVAL_PATH}?code=1", {}, b"").status == 200


def test_rotation_with_the_old_token_dead_at_once() -> None:
    browser = Browser()
    old = browser.tokens()["refresh_token"]
    new = told(browser.refresh(old))["refresh_token"]
    assert new != old
    assert told(browser.refresh(old))["error"] == "invalid_grant"
    assert told(browser.refresh(new))["error"] == "invalid_grant"  # the second use of the old one ended them all
    assert browser.oauth.grants.uses == {old: 2, new: 1}
    forgiving = Browser(reuse_revokes=False)
    old = forgiving.tokens()["refresh_token"]
    new = told(forgiving.refresh(old))["refresh_token"]
    assert told(forgiving.refresh(old))["error"] == "invalid_grant"
    assert "access_token" in told(forgiving.refresh(new))


def test_rotation_with_the_old_token_good_for_a_while() -> None:
    browser = Browser(rotation=Rotation.GRACE)
    old = browser.tokens()["refresh_token"]
    browser.refresh(old)
    browser.now += 119
    assert "refresh_token" in told(browser.refresh(old))
    browser.now += 1
    assert told(browser.refresh(old))["error"] == "invalid_grant"


def test_no_rotation() -> None:
    browser = Browser(rotation=Rotation.NONE)
    token = browser.tokens()["refresh_token"]
    for _ in range(3):
        browser.now += 86400
        renewed = told(browser.refresh(token))
        assert "refresh_token" not in renewed
        assert browser.stations(renewed["access_token"]).fail_code == 0


@pytest.mark.parametrize("rotation", [Rotation.DEAD_AT_ONCE, Rotation.NONE])
def test_a_refresh_token_may_end(rotation: Rotation) -> None:
    browser = Browser(refresh_seconds=7200.0, rotation=rotation)
    token = browser.tokens()["refresh_token"]
    browser.now += 7199
    token = told(browser.refresh(token)).get("refresh_token", token)
    browser.now += 7200
    assert told(browser.refresh(token))["error_description"] == "refresh token expired"


def test_the_answer_may_be_lost_after_the_rotation() -> None:
    browser = Browser()
    old = browser.tokens()["refresh_token"]
    browser.system.faults.order(Fault(FaultKind.RESET, Endpoint.TOKEN))
    assert browser.refresh(old).delivery is Delivery.RESET
    assert told(browser.refresh(old))["error"] == "invalid_grant"
    browser.system.faults.order(Fault(FaultKind.HTML, Endpoint.TOKEN))
    assert browser.refresh(old).body.startswith(b"<!DOCTYPE html>")
    assert len(browser.oauth.token_requests) == 3


@pytest.mark.parametrize(("expiry", "met"), [(Expiry.HTTP_401, (401, None)), (Expiry.FAIL_CODE_305, (200, 305))])
def test_access_tokens_end_in_either_form(expiry: Expiry, met: tuple[int, int | None]) -> None:
    browser = Browser(expiry=expiry)
    tokens = browser.tokens()
    browser.now += 3599
    assert browser.stations(tokens["access_token"]).fail_code == 0
    browser.now += 1
    answer = browser.stations(tokens["access_token"])
    assert (answer.status, answer.fail_code) == met
    fresh = told(browser.refresh(tokens["refresh_token"]))
    browser.system.faults.order(Fault(FaultKind.DROP_SESSION))
    answer = browser.stations(fresh["access_token"])
    assert (answer.status, answer.fail_code) == met


@pytest.mark.parametrize("beside", [{"XSRF-TOKEN": "x-1"}, {"Cookie": "JSESSIONID=1"}])
def test_bearer_has_to_be_alone(beside: dict[str, str]) -> None:
    browser = Browser()
    assert browser.stations(browser.tokens()["access_token"], **beside).fail_code == 305


def test_a_withdrawn_consent_is_no_matter_of_tokens() -> None:
    browser = Browser()
    tokens = browser.tokens()
    browser.oauth.grants.withdraw(OWNER)
    assert browser.stations(tokens["access_token"]).fail_code == 20056
    fresh = told(browser.refresh(tokens["refresh_token"]))
    assert browser.stations(fresh["access_token"]).fail_code == 20056
    assert browser.stations(browser.tokens()["access_token"]).fail_code == 0
    browser.oauth.grants.end_all()
    assert browser.stations(fresh["access_token"]).status == 401
    assert told(browser.refresh(fresh["refresh_token"]))["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("answer", "met"),
    [
        (OverLimit.TOO_FREQUENT, (200, 407)),
        (OverLimit.DAY_USED_UP, (200, 20618)),
        (OverLimit.TOO_MANY_REQUESTS, (429, None)),
        (OverLimit.GATEWAY, (403, None)),
    ],
)
def test_a_days_calls_of_one_owner(answer: OverLimit, met: tuple[int, int | None]) -> None:
    browser = Browser(limits=True, daily_calls=3, over_day=answer)
    access = browser.tokens()["access_token"]
    body = json.dumps({"stationCodes": next(iter(browser.system.fleet.plants))}).encode()
    devices = browser.system.handle("POST", "/thirdData/getDevList", {"Authorization": f"bearer {access}"}, body)
    assert devices.fail_code == 0
    assert [browser.stations(access).fail_code for _ in range(2)] == [0, 0]
    refused = browser.stations(access)
    assert (refused.status, refused.fail_code) == met
    other = browser.oauth.grants.consent(CLIENT.id, "bob", browser.now)
    assert browser.stations(told(browser.exchange(other))["access_token"]).fail_code == 0


def test_there_is_no_logout_with_a_bearer_token_and_no_bearer_token_without_oauth() -> None:
    browser = Browser()
    access = browser.tokens()["access_token"]
    logout = browser.system.handle("POST", "/thirdData/logout", {"Authorization": f"Bearer {access}"}, b"{}")
    assert logout.fail_code == 401
    browser.system.oauth = None
    assert browser.stations(access).fail_code == 305


def test_answers_may_be_odd() -> None:
    tokens = Browser(tells_scope=False, texts_for_numbers=True, told_seconds=7200.0).tokens()
    assert "scope" not in tokens
    assert tokens["expires_in"] == "7200"
    assert "region" in tokens
