"""The authorization server's two addresses: where an owner agrees, and where codes and tokens are exchanged."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest
from urllib.parse import parse_qs, urlencode, urlsplit

from fusionsolar_exporter.simulator.answers import JSON_HEADERS, SimulatedAnswer, plain
from fusionsolar_exporter.simulator.faults import Faults
from fusionsolar_exporter.simulator.oauth.grants import GrantError, Grants, Tokens
from fusionsolar_exporter.simulator.oauth.pages import ARRIVED, arrived_page, consent_page, refused_page
from fusionsolar_exporter.simulator.oauth.rules import OAuthClient, OAuthRules

OAUTH_PREFIX = "/rest/dp/uidm/oauth2/v1/"
ARRIVAL_PATH = "/callback"
"""A redirect address on this very server, for whoever has none."""
_FORM = "application/x-www-form-urlencoded"
_CARRIED = ("response_type", "client_id", "redirect_uri", "scope", "state")
_LOGGED = 10_000


class Endpoint(StrEnum):
    """The addresses under ``/rest/dp/uidm/oauth2/v1/``."""

    AUTHORIZE = "authorize"
    LOGIN_PAGE = "login-page"
    TOKEN = "token"  # noqa: S105 -- a path


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A request to the token address, without code, token and secret."""

    at: float
    grant_type: str
    client_id: str
    error: str
    """Empty where tokens were given."""


class OAuthEndpoints:
    """The authorization server for some clients and owners. ``owners`` are passwords by name. Safe for threads."""

    def __init__(
        self,
        clients: Iterable[OAuthClient],
        owners: Mapping[str, str],
        rules: OAuthRules | None = None,
        scale: float = 1.0,
        *,
        arrived: Callable[[str], str] | None = None,
    ) -> None:
        self._arrived = arrived
        self.grants = Grants(clients, OAuthRules() if rules is None else rules, scale)
        self._owners = owners
        self._lock = threading.Lock()
        self._log: deque[TokenRequest] = deque(maxlen=_LOGGED)

    @property
    def token_requests(self) -> tuple[TokenRequest, ...]:
        """Requests to the token address, oldest first."""
        with self._lock:
            return tuple(self._log)

    def handle(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, at: float, faults: Faults
    ) -> SimulatedAnswer | None:
        """Answer a request; None where it is not about OAuth."""
        path, _, query = target.partition("?")
        if path == ARRIVAL_PATH:
            return arrived_page(ARRIVED if self._arrived is None else self._arrived(target))
        try:
            endpoint = Endpoint(path.removeprefix(OAUTH_PREFIX) if path.startswith(OAUTH_PREFIX) else "")
        except ValueError:
            return None
        if endpoint is not Endpoint.TOKEN:
            return self._authorize(method, _form(query), _form(body.decode(errors="replace")), at)
        if method != "POST":
            return plain(405, "use POST", {"Allow": "POST"})
        instead = faults.instead(Endpoint.TOKEN)
        answer = instead or self._token(headers, _form(body.decode(errors="replace")), at)
        return faults.deliver(Endpoint.TOKEN, answer)

    def _authorize(self, method: str, query: Mapping[str, str], form: Mapping[str, str], at: float) -> SimulatedAnswer:
        asked = query if method == "GET" else {**query, **form}
        client = self.grants.client(asked.get("client_id", ""))
        if client is None:
            return refused_page("invalid_client: the client is not known here")
        if asked.get("redirect_uri") != client.redirect_uri:
            return refused_page("redirect_uri mismatch: it has to be the registered one, to the letter")
        problem = _problem(client, asked)
        if problem is not None:
            return _redirect(client, asked, error=problem)
        if method == "GET" or "decision" not in form:
            return _consent(client, asked)
        if form["decision"] != "agree":
            return _redirect(client, asked, error="access_denied", error_description="the owner declined")
        return self._agreed(client, asked, form, at)

    def _agreed(
        self, client: OAuthClient, asked: Mapping[str, str], form: Mapping[str, str], at: float
    ) -> SimulatedAnswer:
        owner = form.get("owner", "")
        known = self._owners.get(owner)
        if known is None or not compare_digest(known.encode(), form.get("password", "").encode(errors="replace")):
            return _consent(client, asked, "Owner or password is wrong.")
        return _redirect(client, asked, code=self.grants.consent(client.id, owner, at, asked["scope"]))

    def _token(self, headers: Mapping[str, str], form: Mapping[str, str], at: float) -> SimulatedAnswer:
        content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
        grant_type, client_id = form.get("grant_type", ""), form.get("client_id", "")
        try:
            tokens = self._granted(grant_type, self._authenticated(content_type, form), form, at)
        except GrantError as refused:
            self._note(TokenRequest(at, grant_type, client_id, refused.error))
            status = self.grants.rules.invalid_client_status if refused.error == "invalid_client" else 400
            told = {"error": refused.error, "error_description": refused.description}
            return SimulatedAnswer(status, JSON_HEADERS, json.dumps(told).encode())
        self._note(TokenRequest(at, grant_type, client_id, ""))
        return SimulatedAnswer(200, {**JSON_HEADERS, "Cache-Control": "no-store"}, self._body(tokens))

    def _authenticated(self, content_type: str, form: Mapping[str, str]) -> OAuthClient:
        if content_type.partition(";")[0].strip() != _FORM:
            raise GrantError("invalid_request", f"the body has to be {_FORM}")
        client = self.grants.client(form.get("client_id", ""))
        secret = form.get("client_secret", "").encode(errors="replace")
        if client is None or not compare_digest(client.secret.encode(), secret):
            raise GrantError("invalid_client", "client authentication failed")
        return client

    def _granted(self, grant_type: str, client: OAuthClient, form: Mapping[str, str], at: float) -> Tokens:
        if grant_type == "authorization_code":
            return self.grants.exchange(client, form.get("code", ""), form.get("redirect_uri", ""), at)
        if grant_type == "refresh_token":
            return self.grants.renew(client, form.get("refresh_token", ""), at)
        raise GrantError("unsupported_grant_type", "authorization_code or refresh_token")

    def _body(self, tokens: Tokens) -> bytes:
        rules = self.grants.rules
        seconds = max(int(tokens.expires_in), 1)
        told: dict[str, object] = {
            "access_token": tokens.access,
            "expires_in": str(seconds) if rules.texts_for_numbers else seconds,
            "token_type": "Bearer",
        }
        if tokens.refresh is not None:
            told["refresh_token"] = tokens.refresh
        if rules.tells_scope:
            told["scope"] = tokens.scope
        if rules.texts_for_numbers:
            told["region"] = {"id": None}
        return json.dumps(told).encode()

    def _note(self, request: TokenRequest) -> None:
        with self._lock:
            self._log.append(request)


def _form(text: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _problem(client: OAuthClient, asked: Mapping[str, str]) -> str | None:
    """Return the error that the redirect tells at once, if the request has one."""
    if asked.get("response_type") != "code":
        return "unsupported_response_type"
    scopes = set(asked.get("scope", "").split())
    return None if scopes and scopes <= client.scopes else "invalid_scope"


def _consent(client: OAuthClient, asked: Mapping[str, str], problem: str = "") -> SimulatedAnswer:
    hidden = {name: asked[name] for name in _CARRIED if name in asked}
    return consent_page(client.id, asked["scope"], hidden, problem)


def _redirect(client: OAuthClient, asked: Mapping[str, str], **answer: str) -> SimulatedAnswer:
    state = {"state": asked["state"]} if "state" in asked else {}
    joint = "&" if urlsplit(client.redirect_uri).query else "?"
    return plain(302, "", {"Location": f"{client.redirect_uri}{joint}{urlencode({**answer, **state})}"})
