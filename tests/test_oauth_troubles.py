"""Every trouble that OAuth Connect may make: what is said, what is asked, and what is served meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.oauth_world import CLIENT, DAY, OWNER, OAuthWorld

from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import Interface as Ours
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.limit_shapes import OverLimit
from fusionsolar_exporter.simulator.oauth.grants import GrantError
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.status import FailureNote

MINUTE = 60.0
SMALL = FleetPlan(plants=1, devices={1: 1})
AUTHORIZE = "run `fusionsolar-exporter authorize"


@dataclass(frozen=True)
class Trouble:
    """``asked`` are the token requests in the half hour after it begins."""

    begin: Callable[[OAuthWorld], object]
    interface: str
    message: str
    advice: str
    state: str
    asked: range


def refuse_tokens(error: str) -> Callable[[OAuthWorld], None]:
    """The token address says this, whatever it is asked."""

    def begin(world: OAuthWorld) -> None:
        def refusing(*_: object) -> None:
            raise GrantError(error, "")

        world.oauth.grants.renew = refusing  # type: ignore[method-assign,assignment]
        world.oauth.grants.end_access()

    return begin


def wrong_region(world: OAuthWorld) -> None:
    world.oauth.grants.wrong_region = True
    world.oauth.grants.end_access()


def at_the_token_address(kind: FaultKind, status: int = 503) -> Callable[[OAuthWorld], None]:
    def begin(world: OAuthWorld) -> None:
        world.order(kind, None, status=status, location="https://elsewhere.example/")
        world.oauth.grants.end_access()

    return begin


def no_such_host(world: OAuthWorld) -> None:
    def failing(path: str) -> NorthboundError | None:
        told = "the name cannot be looked up"
        return NorthboundError(Reason.CONNECTION, path, told, sent=False) if path == "token" else None

    world.transport.failure = failing
    world.oauth.grants.end_access()


def at_real_time_data(kind: FaultKind, fail_code: int = 0) -> Callable[[OAuthWorld], object]:
    def begin(world: OAuthWorld) -> None:
        world.system.faults.order(Fault(kind, Interface.DEVICE_REAL_TIME, None, fail_code=fail_code))

    return begin


def full_day(answer: OverLimit) -> Callable[[OAuthWorld], object]:
    return lambda world: world.rule(daily_calls=1, over_day=answer)


REFUSED = "compare client_id, redirect_uri and scope"
LATER = range(2, 7)
TROUBLES = {
    "invalid_grant": Trouble(
        lambda world: world.oauth.grants.end_all(), "token", "invalid_grant", AUTHORIZE, "credentials", range(1, 2)
    ),
    "invalid_client": Trouble(
        wrong_region, "token", "invalid_client", "another region's cluster", "credentials", range(1, 2)
    ),
    **{
        error: Trouble(refuse_tokens(error), "token", error, REFUSED, "paused", LATER)
        for error in ("invalid_request", "unauthorized_client", "unsupported_grant_type", "invalid_scope", "oddity")
    },
    "408": Trouble(
        at_the_token_address(FaultKind.STATUS, 408), "token", "HTTP 408 without tokens", "nothing", "paused", LATER
    ),
    "429": Trouble(
        at_the_token_address(FaultKind.STATUS, 429), "token", "HTTP 429: asked again later", "nothing", "paused", LATER
    ),
    "5xx": Trouble(
        at_the_token_address(FaultKind.STATUS, 503), "token", "HTTP 503 without tokens", "nothing", "paused", LATER
    ),
    "HTML": Trouble(
        at_the_token_address(FaultKind.HTML),
        "token",
        "web page instead of tokens",
        "check oauth.token_url",
        "unreachable",
        LATER,
    ),
    "no JSON": Trouble(
        at_the_token_address(FaultKind.INVALID_JSON), "token", "without tokens", "nothing", "paused", LATER
    ),
    "redirect": Trouble(
        at_the_token_address(FaultKind.REDIRECT), "token", "HTTP 302 without tokens", "nothing", "paused", LATER
    ),
    "no such host": Trouble(
        no_such_host,
        "token",
        "cannot be looked up",
        "use another resolver, or set oauth.token_url",
        "unreachable",
        LATER,
    ),
    "20056": Trouble(
        lambda world: world.oauth.grants.withdraw(OWNER),
        "getDevRealKpi",
        "20056",
        "with OAuth to agree again",
        "ok",
        range(1),
    ),
    "not granted": Trouble(at_real_time_data(FaultKind.FAIL_CODE, 401), "getDevRealKpi", "401", "tick", "ok", range(1)),
    "a portal": Trouble(
        at_real_time_data(FaultKind.HTML), "getDevRealKpi", "web page", "url must be an API host", "", range(1)
    ),
    "20618": Trouble(full_day(OverLimit.DAY_USED_UP), "", "20618", "", "ok", range(1)),
    "407 for the day": Trouble(full_day(OverLimit.TOO_FREQUENT), "", "407", "", "ok", range(1)),
    "429 for the day": Trouble(full_day(OverLimit.TOO_MANY_REQUESTS), "", "429", "", "ok", range(1)),
    "403 for the day": Trouble(full_day(OverLimit.GATEWAY), "", "403", "", "ok", range(1)),
}


def token_requests(world: OAuthWorld) -> int:
    return world.instruments.attempts[Ours.TOKEN]


def note_of(world: OAuthWorld, trouble: Trouble) -> FailureNote:
    notes = [
        note for note in world.account.status().failures if note.interface == trouble.interface or not trouble.interface
    ]
    assert notes, world.account.status()
    return notes[0]


@pytest.mark.parametrize("trouble", TROUBLES.values(), ids=TROUBLES.keys())
def test_it_is_said_and_what_was_read_is_served_to_its_end(tmp_path: Path, trouble: Trouble) -> None:
    world = OAuthWorld(tmp_path, SMALL)
    world.run(10 * MINUTE)
    before = token_requests(world)
    trouble.begin(world)
    world.run(6 * MINUTE)
    note = note_of(world, trouble)
    assert trouble.message in note.message
    assert trouble.advice in note.advice
    assert trouble.state in {"", world.state}
    assert world.served() == 1
    world.run(24 * MINUTE)
    assert token_requests(world) - before in trouble.asked
    assert set(world.oauth.grants.uses.values()) <= {1}
    told = repr((world.log.lines, world.account.status()))
    grants = world.oauth.grants
    assert not [secret for secret in (CLIENT.secret, *grants._access, *grants._refresh) if secret in told]


@pytest.mark.parametrize("name", ["invalid_grant", "invalid_client", "5xx", "no such host"])
def test_values_end_with_their_time_to_live_and_no_earlier(tmp_path: Path, name: str) -> None:
    world = OAuthWorld(tmp_path, SMALL)
    world.run(10 * MINUTE)
    TROUBLES[name].begin(world)
    world.run(10 * MINUTE)
    assert world.served() == 1
    world.run(20 * MINUTE)
    assert world.served() == 0
    assert world.account.status().failures


def test_invalid_grant_is_repeated_by_no_restart_reload_or_doctor(tmp_path: Path) -> None:
    world = OAuthWorld(tmp_path, SMALL)
    world.run(10 * MINUTE)
    world.oauth.grants.end_all()
    world.run(10 * MINUTE)
    for _ in range(3):
        world.reconfigure(language=world.settings.account.language)
        world.run(DAY / 4)
        world.kill()
        world.start()
        world.run(MINUTE)
        world.account._engine.login()  # as doctor does, where there is no session
    assert [request.error for request in world.token_requests] == ["", "invalid_grant"]
    assert world.state == "credentials"
