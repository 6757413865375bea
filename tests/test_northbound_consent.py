"""The owner's consent: the address that is printed, and what may be pasted."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.northbound.consent import ConsentError, code_of, consent_address
from fusionsolar_exporter.northbound.consent_state import ConsentState

REDIRECT = "https://Example.org/callback"
STATE = "x7Yz01abQQ"


def test_the_address_that_is_printed() -> None:
    address = consent_address("https://oauth2.example/authorize", "123456789", f"{REDIRECT}?from=here", STATE)
    assert address.startswith("https://oauth2.example/authorize?response_type=code&")
    assert {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()} == {
        "response_type": "code",
        "client_id": "123456789",
        "redirect_uri": f"{REDIRECT}?from=here",
        "scope": "pvms.openapi.basic",
        "state": STATE,
    }
    assert consent_address("https://oauth2.example/l?locale=bg-BG", "1", REDIRECT, STATE).count("?") == 1


NOW = 1_750_000_000.0


def test_a_state_is_short_and_good_for_an_hour_and_one_account() -> None:
    ours = ConsentState("eu5.example/123456789/one", "secret")
    word = ours.word(NOW)
    assert len(word) == 16
    assert word.isascii()
    assert word.isalnum()
    assert word == ConsentState("eu5.example/123456789/one", "secret").word(NOW)
    assert [ours.is_ours(word, NOW + minutes * 60) for minutes in (-3, -2, 0, 60, 61)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert not ConsentState("eu5.example/123456789/two", "secret").is_ours(word, NOW)
    assert not ConsentState("eu5.example/123456789/one", "other").is_ours(word, NOW)
    assert len({ours.word(NOW + minute * 60) for minute in range(1000)}) == 1000
    assert not any(ours.is_ours(other, NOW) for other in ("", word[:-1], word + "0", "\ud800"))


@pytest.mark.parametrize(
    ("response", "redirect"),
    [
        (f"https://example.org/callback?code=c0de&state={STATE}", REDIRECT),
        (f"  'https://example.org:443/callback?state={STATE}&code=c0de&more=1#here' \n", REDIRECT),
        (f"http://127.0.0.1:8080/?code=c0de&state={STATE}", "http://127.0.0.1:8080"),
        (f"https://[::1]:8443/a?from=here&code=c0de&state={STATE}", "https://[::1]:8443/a?from=here"),
    ],
)
def test_the_code_is_found(response: str, redirect: str) -> None:
    assert code_of(response, redirect, ["other", STATE].__contains__) == "c0de"


@pytest.mark.parametrize(
    ("response", "message"),
    [
        ("", "this is no address"),
        ("c0de", "this is no address"),
        ("ftp://example.org/callback?code=c0de", "this is no address"),
        ("https://[::1/callback?code=c0de", "this is no address"),
        (f"https://example.org/callback/?code=c0de&state={STATE}", "begins with https://example.org/callback/, but"),
        (f"http://example.org/callback?code=c0de&state={STATE}", "begins with http://example.org/callback, but"),
        (f"https://example.org/callback?error=access_denied&state={STATE}", "answered 'access_denied'"),
        ("https://example.org/callback?error=e&error_description=no", "answered 'e: no'"),
        ("https://example.org/callback?code=c0de", "no code= and state="),
        (f"https://example.org/callback?state={STATE}", "no code= and state="),
        ("https://example.org/callback?code=c0de&state=other", "does not belong to what was printed for this account"),
        (f"https://example.org/callback?code=c0de&state={STATE}&x=" + "y" * 20_000, "this is no address"),
    ],
)
def test_what_is_wrong_is_said_and_the_code_is_not(response: str, message: str) -> None:
    with pytest.raises(ConsentError) as caught:
        code_of(response, REDIRECT, [STATE].__contains__)
    assert message in str(caught.value)
    assert "c0de" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_code_or_a_clear_error(response: str) -> None:
    with pytest.raises(ConsentError):
        code_of(response, REDIRECT, lambda _: False)
