"""Secrets: a far side that repeats what it was told, at the lowest log level."""

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

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


ODD_PASSWORD = "pä\"ss\\wörd <&> 'x/y' ☂"
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": json.dumps,
    "JSON as it is": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON with slashes": lambda text: json.dumps(text).replace("/", "\\/"),
    "JSON in JSON": lambda text: json.dumps(json.dumps({"systemCode": text})),
    "a URL": quote,
    "a form": lambda text: urlencode({"value": text}),
    "a URL in small letters": lambda text: re.sub("%..", lambda found: found[0].lower(), quote(text, safe="")),
    "a URL in a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "HTML in numbers": lambda text: "".join(f"&#{ord(char)};" if not char.isalnum() else char for char in text),
    "HTML in names": lambda text: html.escape(text).replace("ä", "&auml;").replace("ö", "&ouml;"),
    "HTML in HTML": lambda text: html.escape(html.escape(text)),
    "a representation": repr,
    "an ASCII representation": ascii,
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_password_is_known_in_every_spelling(tmp_path: Path, spelling: str) -> None:
    def words() -> str:
        return f"for {SPELLINGS[spelling](ODD_PASSWORD)} no"

    state = {"url": f"sqlite:{tmp_path / 'state.sqlite'}"}
    with HttpWorld(SMALL, account={"password": ODD_PASSWORD}, state=state) as world:
        world.system.rewrites[Interface.LOGIN] = telling(words, "message")
        world.run(5)
        pages = world.pages()
        (failure,) = world.account.status().failures
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir()).decode(errors="replace")
    assert re.search(r"for .{0,20}<secret>.{0,5} no", failure.message), failure.message
    for text in (pages, kept):
        assert not re.search(r"wörd|w\\+u00f6rd|w%(25)*C3%(25)*B6rd|w&(amp;)*ouml;rd|w\\+xf6rd", text, re.IGNORECASE)


def test_a_password_of_three_characters_tears_no_words_apart() -> None:
    with HttpWorld(SMALL, account={"password": "the"}) as world:
        world.system.rewrites[Interface.LOGIN] = telling(lambda: "the wether is gathering", "message")
        world.run(5)
        (failure,) = world.account.status().failures
    assert "the wether is gathering" in failure.message


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
