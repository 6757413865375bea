"""What a request carries to prove who asks: the token of a session, or of an owner's consent; never both."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def ignored(_token: str) -> None:
    """Whoever carries no session's token needs no other."""


@dataclass(frozen=True, slots=True)
class Auth:
    """Headers of a request."""

    headers: Mapping[str, str] = field(repr=False)
    replaced: Callable[[str], None] = field(default=ignored, repr=False, compare=False)
    """Takes another token that an answer brings for the same session."""

    @property
    def secrets(self) -> frozenset[str]:
        """What nobody may be shown of them."""
        return frozenset(value.removeprefix(_BEARER) for value in self.headers.values())


_BEARER = "Bearer "
NOBODY = Auth({})
"""For requests that prove themselves by their body: logins, and token requests."""


def session_auth(token: str, replaced: Callable[[str], None] = ignored) -> Auth:
    """A session that a login began (9.1.1)."""
    return Auth({"XSRF-TOKEN": token}, replaced)


def bearer_auth(token: str) -> Auth:
    """An access token of OAuth Connect: alone, since a live system answers 305 where XSRF-TOKEN stands beside it."""
    return Auth({"Authorization": f"{_BEARER}{token}"})
