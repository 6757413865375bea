"""The limits in force: what the reference documents, what the configuration overrides, and the margin on top."""

from dataclasses import dataclass

from fusionsolar_exporter.config import InterfaceLimits, RateLimits
from fusionsolar_exporter.northbound.interfaces import INTERFACES, Fleet, Interface


@dataclass(frozen=True, slots=True)
class Limit:
    """A quota over a sliding window, and the least distance of two starts; margin included."""

    calls: int
    window: float
    """Seconds."""
    spacing: float
    """Seconds; 0 where there is none."""
    margin: float = 0.0
    """Seconds of both that the far side does not ask for."""


def limit_of(interface: Interface, fleet: Fleet, rates: RateLimits) -> Limit:
    """The limit of an interface for a fleet as the far side counts it; the margin is added to window and spacing."""
    facts = INTERFACES[interface]
    given = rates.interfaces.get(interface, InterfaceLimits())
    window = facts.window if given.window is None else given.window
    spacing = facts.spacing if given.spacing is None else given.spacing
    calls = facts.calls(fleet) if given.calls is None else given.calls
    return Limit(calls, window + rates.margin, spacing + rates.margin if spacing > 0 else 0.0, rates.margin)
