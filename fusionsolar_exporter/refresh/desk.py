"""What the collectors of one account share: clock, lists, cache, ledger, limits in force, settings, and the log."""

from dataclasses import dataclass, field
from typing import Protocol

from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.pacing.holds import Hold
from fusionsolar_exporter.pacing.ledger import Ledger
from fusionsolar_exporter.pacing.limits import Limit
from fusionsolar_exporter.refresh.roster import Roster
from fusionsolar_exporter.refresh.settings import AccountSettings


class Log(Protocol):
    """Where events go: a message and its fields."""

    def debug(self, msg: str, /, **fields: object) -> None: ...  # noqa: D102 - the level says it

    def info(self, msg: str, /, **fields: object) -> None: ...  # noqa: D102

    def warning(self, msg: str, /, **fields: object) -> None: ...  # noqa: D102

    def error(self, msg: str, /, **fields: object) -> None: ...  # noqa: D102


@dataclass(slots=True)
class Desk:
    """One account's working place; only its own thread writes to it."""

    clock: Clock
    settings: AccountSettings
    cache: Cache
    roster: Roster
    log: Log
    ledger: Ledger = field(default_factory=Ledger)
    holds: dict[Interface, Hold] = field(default_factory=lambda: {interface: Hold() for interface in Interface})
    clock_offset: float | None = None
    """The far side's clock less ours in seconds, where an answer has told it."""
    _limits: dict[Interface, Limit] = field(default_factory=dict)

    def far_now(self) -> float:
        """Unix time by which alarms are dated: the far side's, where its clock is ahead of ours."""
        return self.clock.wall(self.clock.now()) + max(self.clock_offset or 0.0, 0.0)

    def limit(self, interface: Interface) -> Limit:
        """The limit in force for the fleet as last listed."""
        if interface not in self._limits:
            self._limits[interface] = self.settings.limits.of(interface, self.roster.fleet)
        return self._limits[interface]

    def lists_changed(self) -> None:
        """The lists or the settings are new: limits and the cache follow."""
        self._limits.clear()
        self.cache.know(self.roster.plants, self.roster.devices)

    def gate(self, interface: Interface) -> float:
        """The first moment at which the interface may be asked."""
        return max(self.holds[interface].until, self.ledger.earliest(interface, self.limit(interface)))

    def reserve(self, interface: Interface, now: float) -> float:
        """How many lists may still be made due early in the window that ends now: half of the quota is for that."""
        limit = self.limit(interface)
        return limit.calls / 2 - self.ledger.early_within(interface, limit.window, now)
