"""What a request carries to prove who asks: the token of a session, or of an owner's consent; never both."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Auth:
    """Headers of a request."""

    headers: Mapping[str, str] = field(repr=False)

    @property
    def secrets(self) -> frozenset[str]:
        """What nobody may be shown of them."""
        return frozenset(value.removeprefix(_BEARER) for value in self.headers.values())


_BEARER = "Bearer "
NOBODY = Auth({})
"""For requests that prove themselves by their body: logins, and token requests."""


def session_auth(token: str) -> Auth:
    """A session that a login began (9.1.1)."""
    return Auth({"XSRF-TOKEN": token})


def bearer_auth(token: str) -> Auth:
    """An access token of OAuth Connect: alone, since a live system answers 305 where XSRF-TOKEN stands beside it."""
    return Auth({"Authorization": f"{_BEARER}{token}"})
