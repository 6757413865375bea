"""How the authorization server behaves where nobody knows how the real one does."""

from dataclasses import dataclass, field
from enum import Enum, auto

from fusionsolar_exporter.simulator.limit_shapes import LimitShape, OverLimit
from fusionsolar_exporter.simulator.limit_text import ALL_DATA

READING_SCOPE = "pvms.openapi.basic"


class Rotation(Enum):
    """What a refresh does to the refresh token."""

    DEAD_AT_ONCE = auto()
    """A new one comes, the old one has ended."""
    GRACE = auto()
    """A new one comes, the old one works for a while yet."""
    NONE = auto()
    """No new one comes, the old one stays."""


class Expiry(Enum):
    """How a request with an access token that has ended, or never was one, is refused."""

    HTTP_401 = auto()
    FAIL_CODE_305 = auto()


@dataclass(frozen=True, slots=True)
class OAuthRules:
    """Durations are seconds."""

    rotation: Rotation = Rotation.DEAD_AT_ONCE
    expiry: Expiry = Expiry.HTTP_401
    code_seconds: float = 300.0
    access_seconds: float = 3600.0
    told_seconds: float | None = None
    """``expires_in`` of answers, where it is not the truth."""
    grace_seconds: float = 120.0
    refresh_seconds: float | None = None
    """Life of a refresh token from its last use; None is for ever."""
    reuse_revokes: bool = True
    """Whether an old refresh token that is used again ends the whole authorisation."""
    tells_scope: bool = True
    texts_for_numbers: bool = False
    """``expires_in`` is a text, and keys come that nobody knows."""
    invalid_client_status: int = 401
    daily_calls: int = 1000
    """Of all data interfaces together, for each owner, beside the limits of each interface."""
    daily_seconds: float = 86400.0
    over_day: OverLimit = OverLimit.DAY_USED_UP
    """What a call above that gets."""

    @property
    def budget(self) -> LimitShape:
        """Return the limit of a day."""
        return LimitShape(ALL_DATA, window=self.daily_seconds, calls=self.daily_calls, over_limit=self.over_day)


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """A registered client."""

    id: str
    secret: str = field(repr=False)
    redirect_uri: str
    scopes: frozenset[str] = frozenset({READING_SCOPE})
