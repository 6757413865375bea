"""An account in simulated time: the real ledger, holds, cadence and learner, against limits of any shape."""

import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from benchmarks.pace.shapes import All, Gap, Shape, Window
from fusionsolar_exporter.config import RateLimits
from fusionsolar_exporter.northbound.interfaces import INTERFACES, Fleet, Interface
from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.pacing.holds import Hold
from fusionsolar_exporter.pacing.ledger import Ledger
from fusionsolar_exporter.pacing.limits import limit_of
from fusionsolar_exporter.pacing.pace_groups import PaceGroups

TYPES = (38, 39, 47, 62)  # a household's inverter, battery, meter and dongle
MIN_GAP = 1.0
LATENCY = 0.4
START = 1_000_000.0

PLANTS, DEVICES, ALARMS = Interface.GET_STATION_REAL_KPI, Interface.GET_DEV_REAL_KPI, Interface.GET_ALARM_LIST
PLANT_LIST, DEVICE_LIST = Interface.STATIONS, Interface.GET_DEV_LIST
RANKS = {PLANTS: 1, DEVICES: 2, PLANT_LIST: 3, DEVICE_LIST: 3, ALARMS: 4}


def fleet_of(plants: int) -> Fleet:
    return Fleet(plants, dict.fromkeys(TYPES, plants))


def documented(interface: Interface, plants: int) -> Shape:
    """What the far side should allow."""
    facts = INTERFACES[interface]
    window = Window(facts.calls(fleet_of(plants)), facts.window)
    return All(window, Gap(facts.spacing)) if facts.spacing else window


@dataclass(slots=True)
class Asked:
    """What became of the calls of one interface: their moments, in seconds since the start."""

    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Figures:
    """How it went between two moments."""

    answered: int
    refused: int
    used: float
    """Answers, of those that the far side allows and the plan wants."""

    @property
    def refused_share(self) -> float:
        return self.refused / max(self.answered + self.refused, 1)


class Asking:
    """One interface of the account: its batches, the one that waited longest first."""

    def __init__(
        self, interface: Interface, plants: int, shape: Shape, paces: PaceGroups, *, learn: bool = True
    ) -> None:
        self.interface, self.shape, self.paces, self.learn = interface, shape, paces, learn
        self.limit = limit_of(interface, fleet_of(plants), RateLimits())
        per_plant = ceil(plants / 100)
        self.needed = per_plant * (3 if interface is DEVICES else 1)
        self.hold, self.asked = Hold(), Asked()
        self._starts = deque([-1e9] * self.needed)
        self.stretch = 1.0
        self._device_window = limit_of(DEVICES, fleet_of(plants), RateLimits()).window

    @property
    def planned(self) -> float:
        """Seconds between two calls for one batch, as documented limits have it."""
        if self.interface in {PLANTS, DEVICES}:
            return cadence.real_time_interval(self.limit, self.needed)
        if self.interface is ALARMS:
            return cadence.alarm_interval(self.limit, self.needed, self._device_window)
        return cadence.list_interval(self.limit, self.needed)

    @property
    def unstretched(self) -> float:
        return max(self.planned, self.needed * self.paces.wanted(self.interface)) if self.learn else self.planned

    @property
    def urgency(self) -> tuple[int, float]:
        rank = RANKS[self.interface]
        return rank if self.stretch == 1 else min(rank, RANKS[DEVICES]), self._starts[0] + self.interval

    @property
    def interval(self) -> float:
        return self.unstretched * self.stretch

    def ages(self, since: float) -> float:
        """The longest that a batch waited for its next answer, in seconds, after so many hours."""
        moments = [at for at in self.asked.answered if at >= since * 3600]
        return max(after - before for before, after in zip(moments, moments[self.needed :], strict=False))

    def figures(self, hours: tuple[float, float]) -> Figures:
        start, end = (hour * 3600 for hour in hours)
        minutes = range(int(start // 60), int(end // 60))
        allowed = sum(min(self.shape.rate(60.0 * minute), self.needed / self.planned) for minute in minutes) * 60.0
        answered, refused = (
            sum(start <= at < end for at in moments) for moments in (self.asked.answered, self.asked.refused)
        )
        return Figures(answered, refused, answered / allowed)

    def ready(self, ledger: Ledger) -> float:
        earliest = ledger.earliest(self.interface, self.limit)
        if self.learn:
            earliest = max(earliest, self.paces.earliest(self.interface))
        return max(self._starts[0] + self.interval, earliest, self.hold.until)

    def ask(self, now: float, ledger: Ledger, jitter: float) -> None:
        ledger.start(self.interface, now, self.limit)
        self.paces.called(self.interface, now)
        served = self.shape.admit(now + LATENCY / 2 + jitter - START)
        ended = now + LATENCY
        ledger.end(self.interface, ended)
        if served:
            self.asked.answered.append(now - START)
            self._starts.rotate(-1)
            self._starts[-1] = now
            self.hold.answered()
            self.paces.answered(self.interface, now)
        else:  # the batch keeps its place
            self.asked.refused.append(now - START)
            self.hold.rate_limited(ended, self.limit.window, "407")
            self.paces.refused(self.interface, now)


def together(
    plants: int, members: Sequence[Interface], make: Callable[[int, float], Shape], hours: tuple[float, float]
) -> tuple[Figures, Mapping[Interface, Figures]]:
    """One more limit over several interfaces: how it went for all of them, and for each."""
    rows = [INTERFACES[member] for member in members]
    window = min(row.window for row in rows)
    shared = make(max(int(sum(row.calls(fleet_of(plants)) * window / row.window for row in rows)), 1), window)
    account = run(plants, {member: All(documented(member, plants), shared) for member in members}, hours[1], alone=True)
    each = {member: account[member].figures(hours) for member in members}
    wanted = sum(asking.needed / asking.planned for asking in account.values())
    answered, refused = (sum(getattr(one, name) for one in each.values()) for name in ("answered", "refused"))
    seconds = (hours[1] - hours[0]) * 3600
    return Figures(answered, refused, answered / (min(shared.rate(0.0), wanted) * seconds)), each


def run(
    plants: int, shapes: Mapping[Interface, Shape], hours: float, *, alone: bool = False, learn: bool = True
) -> Mapping[Interface, Asking]:
    """Refresh for so many hours. Interfaces that are not named are as documented, or not asked where ``alone``."""
    chance = random.Random(1)
    ledger = Ledger()
    limits = {interface: limit_of(interface, fleet_of(plants), RateLimits()) for interface in RANKS}
    paces = PaceGroups(RANKS, limits.__getitem__, lambda each: ledger.last(each, limits[each]))
    account = {
        interface: Asking(interface, plants, shapes.get(interface) or documented(interface, plants), paces, learn=learn)
        for interface in RANKS
        if interface in shapes or not alone
    }
    now, end = START, START + hours * 3600
    while now < end:
        ready = {interface: asking.ready(ledger) for interface, asking in account.items()}
        allowed = [interface for interface, at in ready.items() if at <= now]
        if not allowed:
            now = max(min(ready.values()), ledger.last_start + MIN_GAP)
            continue
        account[min(allowed, key=lambda each: account[each].urgency)].ask(now, ledger, chance.uniform(0, 0.3))
        factors = cadence.stretches([each.needed / each.unstretched * MIN_GAP for each in account.values()])
        for asking, factor in zip(account.values(), factors, strict=True):
            asking.stretch = factor
        now += max(MIN_GAP, LATENCY)
    return account
