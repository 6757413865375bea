"""Secrets: a far side that repeats what it was told, at the lowest log level."""

from collections.abc import Callable
from typing import Any

import pytest
from support.http_world import MINUTE, PASSWORD, HttpWorld

from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

SMALL = FleetPlan(plants=1, devices={1: 1})


def telling(text: Callable[[], str], member: str) -> Callable[[dict[str, Any]], None]:
    """A refusal whose ``member`` tells a text."""

    def rewrite(envelope: dict[str, Any]) -> None:
        envelope |= {"success": False, "failCode": 30030, "data": None, "message": None, member: text()}

    return rewrite


def fragments(secret: str, length: int = 8) -> set[str]:
    """Every part of a secret that is long enough to be recognised."""
    return {secret[start : start + length] for start in range(len(secret) - length + 1)}


@pytest.mark.parametrize("member", ["message", "data"])
@pytest.mark.parametrize("before", [0, 150, 190, 197])
def test_a_refused_login_that_repeats_the_password_shows_it_nowhere(member: str, before: int) -> None:
    with HttpWorld(SMALL) as world:
        world.system.rewrites[Interface.LOGIN] = telling(lambda: "-" * before + PASSWORD, member)
        world.run(5)
        pages = world.pages()
        (failure,) = world.account.status().failures

    assert not [part for part in fragments(PASSWORD) if part in pages]
    assert "failCode 30030" in failure.message


@pytest.mark.parametrize("member", ["message", "data"])
@pytest.mark.parametrize("before", [0, 120, 150, 190])
def test_a_refused_request_that_repeats_token_and_password_shows_them_nowhere(member: str, before: int) -> None:
    with HttpWorld(SMALL) as world:

        def words() -> str:
            (token,) = world.system.tokens
            return "-" * before + token + PASSWORD

        world.system.rewrites[Interface.ALARMS] = telling(words, member)
        world.run(20)
        pages = world.pages()
        secrets = fragments(PASSWORD) | {part for token in world.system.tokens for part in fragments(token, 12)}

        assert world.scrape().failures("getAlarmList") == {"rejected": 1}
    assert not [part for part in secrets if part in pages]


def test_the_token_of_a_session_that_has_ended_is_still_a_secret() -> None:
    with HttpWorld(SMALL) as world:
        first: set[str] = set()
        world.run(20)
        first |= world.system.tokens
        world.system.rewrites[Interface.ALARMS] = telling(lambda: f"unknown token {min(first)}", "message")
        world.run(65 * MINUTE)

        assert len(world.system.tokens) >= 2
        assert world.scrape().failures("getAlarmList")["rejected"] >= 2
        assert min(first) not in world.pages()


def test_a_far_side_whose_data_hold_the_password_is_not_told_apart_from_any_other() -> None:
    with HttpWorld(SMALL) as world:
        world.run(20)
        assert "<secret>" not in world.exposition()
