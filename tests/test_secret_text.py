"""Secrets in texts: found in every spelling, whether any of their characters stand for themselves or none."""

import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest

from fusionsolar_exporter.secret_text import INSTEAD, SecretText

SECRETS = [
    *("password", "0000", "ab=cd", "=ab=", "a=====", "a b c", "%%%a", "p\\ss"),
    *("☂☂☂☂", "----", "\\\\\\\\", "''''", "\n\n\n\n"),
]
SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in JSON": lambda text: json.dumps(json.dumps(text))[3:-3],
    "a URL": lambda text: quote(text, safe=""),
    "HTML": html.escape,
    "HTML in numbers": lambda text: "".join(f"&#{ord(char)};" if not char.isalnum() else char for char in text),
    "a representation": lambda text: repr(text)[1:-1],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("secret", SECRETS, ids=repr)
def test_every_secret_is_found_in_every_spelling(secret: str, spelling: str) -> None:
    known = SecretText(["another one", secret])
    assert known.without(f"is ({SPELLINGS[spelling](secret)}), is it") == f"is ({INSTEAD}), is it"


def test_of_two_secrets_the_longer_one_goes_first_and_what_stands_instead_is_no_secret() -> None:
    assert SecretText(["secret", "a secret", "Secret"]).without("a secret secret") == f"{INSTEAD} {INSTEAD}"


def test_a_text_without_secrets_is_given_back_and_nothing_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    known = SecretText(["password", "to=ken"])
    monkeypatch.setattr(re, "compile", None)
    text = "a pass word, a to and a ke"
    assert known.without(text) is text
    assert SecretText().without(text) is text
    assert SecretText(["the", ""]).without("the wether") == "the wether"
