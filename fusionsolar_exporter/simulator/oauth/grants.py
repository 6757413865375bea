"""Codes and tokens: which were given for which client and owner, and which of them still work."""

import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf

from fusionsolar_exporter.simulator.oauth.rules import OAuthClient, OAuthRules, Rotation


class GrantError(Exception):
    """A request that is refused with ``error`` and ``error_description`` (RFC 6749, section 5.2)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description


@dataclass(slots=True)
class _Authorisation:
    """What one owner has agreed to for one client."""

    owner: str
    client: OAuthClient
    scope: str
    ended: bool = False


@dataclass(slots=True)
class _Code:
    authorisation: _Authorisation
    until: float
    used: bool = False


@dataclass(slots=True)
class _Token:
    authorisation: _Authorisation
    until: float
    used: bool = False


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token request brings; ``refresh`` is None where the old one stays."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    expires_in: float
    scope: str


class Grants:
    """Moments are Unix seconds, durations last ``scale`` times as long as the rules say. Safe for threads."""

    def __init__(self, clients: Iterable[OAuthClient], rules: OAuthRules, scale: float = 1.0) -> None:
        self.rules = rules
        """May be replaced at any time."""
        self.wrong_region = False
        """Whether a cluster that knows no client answers."""
        self.uses: Counter[str] = Counter()
        """How often each refresh token was used, refused ones included."""
        self._clients: Mapping[str, OAuthClient] = {client.id: client for client in clients}
        self._scale = scale
        self._lock = threading.Lock()
        self._withdrawn: set[str] = set()
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, _Token] = {}
        self._refresh: dict[str, _Token] = {}

    def client(self, client_id: str) -> OAuthClient | None:
        """Return the client of an id, where it is known here."""
        return None if self.wrong_region else self._clients.get(client_id)

    def consent(self, client_id: str, owner: str, at: float, scope: str = "pvms.openapi.basic") -> str:
        """Let an owner agree, as the page does; the code."""
        with self._lock:
            self._withdrawn.discard(owner)
            code = secrets.token_urlsafe(24)
            authorisation = _Authorisation(owner, self._clients[client_id], scope)
            self._codes[code] = _Code(authorisation, at + self.rules.code_seconds * self._scale)
            return code

    def withdraw(self, owner: str) -> None:
        """Let an owner take the consent back: tokens stay what they are, and open nothing."""
        with self._lock:
            self._withdrawn.add(owner)

    def withdrawn(self, owner: str) -> bool:
        """Return whether an owner has taken the consent back."""
        return owner in self._withdrawn

    def end_access(self) -> None:
        """End every access token before its time."""
        with self._lock:
            self._access.clear()

    def end_all(self) -> None:
        """End every authorisation."""
        with self._lock:
            for token in self._refresh.values():
                token.authorisation.ended = True
            self._access.clear()

    def owner_of(self, access: str, at: float) -> str | None:
        """Return to whom a valid access token belongs; None where it is not valid."""
        with self._lock:
            token = self._access.get(access)
            if token is None or at >= token.until or token.authorisation.ended:
                return None
            return token.authorisation.owner

    def exchange(self, client: OAuthClient, code: str, redirect_uri: str, at: float) -> Tokens:
        """Give tokens for a code. GrantError where it is not good, or was used: its tokens end then, too."""
        with self._lock:
            known = self._codes.get(code)
            if known is None or known.authorisation.client != client:
                raise GrantError("invalid_grant", "unknown authorization code")
            if known.used:
                known.authorisation.ended = True
                raise GrantError("invalid_grant", "authorization code already used")
            if at >= known.until:
                raise GrantError("invalid_grant", "authorization code expired")
            if redirect_uri != client.redirect_uri:
                raise GrantError("invalid_grant", "redirect_uri mismatch")
            known.used = True
            return self._tokens(known.authorisation, at, refresh=True)

    def renew(self, client: OAuthClient, refresh: str, at: float) -> Tokens:
        """Give tokens for a refresh token. GrantError where it has ended."""
        with self._lock:
            self.uses[refresh] += 1
            known = self._refresh.get(refresh)
            if known is None or known.authorisation.client != client or known.authorisation.ended:
                raise GrantError("invalid_grant", "unknown refresh token")
            if at >= known.until:
                if known.used and self.rules.reuse_revokes:
                    known.authorisation.ended = True
                raise GrantError("invalid_grant", "refresh token expired")
            rotates = self.rules.rotation is not Rotation.NONE
            if rotates and not known.used:
                grace = self.rules.grace_seconds * self._scale if self.rules.rotation is Rotation.GRACE else 0.0
                known.used, known.until = True, at + grace
            elif not rotates:
                known.until = self._refresh_until(at)
            return self._tokens(known.authorisation, at, refresh=rotates)

    def _tokens(self, authorisation: _Authorisation, at: float, *, refresh: bool) -> Tokens:
        self._access = {key: token for key, token in self._access.items() if token.until > at}
        access = secrets.token_urlsafe(48)
        self._access[access] = _Token(authorisation, at + self.rules.access_seconds * self._scale)
        fresh = secrets.token_urlsafe(48) if refresh else None
        if fresh is not None:
            self._refresh[fresh] = _Token(authorisation, self._refresh_until(at))
        told = self.rules.access_seconds if self.rules.told_seconds is None else self.rules.told_seconds
        return Tokens(access, fresh, told * self._scale, authorisation.scope)

    def _refresh_until(self, at: float) -> float:
        seconds = self.rules.refresh_seconds
        return inf if seconds is None else at + seconds * self._scale
