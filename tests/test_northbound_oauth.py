"""OAuth Connect on the wire: what a data request carries, what is sent to the token address, what its answers mean."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from northbound_support import FarSide, reply, saying

from fusionsolar_exporter.northbound.auth import NOBODY, bearer_auth, session_auth
from fusionsolar_exporter.northbound.client import Client
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.oauth import TokenError, Tokens, exchange_form, read_tokens, refresh_form
from fusionsolar_exporter.northbound.transport import HttpTransport, RawAnswer, TransportSettings

ANSWER = {
    "access_token": "access",
    "refresh_token": "refresh",
    "expires_in": 3600,
    "token_type": "Bearer",
    "scope": "pvms.openapi.basic",
}


def raw(body: object, status: int = 200, content_type: str = "application/json") -> RawAnswer:
    return RawAnswer(status, body if isinstance(body, bytes) else json.dumps(body).encode(), content_type, "")


@pytest.fixture
def transports() -> Iterator[list[HttpTransport]]:
    opened: list[HttpTransport] = []
    yield opened
    for transport in opened:
        transport.close()


def test_bearer_stands_alone_and_cookies_are_not_kept(transports: list[HttpTransport]) -> None:
    token_answer = reply(json.dumps(ANSWER).encode(), "Set-Cookie: JSESSIONID=1; Path=/")
    with FarSide(saying(token_answer, reply())).running() as far:
        transport = HttpTransport(TransportSettings(far.url))
        transports.append(transport)
        form = refresh_form("123456789", "a secret & more", "old+/=")
        assert Client(transport).tokens(f"{far.url}/oauth2/token", form).content.access == "access"
        transport.post("stations", {}, bearer_auth("access"))
        transport.post("stations", {}, session_auth("x-1"))
    token, bearer, session = far.requests
    assert token.line == "POST /oauth2/token HTTP/1.1"
    assert token.headers["content-type"] == "application/x-www-form-urlencoded"
    assert {name: values[0] for name, values in parse_qs(token.body.decode()).items()} == dict(form)
    assert bearer.headers["authorization"] == "Bearer access"
    assert not bearer.headers.keys() & {"xsrf-token", "cookie"}
    assert not token.headers.keys() & {"xsrf-token", "cookie", "authorization"}
    assert session.headers["xsrf-token"] == "x-1"
    assert not session.headers.keys() & {"authorization", "cookie"}


def test_nobody_is_sent_elsewhere(transports: list[HttpTransport]) -> None:
    with FarSide(saying(reply())).running() as other:
        redirect = reply(b"", f"Location: {other.url}/token", status="307 Temporary Redirect")
        with FarSide(saying(redirect)).running() as far:
            transport = HttpTransport(TransportSettings(far.url))
            transports.append(transport)
            with pytest.raises(NorthboundError, match="HTTP 307 without tokens"):
                Client(transport).tokens(f"{far.url}/token", exchange_form("1", "s", "c", "https://example.org"))
    assert other.requests == []


def test_no_secret_in_any_representation() -> None:
    auth = bearer_auth("access")
    assert auth.secrets == session_auth("access").secrets == {"access"}
    assert NOBODY.secrets == frozenset()
    assert "access" not in f"{auth!r}{session_auth('access')!r}"
    assert "r3fresh" not in repr(Tokens("acc3ss", "r3fresh", 1.0))
    assert "acc3ss" not in repr(Tokens("acc3ss", "r3fresh", 1.0))


@pytest.mark.parametrize(
    ("changes", "tokens"),
    [
        ({}, Tokens("access", "refresh", 3600)),
        ({"expires_in": "7200", "region": {}, "scope": None}, Tokens("access", "refresh", 7200)),
        ({"refresh_token": None}, Tokens("access", None, 3600)),
        ({"refresh_token": ""}, Tokens("access", None, 3600)),
        ({"expires_in": None}, Tokens("access", "refresh", 3600)),
        ({"expires_in": 1}, Tokens("access", "refresh", 1)),
        ({"expires_in": 0}, Tokens("access", "refresh", 3600)),
        ({"expires_in": -1}, Tokens("access", "refresh", 3600)),
        ({"expires_in": 1e300}, Tokens("access", "refresh", 30 * 86400)),
        ({"failCode": 0}, Tokens("access", "refresh", 3600)),
    ],
)
def test_answers_are_read_leniently(changes: dict[str, object], tokens: Tokens) -> None:
    assert read_tokens(raw(ANSWER | changes, content_type="text/plain")) == tokens


@pytest.mark.parametrize(
    ("body", "status", "reason", "message"),
    [
        ({"error": "invalid_grant"}, 400, Reason.CREDENTIALS, "invalid_grant"),
        ({"error": "invalid_grant", "error_description": "used"}, 200, Reason.CREDENTIALS, "invalid_grant (used)"),
        ({"error": "invalid_client"}, 401, Reason.CREDENTIALS, "invalid_client"),
        ({"error": "invalid_scope"}, 400, Reason.REJECTED, "invalid_scope"),
        ({"error": "server_error"}, 503, Reason.BAD_RESPONSE, "HTTP 503 without tokens (server_error)"),
        ({"error": "slow_down"}, 429, Reason.RATE_LIMITED, "HTTP 429: asked again later"),
        (b"", 403, Reason.RATE_LIMITED, "HTTP 403: asked again later"),
        ({"error": "access_denied"}, 403, Reason.REJECTED, "access_denied"),
        ({"failCode": 20403, "message": "no"}, 400, Reason.CREDENTIALS, "failCode 20403 (no)"),
        ({"failCode": "407"}, 200, Reason.RATE_LIMITED, "failCode 407"),
        ({}, 429, Reason.RATE_LIMITED, "HTTP 429: asked again later"),
        (b"slow", 408, Reason.BAD_RESPONSE, "HTTP 408 without tokens"),
        (b"down", 503, Reason.BAD_RESPONSE, "HTTP 503 without tokens"),
        (b"", 200, Reason.BAD_RESPONSE, "HTTP 200 without tokens"),
        ([1], 200, Reason.BAD_RESPONSE, "HTTP 200 without tokens"),
        (ANSWER, 500, Reason.BAD_RESPONSE, "HTTP 500 without tokens"),
        ({"access_token": None}, 200, Reason.BAD_RESPONSE, "HTTP 200 without tokens"),
        (b"<html>sign in</html>", 400, Reason.BAD_RESPONSE, "HTTP 400 with a web page instead of tokens"),
        (b"[" * 100_000, 200, Reason.BAD_RESPONSE, "HTTP 200 without tokens"),
    ],
)
def test_refusals_and_oddities(body: object, status: int, reason: Reason, message: str) -> None:
    with pytest.raises(NorthboundError) as caught:
        read_tokens(raw(body, status))
    assert (caught.value.reason, caught.value.message, caught.value.interface) == (reason, message, Interface.TOKEN)
    assert caught.value.http_status == status
    assert caught.value.html == (b"html" in body if isinstance(body, bytes) else False)
    assert isinstance(caught.value, TokenError) == (isinstance(body, dict) and "error" in body and status < 429)
