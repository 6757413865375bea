"""The learnt paces of an account's interfaces: each has one of its own, until refusals tell that some share a limit.

A limit over several interfaces refuses calls of one for those of another: by the calls of each alone its answers and
refusals contradict each other, by the calls of all together they do not. Then these have one pace together.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.learnt import LearntPace, documented_pace, slowest_pace
from fusionsolar_exporter.pacing.limits import Limit
from fusionsolar_exporter.pacing.pace import Pace
from fusionsolar_exporter.pacing.pace_evidence import Explanation, PaceEvidence

_PLAINLY = 2  # so many calls more have to be explained
_CLOSED = 5  # refusals in a row of one of a group
_HARDLY = 5  # times as slow as documented
_APART = range(2, 6)  # refusals in a row after which an interface keeps away from the calls of others
_OVERBOOKED = 0.8
_AFTER_YOU = 3.0  # seconds; whose turn it is may have nothing to ask


@dataclass(frozen=True, slots=True)
class _Group:
    members: tuple[Interface, ...]
    pace: Pace
    since: float = -math.inf


class PaceGroups:
    """Moments are in the pacing clock's seconds, those of calls are their starts.

    ``limit`` is the limit in force of an interface, ``last`` the moment from which on its newest call counts.
    """

    def __init__(
        self,
        interfaces: Iterable[Interface],
        limit: Callable[[Interface], Limit],
        last: Callable[[Interface], float],
    ) -> None:
        self._limit, self._last = limit, last
        self._groups = {interface: _Group((interface,), Pace()) for interface in interfaces}
        self._evidence = PaceEvidence()

    @property
    def interfaces(self) -> Collection[Interface]:
        """Those that have a pace."""
        return self._groups.keys()

    def members(self, interface: Interface) -> Sequence[Interface]:
        """The interfaces that share its limit, itself among them."""
        return self._groups[interface].members

    def learnt(self, interface: Interface) -> LearntPace | None:
        """What is learnt, if anything."""
        return self._groups[interface].pace.learnt

    def earliest(self, interface: Interface) -> float:
        """The first moment at which the far side should answer another call."""
        group = self._groups[interface]
        own = self._last(interface)
        last = max(map(self._last, group.members))
        earliest = group.pace.earliest(last, self._limit_of(group))
        if len(group.members) > 1:
            earliest += self._turn(group, interface)
        elif group.pace.refusals in _APART:
            # should the calls of others be what refuses this one, it is answered in the middle of their pause
            earliest = max(earliest, self._evidence.quiet(interface))
        return min(earliest, own + slowest_pace(self._limit(interface)))

    def seconds(self, interface: Interface) -> float:
        """Seconds between two calls; 0 where nothing is learnt."""
        group = self._groups[interface]
        if group.pace.learnt is None:
            return 0.0
        limit = self._limit(interface)
        return min(self.ratio(interface) * documented_pace(limit), slowest_pace(limit))

    def wanted(self, interface: Interface) -> float:
        """Seconds between two calls that are planned for, so that whenever one of a group may be sent, one is due."""
        seconds = self.seconds(interface)
        return seconds * _OVERBOOKED if len(self.members(interface)) > 1 else seconds

    def ratio(self, interface: Interface) -> float:
        """How many times slower than its limit the interface is asked: all of a group alike."""
        group = self._groups[interface]
        return group.pace.ratio(self._limit_of(group))

    def called(self, interface: Interface, moment: float) -> None:
        """A call is sent."""
        self._groups[interface].pace.called(moment)
        self._evidence.called(interface, moment)

    def unsent(self, interface: Interface) -> None:
        """The newest call was not sent, or the far side did not count it."""
        self._groups[interface].pace.unsent()
        self._evidence.unsent(interface)

    def answered(self, interface: Interface, moment: float) -> None:
        """The call that was sent then is answered."""
        self._evidence.ended(interface, answered=True)
        group = self._groups[interface]
        limit = self._limit_of(group)
        group.pace.answered(moment, limit)
        learnt = group.pace.learnt
        if len(group.members) > 1 and learnt is not None and learnt.rests_at(documented_pace(limit)):
            self._part(group)

    def refused(self, interface: Interface, moment: float) -> None:
        """The call that was sent then is refused because it came too early."""
        self._evidence.ended(interface, answered=False)
        group = self._groups[interface]
        group.pace.refused(moment, self._limit_of(group))
        if len(group.members) > 1 and self._to_part(group, interface):
            self._part(group)
        else:
            self._look_for_others(group, moment)

    def excuse(self, interface: Interface) -> None:
        """The newest refusal has another reason than the pace."""
        self._groups[interface].pace.excuse()

    def forget(self, interface: Interface) -> None:
        """Its limits are others now: what was learnt of the old ones goes."""
        group = self._groups[interface]
        group.pace.forget()
        if len(group.members) > 1:
            self._part(group)

    def restore(self, kept: Mapping[tuple[Interface, ...], LearntPace]) -> None:
        """Take over what was kept of each group."""
        for interface in self._groups:
            self._groups[interface] = _Group((interface,), Pace())
        for members, learnt in kept.items():
            group = _Group(members, Pace())
            group.pace.restore(learnt)
            self._groups.update(dict.fromkeys(members, group))

    def _limit_of(self, group: _Group) -> Limit:
        """All their documented calls, in the shortest of their windows."""
        limits = [self._limit(interface) for interface in group.members]
        if len(limits) == 1:
            return limits[0]
        rate = sum(1 / documented_pace(limit) for limit in limits)
        shortest = min(limits, key=lambda limit: limit.window)
        calls = max(round(rate * shortest.window), 1)
        return Limit(calls, calls / rate, 0.0, shortest.margin)

    def _turn(self, group: _Group, interface: Interface) -> float:
        """Seconds for which it lets the one of its group go first that has waited longest, by its share."""
        until = {member: self._last(member) + self.seconds(member) for member in group.members}
        mine = until[interface] <= min(until.values())
        return 0.0 if mine else min(_AFTER_YOU, group.pace.seconds(self._limit_of(group)) / 2)

    def _part(self, group: _Group) -> None:
        for interface in group.members:
            self._groups[interface] = _Group((interface,), Pace())

    def _to_part(self, group: _Group, refused: Interface) -> bool:
        """Whether one limit over all explains less than one of each, or one of them is refused whatever the pace."""
        apart = sum(self._explain([interface]).wrong for interface in group.members)
        refusals = self._evidence.refusals(refused, group.since)
        return refusals >= _CLOSED or apart + _PLAINLY <= self._explain(group.members).wrong

    def _look_for_others(self, group: _Group, moment: float) -> None:
        """Whether one limit over more interfaces explains more."""
        asked = self._evidence.asked()
        others = {
            each.members: each for interface, each in self._groups.items() if interface in asked and each is not group
        }
        wrong = {members: self._unexplained(members) for members in (group.members, *others)}
        best: tuple[int, tuple[Interface, ...], Explanation] | None = None
        for size in (1, 2):
            for chosen in combinations(others, size):
                parts = (group.members, *chosen)
                apart = sum(wrong[part] for part in parts)
                if apart < _PLAINLY or (best is not None and apart <= best[0]):
                    continue
                members = tuple(sorted(interface for part in parts for interface in part))
                together = self._explain(members)
                gain = apart - together.wrong
                if gain >= _PLAINLY and (best is None or gain > best[0]):
                    best = gain, members, together
        if best is not None:
            _, members, together = best
            self._join(members, together, moment)

    def _unexplained(self, members: Sequence[Interface]) -> int:
        """Answers and refusals that a limit over these alone does not explain, or hardly: nothing is so slow."""
        found = self._explain(members)
        hardly = found.refused > _HARDLY * min(documented_pace(self._limit(member)) for member in members)
        return found.wrong + (found.closed if hardly else 0)

    def _explain(self, members: Collection[Interface]) -> Explanation:
        window = min(self._limit(interface).window for interface in members)
        rate = sum(1 / documented_pace(self._limit(interface)) for interface in members)
        return self._evidence.explain(members, max(math.ceil(rate * window), 1))

    def _join(self, members: tuple[Interface, ...], why: Explanation, moment: float) -> None:
        group = _Group(members, Pace(), moment)
        group.pace.begin(why, moment, self._limit_of(group))
        self._groups.update(dict.fromkeys(members, group))
