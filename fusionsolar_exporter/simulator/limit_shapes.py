"""Limits that differ from the reference: how a far side counts calls, and how it says that there were too many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fusionsolar_exporter.simulator.answers import SimulatedAnswer, gateway_refusal, plain, refusal
from fusionsolar_exporter.simulator.interfaces import LIMITS, Holdings, Interface
from fusionsolar_exporter.simulator.refusals import FailCode

_DAY = 86400.0


class OverLimit(StrEnum):
    """What a call above the limit gets."""

    TOO_FREQUENT = "407"
    """failCode 407 over HTTP 200."""
    DAY_USED_UP = "20618"
    """failCode 20618 over HTTP 200."""
    TOO_MANY_REQUESTS = "429"
    """HTTP 429 with a line of text."""
    GATEWAY = "403"
    """HTTP 403 with the gateway's own envelope."""


_FAIL_CODES = {OverLimit.TOO_FREQUENT: FailCode.TOO_FREQUENT, OverLimit.DAY_USED_UP: FailCode.DAY_USED_UP}


@dataclass(frozen=True, slots=True)
class TimeOfForce:
    """When a limit holds: seconds since the first call, and seconds of the day (UTC, past midnight where it wraps)."""

    after: float = 0.0
    until: float | None = None
    day_from: float = 0.0
    day_to: float = _DAY

    def holds(self, at: float, first: float) -> bool:
        """Return whether it holds at a moment, when the first call came at ``first``; both are Unix seconds."""
        if not self.after <= at - first or (self.until is not None and at - first >= self.until):
            return False
        time_of_day = at % _DAY
        if self.day_from <= self.day_to:
            return self.day_from <= time_of_day < self.day_to
        return time_of_day >= self.day_from or time_of_day < self.day_to


ALWAYS = TimeOfForce()


@dataclass(frozen=True, slots=True)
class LimitInForce:
    """Numbers for a fleet as it is now; durations are seconds as documented, before any scale."""

    window: float
    calls: int
    gap: float
    every: float | None
    """A bucket that gets a call each so many seconds; None where ``calls`` in any ``window`` count."""

    @property
    def rate(self) -> float:
        """Return the calls a second that it allows in the long run."""
        steady = self.calls / self.window if self.every is None else 1 / self.every
        return min(steady, 1 / self.gap) if self.gap else steady


@dataclass(frozen=True, slots=True)
class LimitShape:
    """One limit over the calls of all its interfaces together. None leaves what the reference says."""

    interfaces: tuple[Interface, ...]
    window: float | None = None
    calls: int | None = None
    share: float = 1.0
    """Of the documented calls, where ``calls`` says nothing; never less than one call."""
    gap: float | None = None
    """Least seconds between two calls."""
    every: float | None = None
    even: bool = False
    """A bucket that gets its ``calls`` spread evenly over the ``window``."""
    savings: int = 1
    """Calls that a full bucket holds."""
    refused_count: bool = True
    """Whether a refused call counts like any other, and so prolongs the block; it empties a bucket."""
    over_limit: OverLimit = OverLimit.TOO_FREQUENT
    retry_after: float | None = None
    """Seconds that the header Retry-After tells, where there is one."""
    force: TimeOfForce = ALWAYS
    others: float = 0.0
    """Share of the limit that another program spends."""

    def now(self, holdings: Holdings) -> LimitInForce:
        """Return its numbers for a fleet."""
        documented = [LIMITS[interface] for interface in self.interfaces]
        window = documented[0].window if self.window is None else self.window
        calls = self.calls
        if calls is None:
            by_reference = (
                documented[0].calls(holdings)
                if len(documented) == 1
                else sum(limit.calls(holdings) * window / limit.window for limit in documented)
            )
            calls = max(int(by_reference * self.share + 1e-9), min(int(by_reference + 1e-9), 1))
        gap = self.gap
        if gap is None:
            gap = documented[0].spacing if len(documented) == 1 else 0.0
        every = self.every
        if self.even:
            every = window / calls if calls else None
        return LimitInForce(window, calls, gap, every)

    def refuse(self, interface: Interface, params: Mapping[str, object], *, quirks: bool) -> SimulatedAnswer:
        """Return the answer to a call above the limit."""
        if self.over_limit in _FAIL_CODES:
            return refusal(_FAIL_CODES[self.over_limit], params, quirks=quirks)
        headers = {} if self.retry_after is None else {"Retry-After": f"{max(round(self.retry_after), 1)}"}
        if self.over_limit is OverLimit.GATEWAY:
            return gateway_refusal(interface, headers)
        return plain(429, "Too Many Requests", headers)


@dataclass(frozen=True, slots=True)
class LimitShapes:
    """All that differ from the reference: the last one in force for an interface counts, and each over several."""

    single: Mapping[Interface, Sequence[LimitShape]]
    shared: Sequence[LimitShape] = ()

    @classmethod
    def of(cls, shapes: Sequence[LimitShape]) -> "LimitShapes":
        """Sort shapes by what they are about."""
        single: dict[Interface, list[LimitShape]] = {}
        for shape in shapes:
            if len(shape.interfaces) == 1:
                single.setdefault(shape.interfaces[0], []).append(shape)
        return cls(single, [shape for shape in shapes if len(shape.interfaces) > 1])

    def in_force(self, interface: Interface, at: float, first: float) -> Sequence[LimitShape]:
        """Return what a call of an interface has to keep to at a moment."""
        own = [shape for shape in self.single.get(interface, ()) if shape.force.holds(at, first)]
        over_several = [
            shape for shape in self.shared if interface in shape.interfaces and shape.force.holds(at, first)
        ]
        return [own[-1] if own else _DOCUMENTED[interface], *over_several]


_DOCUMENTED: Mapping[Interface, LimitShape] = {interface: LimitShape((interface,)) for interface in Interface}
DOCUMENTED = LimitShapes({})
"""What the reference says, and nothing else."""
