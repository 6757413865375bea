"""The learnt paces of an account: beside the ledger, how fast the far side really lets each interface be asked."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fusionsolar_exporter.config import InterfaceLimits
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.learnt import LearntPace
from fusionsolar_exporter.pacing.limits import Limit
from fusionsolar_exporter.pacing.pace_groups import PaceGroups
from fusionsolar_exporter.refresh.context import AccountContext

_WITHOUT = frozenset({Interface.LOGIN, Interface.LOGOUT, Interface.TOKEN})  # the session has rules of its own for these

Configured = tuple[int | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class KeptInterfacePace:
    """What was learnt of one interface, under the limits that the configuration had."""

    configured: Configured
    learnt: LearntPace
    members: tuple[Interface, ...]
    """The interfaces that share the far side's limit, this one among them."""


class Paces:
    """The paces of an account's interfaces. Moments are in the pacing clock's seconds, those of calls are their starts.

    ``last`` gives the moment from which on the newest call of an interface counts.
    """

    def __init__(
        self, context: AccountContext, limit: Callable[[Interface], Limit], last: Callable[[Interface], float]
    ) -> None:
        self._context = context
        self._limit = limit
        self._groups = PaceGroups((each for each in Interface if each not in _WITHOUT), limit, last)
        self._refused_at: dict[Interface, float] = {}
        self._configured = self._as_configured()

    def earliest(self, interface: Interface) -> float:
        """The first moment at which the far side should answer another call."""
        return self._groups.earliest(interface) if self._learns(interface) else -math.inf

    def seconds(self, interface: Interface) -> float:
        """Seconds between two calls; 0 where nothing is learnt."""
        return self._groups.seconds(interface) if self._learns(interface) else 0.0

    def wanted(self, interface: Interface) -> float:
        """Seconds between two calls that intervals are planned for; 0 where nothing is learnt."""
        return self._groups.wanted(interface) if self._learns(interface) else 0.0

    def ratio(self, interface: Interface) -> float:
        """How many times slower than its limits in force the interface is asked; 1 where nothing is learnt."""
        return self._groups.ratio(interface) if self._learns(interface) else 1.0

    def learnt_at(self, interface: Interface) -> float | None:
        """When the present pace was learnt; None where nothing is."""
        learnt = self._groups.learnt(interface) if self._learns(interface) else None
        return None if learnt is None else learnt.learnt_at

    def called(self, interface: Interface, moment: float) -> None:
        """A call is sent."""
        if interface in self._groups.interfaces:
            self._groups.called(interface, moment)

    def unsent(self, interface: Interface) -> None:
        """The newest call was not sent, or the far side did not count it."""
        if interface in self._groups.interfaces:
            self._groups.unsent(interface)

    def answered(self, interface: Interface, moment: float) -> None:
        """The call that was sent then was let through, whatever its answer."""
        if self._learns(interface):
            before = self._groups.learnt(interface)
            self._groups.answered(interface, moment)
            self._tell(interface, before)

    def refused(self, interface: Interface, moment: float) -> bool:
        """The call that was sent then came too early; whether that is a surprise, so that lists may be wrong."""
        if not self._learns(interface):
            return False
        before = self._groups.learnt(interface)
        self._groups.refused(interface, moment)
        self._refused_at[interface] = moment
        self._tell(interface, before)
        return before is None

    def lists_changed(self, within: Callable[[Interface, Limit, float], tuple[float, ...]]) -> None:
        """The fleet is another: refusals that its quotas explain teach nothing. ``within`` is the ledger's."""
        for interface, moment in self._refused_at.items():
            limit = self._limit(interface)
            calls = within(interface, limit, moment)
            if sum(call <= moment for call in calls) > limit.calls:
                self._groups.excuse(interface)

    def settings_changed(self) -> None:
        """What was learnt under other limits goes."""
        before, self._configured = self._configured, self._as_configured()
        for interface in self._groups.interfaces:
            if before[interface] != self._configured[interface]:
                self._groups.forget(interface)

    def kept(self) -> Mapping[Interface, KeptInterfacePace]:
        """What state keeps."""
        return {
            interface: KeptInterfacePace(self._configured[interface], learnt, tuple(self._groups.members(interface)))
            for interface in self._groups.interfaces
            if (learnt := self._groups.learnt(interface)) is not None
        }

    def restore(self, kept: Mapping[Interface, KeptInterfacePace]) -> None:
        """Take over what was kept."""
        as_before = {
            interface: known for interface, known in kept.items() if known.configured == self._configured.get(interface)
        }
        whole = {
            known.members: known.learnt
            for known in as_before.values()
            if all(member in as_before and as_before[member].members == known.members for member in known.members)
        }
        self._groups.restore(whole)

    def _learns(self, interface: Interface) -> bool:
        return self._context.settings.rates.learn and interface in self._groups.interfaces

    def _as_configured(self) -> Mapping[Interface, Configured]:
        given = self._context.settings.rates.interfaces
        of = {interface: given.get(interface, InterfaceLimits()) for interface in self._groups.interfaces}
        return {interface: (each.calls, each.window, each.spacing) for interface, each in of.items()}

    def _tell(self, interface: Interface, before: LearntPace | None) -> None:
        """One line when the pace is another."""
        now = self._groups.learnt(interface)
        if now is None or (before is not None and before.pace == now.pace):
            return
        limit = self._limit(interface)
        self._context.log.info(
            "pace learnt",
            account=self._context.settings.name,
            interface=interface,
            seconds_between_calls=round(self.seconds(interface), 1),
            ratio=round(self.ratio(interface), 2),
            state="trying" if now.trying else "settled" if now.answered else "refused",
            shared_with="+".join(member for member in self._groups.members(interface) if member is not interface),
            quota_calls=limit.calls,
            quota_window_seconds=limit.window,
        )
