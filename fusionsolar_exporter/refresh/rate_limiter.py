"""When each interface may be asked: by ledger and limits in force, learnt paces, and holds after failures."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil, inf

from fusionsolar_exporter.config import RateLimits
from fusionsolar_exporter.northbound.interfaces import DATA_INTERFACES, DAY, Fleet, Interface
from fusionsolar_exporter.pacing.daily_budget import DailyBudget, DailyCalls
from fusionsolar_exporter.pacing.holds import Hold
from fusionsolar_exporter.pacing.ledger import Ledger
from fusionsolar_exporter.pacing.limits import Limit, limit_of
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.paces import Paces

_KEPT_FROM_RETRIES = 8  # retries leave an eighth of a day's calls for restarts and for what is new


class RateLimiter:
    """Moments are in the pacing clock's seconds."""

    def __init__(self, context: AccountContext, inventory: Inventory) -> None:
        self._context = context
        self._inventory = inventory
        self.ledger = Ledger()
        self.daily = DailyCalls()
        """Of all data interfaces together, where the account has a budget."""
        self.holds = {interface: Hold() for interface in Interface}
        self.paces = Paces(context, self.limit, lambda each: self.ledger.last(each, self.limit(each)))
        self._limits: dict[Interface, Limit] = {}
        self._derived_from: tuple[RateLimits, Fleet] | None = None

    def limit(self, interface: Interface) -> Limit:
        """The limit in force for the fleet as last listed."""
        rates, fleet = self._context.settings.rates, self._inventory.fleet
        # asked for many times a step: worked out anew only where a reload or a list has put another object there
        if self._derived_from is None or self._derived_from[0] is not rates or self._derived_from[1] is not fleet:
            self._limits.clear()
            self._derived_from = rates, fleet
        if interface not in self._limits:
            self._limits[interface] = limit_of(interface, fleet, rates)
        return self._limits[interface]

    @property
    def budget(self) -> DailyBudget | None:
        """The calls of a day, where the account has such a limit: as configured, or as the far side was found to be."""
        configured, context = self.configured_budget, self._context
        if configured is None or not context.settings.rates.learn:
            return configured
        return self.daily.in_force(configured, context.clock.now())

    @property
    def configured_budget(self) -> DailyBudget | None:
        """The same without what was learnt."""
        oauth, margin = self._context.settings.account.oauth, self._context.settings.rates.margin
        return None if oauth is None else DailyBudget(oauth.daily_calls, oauth.daily_window + margin)

    def day_used_up(self, moment: float) -> None:
        """The far side says that there is no call left for the day."""
        configured, context = self.configured_budget, self._context
        if configured is not None and context.settings.rates.learn and self.daily.refused(moment, configured):
            context.log.warning(
                "the far side allows fewer calls a day than oauth.daily_calls: intervals are stretched accordingly",
                account=context.settings.name,
                daily_calls=configured.calls,
                allowed_calls=self.daily.in_force(configured, moment).calls,
            )

    def start(self, interface: Interface, moment: float, *, early: bool = False) -> None:
        """Write a call down, before it is sent. ``early`` marks a list made due before its time."""
        self.ledger.start(interface, moment, self.limit(interface), early=early)
        if self.budget is not None and interface in DATA_INTERFACES:
            self.daily.start(moment, self.budget)

    def presume(self, interface: Interface, moment: float) -> None:
        """The interface may just have been asked, for all that is known."""
        self.ledger.presume(interface, moment, self.limit(interface))

    def sent(self, interface: Interface, moment: float) -> None:
        """The newest call is sent now: writing it down may have taken a while."""
        self.ledger.sent(interface, moment)
        if interface in DATA_INTERFACES:
            self.daily.later(moment)

    def unsent(self, interface: Interface) -> None:
        """The newest call was written down, and then not sent."""
        self.ledger.unsent(interface)
        if self.budget is not None and interface in DATA_INTERFACES:
            self.daily.unsent()

    def end(self, interface: Interface, moment: float) -> None:
        """Correct the newest call for a request that took longer than the margin."""
        self.ledger.end(interface, moment)
        if interface in DATA_INTERFACES:
            self.daily.later(moment)  # its share of a day is worth no finer reckoning

    def sharing_a_day(self, interface: Interface) -> Sequence[Interface]:
        """The interfaces that have no call left for the day when one of them has none."""
        return sorted(DATA_INTERFACES) if self.budget is not None else (interface,)

    def earliest(self, interface: Interface, *, retry: bool = False) -> float:
        """The first moment at which the interface may be asked; a retry leaves the last of a day's calls to others."""
        limit = self.limit(interface)
        if retry and limit.window >= DAY and limit.calls > 0:
            limit = replace(limit, calls=max(1, limit.calls - ceil(limit.calls / _KEPT_FROM_RETRIES)))
        budget = self.budget if interface in DATA_INTERFACES else None
        free = -inf if budget is None else self.daily.earliest(budget)
        allowed = max(self.ledger.earliest(interface, limit), free)
        return max(allowed, self.holds[interface].until, self.paces.earliest(interface))

    def forgive(self) -> None:
        """End the holds for want of a permission."""
        for hold in self.holds.values():
            hold.forgive()

    @property
    def next_gap(self) -> float:
        """The first moment at which the account may send another request, whatever its interface."""
        return self.ledger.last_start + self._context.settings.rates.min_gap

    def reserve(self, interface: Interface, now: float) -> float:
        """How many lists may still be made due early in the window that ends now: half of the quota is for that."""
        limit = self.limit(interface)
        return limit.calls / 2 - self.ledger.early_within(interface, limit.window, now)
