"""What a request brings to prove who asks, and what a Bearer token opens."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fusionsolar_exporter.simulator.oauth.grants import Grants
from fusionsolar_exporter.simulator.oauth.rules import Expiry
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal

_SCHEME = "bearer "


class UnauthorizedError(Exception):
    """A request is answered with HTTP 401, and no envelope."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The headers that count."""

    xsrf_token: str = field(repr=False)
    bearer: str | None = field(repr=False)
    """None where no Authorization header asks for it."""
    cookies: bool


def carried(headers: Mapping[str, str]) -> Carried:
    """Return what a request brings."""
    found = {name.lower(): value for name, value in headers.items()}
    authorization = found.get("authorization", "")
    bearer = authorization[len(_SCHEME) :].strip() if authorization.lower().startswith(_SCHEME) else None
    return Carried(found.get("xsrf-token", ""), bearer, "cookie" in found)


def owner_of(brought: Carried, grants: Grants, at: float) -> str:
    """Return whose plants a Bearer token opens. Refuses one that is not alone with 305, as a live system did."""
    if brought.xsrf_token or brought.cookies:
        raise Refusal(FailCode.NOT_LOGGED_IN)
    owner = grants.owner_of(brought.bearer or "", at)
    if owner is None:
        if grants.rules.expiry is Expiry.HTTP_401:
            raise UnauthorizedError
        raise Refusal(FailCode.NOT_LOGGED_IN)
    return owner
