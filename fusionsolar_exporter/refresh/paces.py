"""The learnt paces of an account: beside the ledger, how fast the far side really lets each interface be asked."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fusionsolar_exporter.config import InterfaceLimits
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.learnt import LearntPace
from fusionsolar_exporter.pacing.limits import Limit
from fusionsolar_exporter.pacing.pace import Pace
from fusionsolar_exporter.refresh.context import AccountContext

_WITHOUT = frozenset({Interface.LOGIN, Interface.LOGOUT, Interface.TOKEN})  # the session has rules of its own for these

Configured = tuple[int | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class KeptInterfacePace:
    """What was learnt of one interface, under the limits that the configuration had."""

    configured: Configured
    learnt: LearntPace


class Paces:
    """One :class:`Pace` an interface. Moments are in the pacing clock's seconds, those of calls are their starts."""

    def __init__(self, context: AccountContext, limit: Callable[[Interface], Limit]) -> None:
        self._context = context
        self._limit = limit
        self._paces = {interface: Pace() for interface in Interface if interface not in _WITHOUT}
        self._refused_at: dict[Interface, float] = {}
        self._configured = self._as_configured()

    def earliest(self, interface: Interface, last: float) -> float:
        """The first moment at which the far side should answer another call, when the ``last`` one started then."""
        pace = self._pace(interface)
        return -math.inf if pace is None else pace.earliest(last, self._limit(interface))

    def seconds(self, interface: Interface) -> float:
        """Seconds between two calls; 0 where nothing is learnt."""
        pace = self._pace(interface)
        return 0.0 if pace is None else pace.seconds(self._limit(interface))

    def ratio(self, interface: Interface) -> float:
        """How many times slower than its limits in force the interface is asked; 1 where nothing is learnt."""
        pace = self._pace(interface)
        return 1.0 if pace is None else pace.ratio(self._limit(interface))

    def learnt_at(self, interface: Interface) -> float | None:
        """When the present pace was learnt; None where nothing is."""
        pace = self._pace(interface)
        return None if pace is None or pace.learnt is None else pace.learnt.learnt_at

    def called(self, interface: Interface, moment: float) -> None:
        """A call is sent."""
        if interface in self._paces:
            self._paces[interface].called(moment)

    def unsent(self, interface: Interface) -> None:
        """The newest call was not sent, or the far side did not count it."""
        if interface in self._paces:
            self._paces[interface].unsent()

    def answered(self, interface: Interface, moment: float) -> None:
        """The call that was sent then was let through, whatever its answer."""
        pace = self._pace(interface)
        if pace is not None:
            before = pace.learnt
            pace.answered(moment, self._limit(interface))
            self._tell(interface, before)

    def refused(self, interface: Interface, moment: float) -> bool:
        """The call that was sent then came too early; whether that is a surprise, so that lists may be wrong."""
        pace = self._pace(interface)
        if pace is None:
            return False
        before = pace.learnt
        pace.refused(moment, self._limit(interface))
        self._refused_at[interface] = moment
        self._tell(interface, before)
        return before is None

    def lists_changed(self, within: Callable[[Interface, Limit, float], tuple[float, ...]]) -> None:
        """The fleet is another: refusals that its quotas explain teach nothing. ``within`` is the ledger's."""
        for interface, moment in self._refused_at.items():
            limit = self._limit(interface)
            calls = within(interface, limit, moment)
            if sum(call <= moment for call in calls) > limit.calls:
                self._paces[interface].excuse()

    def settings_changed(self) -> None:
        """What was learnt under other limits goes."""
        before, self._configured = self._configured, self._as_configured()
        for interface, pace in self._paces.items():
            if before[interface] != self._configured[interface]:
                pace.forget()

    def kept(self) -> Mapping[Interface, KeptInterfacePace]:
        """What state keeps."""
        return {
            interface: KeptInterfacePace(self._configured[interface], pace.learnt)
            for interface, pace in self._paces.items()
            if pace.learnt is not None
        }

    def restore(self, kept: Mapping[Interface, KeptInterfacePace]) -> None:
        """Take over what was kept."""
        for interface, pace in self._paces.items():
            known = kept.get(interface)
            same = known is not None and known.configured == self._configured[interface]
            pace.restore(known.learnt if known is not None and same else None)

    def _pace(self, interface: Interface) -> Pace | None:
        return self._paces.get(interface) if self._context.settings.rates.learn else None

    def _as_configured(self) -> Mapping[Interface, Configured]:
        given = self._context.settings.rates.interfaces
        of = {interface: given.get(interface, InterfaceLimits()) for interface in self._paces}
        return {interface: (each.calls, each.window, each.spacing) for interface, each in of.items()}

    def _tell(self, interface: Interface, before: LearntPace | None) -> None:
        """One line when the pace is another."""
        now = self._paces[interface].learnt
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
            quota_calls=limit.calls,
            quota_window_seconds=limit.window,
        )
