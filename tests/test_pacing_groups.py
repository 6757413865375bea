"""Interfaces that share a limit: found by what refusals contradict, paced together, each with its share."""

import math
from collections import deque
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.learning import HOURS, good
from benchmarks.pace.account import ALARMS, DEVICES, PLANTS, documented, run, together
from benchmarks.pace.bound import AtRandom
from benchmarks.pace.cases import SHARED, STEADY, facts
from benchmarks.pace.shapes import All, Bucket, Changing, Window
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.holds import Hold
from fusionsolar_exporter.pacing.ledger import Ledger
from fusionsolar_exporter.pacing.limits import Limit
from fusionsolar_exporter.pacing.pace_evidence import PaceEvidence
from fusionsolar_exporter.pacing.pace_groups import PaceGroups

T0 = 1_750_000_000.0
LIMITS = {PLANTS: Limit(1, 303.0, 63.0), DEVICES: Limit(3, 303.0, 0.0)}


def evidence_of(*calls: tuple[Interface, float, bool]) -> PaceEvidence:
    evidence = PaceEvidence()
    for interface, moment, answered in calls:
        evidence.called(interface, moment)
        evidence.ended(interface, answered=answered)
    return evidence


class Practice:
    """Both interfaces are asked as soon as they may, plant data first."""

    def __init__(self) -> None:
        self.ledger, self.now = Ledger(), T0
        self.holds = {interface: Hold() for interface in LIMITS}
        self.paces = PaceGroups(LIMITS, LIMITS.__getitem__, lambda each: self.ledger.last(each, LIMITS[each]))

    def earliest(self, interface: Interface) -> float:
        allowed = self.ledger.earliest(interface, LIMITS[interface])
        return max(allowed, self.holds[interface].until, self.paces.earliest(interface))

    def ask(self, interface: Interface, *, answered: bool) -> None:
        self.now = max(self.now + 1, self.earliest(interface))
        self.ledger.start(interface, self.now, LIMITS[interface])
        self.paces.called(interface, self.now)
        if answered:
            self.holds[interface].answered()
            self.paces.answered(interface, self.now)
        else:
            self.holds[interface].rate_limited(self.now, 303.0, "407")
            self.paces.refused(interface, self.now)

    def share_a_gap(self) -> None:
        """Calls less than 100 s after another are refused."""
        newest = -math.inf
        for _ in range(60):
            interface = min(LIMITS, key=self.earliest)
            moment = max(self.now + 1, self.earliest(interface))
            self.ask(interface, answered=moment >= newest + 100)
            newest = self.now


@pytest.mark.no_cover
@pytest.mark.parametrize("plants", [1, pytest.param(230, marks=pytest.mark.slow)])
@pytest.mark.parametrize("told", SHARED)
def test_a_shared_limit_is_used_by_all_who_share_it(told: str, plants: int) -> None:
    members, make = SHARED[told]
    whole, each = together(plants, members, make, HOURS)
    assert good(whole)
    assert min(one.answered for one in each.values()) >= 20


def test_interfaces_with_limits_of_their_own_stay_apart() -> None:
    shapes = {each: STEADY["a bucket 1.7 times as slow"](*facts(each, 20)) for each in (PLANTS, DEVICES, ALARMS)}
    account = run(20, shapes, HOURS[1], alone=True)
    for interface, asking in account.items():
        assert asking.paces.members(interface) == (interface,)
        assert good(asking.figures(HOURS))


def test_a_shared_limit_that_is_lifted_leaves_everyone_alone() -> None:
    shared = Changing((0.0, Bucket(150.0)), (12 * 3600.0, Window(1000, 1.0)))
    account = run(1, {each: All(documented(each, 1), shared) for each in (PLANTS, DEVICES)}, 96, alone=True)
    for interface, asking in account.items():
        assert asking.paces.members(interface) == (interface,)
        assert asking.figures((84, 96)).used >= 0.95


def test_one_limit_explains_what_two_contradict() -> None:
    calls = [(PLANTS, 300.0 * turn, True) for turn in range(6)]
    calls += [(DEVICES, 300.0 * turn + after, after > 99) for turn, after in enumerate((1.0, 150.0, 20.0, 120.0, 50.0))]
    evidence = evidence_of(*sorted(calls, key=lambda call: call[1]))
    assert evidence.explain([DEVICES], 4).wrong > 0
    both = evidence.explain([PLANTS, DEVICES], 4)
    assert (both.wrong, both.count) == (0, 1)
    assert 50 <= both.refused < (both.answered or 0) <= 150


@pytest.mark.parametrize("calls", [20, 24, 28, 33, 43])
def test_a_limit_of_many_calls_is_found_by_about_as_many(calls: int) -> None:
    chance, moment, arrivals, ends = Random(0), T0, deque[float](maxlen=calls), []
    for _ in range(400):
        moment += chance.expovariate(1.3 * calls / 3000)
        ends.append((DEVICES, moment, len(arrivals) < calls or moment - arrivals[0] >= 3000))
        arrivals.append(moment)
    found = evidence_of(*ends).explain([DEVICES], 64)
    assert sum(not answered for *_, answered in ends) > 300
    assert found.wrong < 20
    assert found.count == pytest.approx(calls, rel=0.15)
    assert found.count * found.refused == pytest.approx(3000, rel=0.15)


def test_one_that_is_refused_whatever_its_pace_slows_down_no_other() -> None:
    practice, asked = Practice(), 0
    for _ in range(100):
        interface = min(LIMITS, key=practice.earliest)
        asked += interface is PLANTS
        practice.ask(interface, answered=interface is DEVICES or asked <= 4)
        assert practice.paces.members(DEVICES) == (DEVICES,)
    assert asked >= 4 + 5
    assert practice.paces.learnt(DEVICES) is None


def test_what_is_always_refused_is_explained_by_no_answer() -> None:
    found = evidence_of((DEVICES, 0.0, True), (DEVICES, 300.0, False), (DEVICES, 900.0, False)).explain([DEVICES], 4)
    assert (found.wrong, found.closed, found.answered) == (0, 2, None)


def test_a_call_that_was_not_sent_is_no_evidence() -> None:
    evidence = evidence_of((DEVICES, 0.0, True))
    evidence.called(PLANTS, 5.0)
    evidence.unsent(PLANTS)
    assert evidence.asked() == {DEVICES}
    assert evidence.quiet(DEVICES) == -math.inf
    assert evidence.quiet(PLANTS) == 0.0


def test_a_group_has_one_ratio_and_lets_others_go_first() -> None:
    practice = Practice()
    practice.share_a_gap()
    paces = practice.paces
    assert paces.members(PLANTS) == paces.members(DEVICES) == tuple(sorted(LIMITS))
    assert paces.ratio(PLANTS) == paces.ratio(DEVICES) > 1
    assert paces.seconds(PLANTS) == pytest.approx(3 * paces.seconds(DEVICES))
    assert paces.wanted(PLANTS) < paces.seconds(PLANTS)
    for _ in range(4):
        practice.ask(DEVICES, answered=True)
    assert paces.earliest(PLANTS) < paces.earliest(DEVICES)


def test_a_group_ends_where_one_of_it_is_always_refused() -> None:
    practice = Practice()
    practice.share_a_gap()
    for _ in range(6):
        practice.ask(PLANTS, answered=False)
        for _ in range(6):
            practice.ask(DEVICES, answered=True)
    assert practice.paces.members(PLANTS) == (PLANTS,)
    assert practice.paces.members(DEVICES) == (DEVICES,)


def test_what_is_kept_goes_on_together() -> None:
    practice, other = Practice(), Practice()
    practice.share_a_gap()
    learnt = practice.paces.learnt(PLANTS)
    assert learnt is not None
    other.paces.restore({tuple(practice.paces.members(PLANTS)): learnt})
    assert other.paces.members(DEVICES) == practice.paces.members(DEVICES)
    assert other.paces.seconds(DEVICES) == practice.paces.seconds(DEVICES)
    other.paces.forget(PLANTS)
    assert other.paces.members(DEVICES) == (DEVICES,)
    assert other.paces.seconds(DEVICES) == 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(LIMITS)), st.booleans()), max_size=40))
def test_whatever_is_answered_each_is_asked_every_six_hours(calls: Sequence[tuple[Interface, bool]]) -> None:
    practice = Practice()
    for interface, answered in calls:
        practice.ask(interface, answered=answered)
    for interface, limit in LIMITS.items():
        assert math.isfinite(practice.paces.seconds(interface))
        last = max(practice.ledger.last(interface, limit), T0)
        assert practice.earliest(interface) <= last + 6 * 3600 + 1


def test_calls_at_random_leave_no_room_for_a_policy() -> None:
    bound = AtRandom(3, 1.5, horizon=5)
    assert bound.fresh == pytest.approx(0.16, abs=0.01)
    assert bound.most_used(0.03) < 0.1
    assert bound.most_used(0.5) > 0.9
