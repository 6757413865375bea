"""The limits in force: what the reference documents, what the configuration overrides, and the margin on top."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fusionsolar_exporter.northbound.interfaces import INTERFACES, Fleet, Interface


@dataclass(frozen=True, slots=True)
class Limit:
    """A quota over a sliding window, and the least distance of two starts; margin included."""

    calls: int
    window: float
    """Seconds."""
    spacing: float
    """Seconds; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class Override:
    """Replaces what is given of a documented limit; None leaves it."""

    calls: int | None = None
    window: float | None = None
    spacing: float | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """All limits of an account. ``margin`` seconds are added to every window and to every spacing that there is."""

    margin: float = 3.0
    min_gap: float = 1.0
    """Least seconds between the starts of two requests of the account, whatever their interfaces."""
    overrides: Mapping[Interface, Override] = field(default_factory=dict)

    def of(self, interface: Interface, fleet: Fleet) -> Limit:
        """The limit of an interface for a fleet as the far side counts it."""
        facts = INTERFACES[interface]
        override = self.overrides.get(interface, Override())
        window = facts.window if override.window is None else override.window
        spacing = facts.spacing if override.spacing is None else override.spacing
        calls = facts.calls(fleet) if override.calls is None else override.calls
        return Limit(calls, window + self.margin, spacing + self.margin if spacing > 0 else 0.0)
