"""``accounts[].rate_limits``: how often the far side may be asked, where its documented limits do not hold."""

import difflib
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, model_validator

from fusionsolar_exporter.config.errors import problem
from fusionsolar_exporter.config.fields import Count, Duration, Flag, PositiveDuration, Section
from fusionsolar_exporter.northbound.interfaces import Interface


class UnusedInterface(StrEnum):
    """Interfaces of the reference that this version does not ask; limits for them are taken and have no effect."""

    CREATE_STATION = "createStation"


def _interface(value: Any) -> Interface | UnusedInterface:
    for kind in (Interface, UnusedInterface):
        if value in kind.__members__.values():
            return kind(value)
    known = [str(name) for name in (*Interface, *UnusedInterface)]
    near = "".join(f"did you mean {name}? " for name in difflib.get_close_matches(str(value), known, n=1))
    raise problem(f"unknown interface; {near}known: {', '.join(known)}")


class InterfaceLimits(Section):
    """Limits of one interface; None keeps the documented value."""

    window: PositiveDuration | None = None
    """Seconds over which ``calls`` holds."""
    spacing: Duration | None = None
    """Least seconds between two starts."""
    calls: Count | None = None
    """Calls in a window; None is the documented formula."""


def _mapping(value: Any) -> Any:
    if not isinstance(value, dict):
        raise problem("not a mapping; expected the names of interfaces, each with its limits")
    return value


def _in_use(limits: Mapping[Interface, InterfaceLimits]) -> Mapping[Interface, InterfaceLimits]:
    return MappingProxyType({name: given for name, given in limits.items() if isinstance(name, Interface)})


_Limits = Annotated[
    Mapping[Annotated[Interface, PlainValidator(_interface)], InterfaceLimits],
    BeforeValidator(_mapping),
    AfterValidator(_in_use),
]


class Backoff(Section):
    """The pause after failures of an interface, doubling from ``initial`` to ``maximum``; in seconds."""

    initial: PositiveDuration = 60.0
    maximum: PositiveDuration = 1800.0

    @model_validator(mode="after")
    def _ordered(self) -> "Backoff":
        if self.maximum < self.initial:
            raise problem("shorter than initial; expected at least as long", "maximum")
        return self

    def after(self, failures: int, *, at_most: float = 0.0) -> float:
        """Seconds to wait after so many failures in a row; it goes on doubling to an ``at_most`` over the maximum."""
        wait, slower = self.initial, max(at_most, self.maximum)
        for _ in range(failures - 1):
            if wait >= slower:
                break
            wait = min(wait * 2.0, self.maximum if wait < self.maximum else slower)
        return wait


class RateLimits(Section):
    """The rate limits of an account; in seconds."""

    margin: Duration = 3.0
    """Added to every window and spacing."""
    min_gap: Duration = 1.0
    """Least time between the starts of two requests of the account."""
    session_lifetime: PositiveDuration = 1800.0
    """From the login on."""
    login_pause: PositiveDuration = 1800.0
    """After refused logins."""
    backoff: Backoff = Backoff()
    learn: Flag = True
    """Whether an interface is slowed down to what the far side really allows."""
    interfaces: _Limits = Field(default_factory=lambda: MappingProxyType({}))
