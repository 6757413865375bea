"""What an owner's consent has brought, and what of it still works."""

from dataclasses import dataclass, field, replace

from fusionsolar_exporter.moments import Moment
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.oauth import Tokens

_RENEWED_BEFORE = 0.1  # of an access token's life


@dataclass(frozen=True, slots=True)
class HeldTokens:
    """Moments are in the pacing clock's seconds."""

    access: str = field(repr=False)
    """Empty where the far side has refused it."""
    refresh: str = field(repr=False)
    previous: str | None = field(repr=False)
    """The refresh token before, until a request with the new access token was served."""
    obtained_at: Moment
    lifetime: float
    """Seconds that the access token lives."""
    worked: bool = False
    """Whether a request with the access token was served."""
    refused: bool = False
    """Whether the refresh token has ended: only another consent helps."""

    @property
    def renew_at(self) -> float:
        """From when on another access token is wanted."""
        return self.obtained_at + self.lifetime * (1 - _RENEWED_BEFORE)

    @property
    def ends_at(self) -> float:
        """When the access token ends by itself."""
        return self.obtained_at + self.lifetime

    def renewed(self, answer: Tokens, moment: float) -> "HeldTokens":
        """What a refresh that was sent at a moment has brought; the old refresh token stays where no new one came."""
        refresh = answer.refresh or self.refresh
        return HeldTokens(
            access=answer.access,
            refresh=refresh,
            previous=None if refresh == self.refresh else self.refresh,
            obtained_at=moment,
            lifetime=answer.lifetime,
        )

    def served(self) -> "HeldTokens":
        """A request with the access token was served."""
        return replace(self, worked=True, previous=None)

    def without_access(self) -> "HeldTokens":
        """The far side refused the access token."""
        return replace(self, access="")

    def invalid(self) -> "HeldTokens":
        """The far side refused the refresh token: the one before it is left, where the new one has never worked."""
        if self.previous is not None:
            return replace(self, refresh=self.previous, previous=None)
        return replace(self, refused=True)


def first_tokens(answer: Tokens, moment: float) -> HeldTokens:
    """What a code that was sent at a moment was exchanged for; NorthboundError where no refresh token is among it."""
    if answer.refresh is None:
        told = "tokens without a refresh token, which end within the hour"
        raise NorthboundError(Reason.BAD_RESPONSE, Interface.TOKEN, told)
    return HeldTokens(answer.access, answer.refresh, None, moment, answer.lifetime)
