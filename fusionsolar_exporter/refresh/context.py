"""What the collectors of one account share: clock, lists, cache, ledger, limits in force, settings, and the log."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.event_log import Log
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.pacing.holds import Hold
from fusionsolar_exporter.pacing.ledger import Ledger
from fusionsolar_exporter.pacing.limits import Limit
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.persistence.journal import Journal
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.status import CollectorName


@dataclass(slots=True)
class AccountContext:
    """One account's working place; only its own thread writes to it."""

    clock: Clock
    settings: AccountSettings
    cache: Cache
    roster: Inventory
    log: Log
    journal: Journal
    ledger: Ledger = field(default_factory=Ledger)
    holds: dict[Interface, Hold] = field(default_factory=lambda: {interface: Hold() for interface in Interface})
    clock_offset: float | None = None
    """The far side's clock less ours in seconds, where an answer has told it."""
    _limits: dict[Interface, Limit] = field(default_factory=dict)
    _in_vain: dict[CollectorName, dict[str, float]] = field(default_factory=dict)

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

    def asked_in_vain(self, name: CollectorName, ids: Iterable[str], moment: float) -> None:
        """State says that these were asked then, and that the answer left them out."""
        self._in_vain.setdefault(name, {}).update((key, moment) for key in ids)

    def asked_at(self, name: CollectorName, fetched_at: Mapping[str, float]) -> Mapping[str, float]:
        """When each id was asked last, as far as state and cache know."""
        in_vain = {key: at for key, at in self._in_vain.get(name, {}).items() if at > fetched_at.get(key, at - 1)}
        return {**fetched_at, **in_vain}
