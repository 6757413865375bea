"""Whatever is asked when the ledger allows it, no sliding window of the far side is ever overdrawn."""

import math
from array import array
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.ledger import KeptCalls, Ledger
from fusionsolar_exporter.pacing.limits import Limit

KPI = Interface.GET_STATION_REAL_KPI
LISTS = Interface.GET_DEV_LIST
T0 = 1_750_000_000.0
HOUR, DAY = 3600.0, 86400.0


@dataclass
class StrictCounter:
    """The far side: refuses what would be one call too many in any window, or too near to the call before."""

    calls: int
    window: float
    spacing: float
    arrivals: list[float] = field(default_factory=list)

    def arrives(self, moment: float) -> bool:
        within = [known for known in self.arrivals if moment - known < self.window]
        near = bool(self.arrivals) and moment - self.arrivals[-1] < self.spacing
        self.arrivals.append(moment)
        return len(within) < self.calls and not near


@dataclass(frozen=True)
class Call:
    idle: float
    """Seconds that the caller waits longer than it has to."""
    duration: float
    share: float
    """Where between start and end the far side counts the request."""
    unsent: bool
    """The far side never sees it, and it is given back."""


SECONDS = st.floats(min_value=0, max_value=1000).map(lambda value: round(value, 3))
CALLS = st.builds(
    Call,
    idle=st.just(0.0) | SECONDS,
    duration=st.sampled_from([0.0, 0.1, 2.9, 3.0, 3.1, 30.0]) | SECONDS,
    share=st.floats(min_value=0, max_value=1),
    unsent=st.integers(0, 9).map(lambda value: value == 0),
)


@given(
    calls=st.integers(1, 6),
    window=st.floats(min_value=1, max_value=1000),
    spacing=st.just(0.0) | st.floats(min_value=0.5, max_value=100),
    margin=st.floats(min_value=0.01, max_value=10),
    asked=st.lists(CALLS, min_size=1, max_size=40),
)
@example(1, 300.0, 60.0, 3.0, [Call(0, 30.0, 1.0, unsent=False), Call(0, 0.0, 0.0, unsent=False)])
@example(2, 300.0, 0.0, 3.0, [Call(0, 3.0, 1.0, unsent=False)] * 3 + [Call(0, 0.0, 0.0, unsent=False)])
@example(1, 300.0, 60.0, 3.0, [Call(0, 50.0, 0.5, unsent=True), Call(0, 0.0, 0.0, unsent=False)])
def test_no_sliding_window_is_overdrawn(
    calls: int, window: float, spacing: float, margin: float, asked: list[Call]
) -> None:
    limit = Limit(calls, window + margin, spacing + margin if spacing else 0.0, margin)
    # a hair's breadth for sums of floats of the size of Unix time
    far = StrictCounter(calls, window - 1e-5, spacing - 1e-5 if spacing else 0.0)
    ledger, now = Ledger(), T0
    for call in asked:
        now = max(now, ledger.earliest(KPI, limit)) + call.idle
        ledger.start(KPI, now, limit)
        end = now + call.duration
        ledger.end(KPI, end)
        if call.unsent:
            ledger.give_back(KPI)
        else:
            assert far.arrives(now + call.share * call.duration)
        now = end


@given(calls=st.integers(1, 6), window=st.integers(10, 1000), count=st.integers(1, 30))
def test_quick_calls_use_the_whole_quota(calls: int, window: int, count: int) -> None:
    limit = Limit(calls, window, 0.0, 3.0)
    ledger, now = Ledger(), T0
    for number in range(count):
        now = max(now, ledger.earliest(KPI, limit))
        assert now == pytest.approx(T0 + number // calls * window, abs=1e-3)
        ledger.start(KPI, now, limit)
        ledger.end(KPI, now + 0.001)


def test_no_calls_allowed_is_never() -> None:
    assert Ledger().earliest(KPI, Limit(0, 300, 60)) == math.inf


def test_the_first_call_is_allowed_at_once() -> None:
    assert Ledger().earliest(KPI, Limit(1, 300, 60)) == -math.inf


def test_interfaces_do_not_count_against_each_other() -> None:
    ledger, limit = Ledger(), Limit(1, 300, 60)
    ledger.start(KPI, T0, limit)
    assert ledger.earliest(LISTS, limit) == -math.inf
    assert ledger.last_start == T0


def test_a_slow_request_moves_towards_its_end() -> None:
    ledger, limit = Ledger(), Limit(1, 303, 63, 3)
    ledger.start(KPI, T0, limit)
    ledger.end(KPI, T0 + 3)
    assert ledger.earliest(KPI, limit) == T0 + 303
    ledger.end(KPI, T0 + 25)
    assert ledger.earliest(KPI, limit) == T0 + 22 + 303


def test_what_is_given_back_leaves_the_quota_and_keeps_its_spacing() -> None:
    ledger, limit = Ledger(), Limit(1, 303, 63, 3)
    ledger.start(KPI, T0, limit)
    ledger.end(KPI, T0 + 1)
    ledger.give_back(KPI)
    assert ledger.within(KPI, limit, T0 + 1) == ()
    assert ledger.earliest(KPI, limit) == T0 + 63


def test_only_the_newest_call_is_given_back_and_only_once() -> None:
    ledger, limit = Ledger(), Limit(3, 303, 0)
    for second in range(3):
        ledger.start(KPI, T0 + second, limit)
    ledger.give_back(KPI)
    ledger.give_back(KPI)
    assert ledger.within(KPI, limit, T0 + 5) == (T0, T0 + 1)


def test_the_end_of_a_call_that_was_given_back_moves_no_other_call() -> None:
    ledger, limit = Ledger(), Limit(3, 303, 63, 3)
    ledger.start(KPI, T0, limit)
    ledger.start(KPI, T0 + 63, limit)
    ledger.give_back(KPI)
    ledger.end(KPI, T0 + 80)
    assert ledger.within(KPI, limit, T0 + 80) == (T0,)
    assert ledger.earliest(KPI, limit) == T0 + 77 + 63


def test_giving_back_nothing_is_nothing() -> None:
    ledger = Ledger()
    ledger.give_back(KPI)
    assert ledger.within(KPI, Limit(1, 300, 0), T0) == ()


@given(st.lists(st.floats(min_value=0.5, max_value=100), max_size=30), st.floats(min_value=1, max_value=200))
def test_within_names_the_calls_of_the_window_oldest_first(steps: list[float], window: float) -> None:
    ledger, now, moments = Ledger(), T0, []
    for step in steps:
        now += step
        ledger.start(KPI, now, Limit(100, window, 0))
        moments.append(now)
    assert ledger.within(KPI, Limit(100, window, 0), now) == tuple(
        moment for moment in moments if moment > now - window
    )


def test_early_calls_are_counted_apart() -> None:
    ledger, limit = Ledger(), Limit(24, 86_403, 0)
    ledger.start(LISTS, T0, limit)
    ledger.start(LISTS, T0 + 10, limit, early=True)
    ledger.start(LISTS, T0 + 20, limit, early=True)
    assert ledger.early_within(LISTS, limit.window, T0 + 30) == 2
    assert ledger.early_within(LISTS, limit.window, T0 + 10 + limit.window) == 1
    assert len(ledger.within(LISTS, limit, T0 + 30)) == 3


def test_a_quota_that_shrinks_or_grows_counts_the_calls_there_were() -> None:
    ledger, wide = Ledger(), Limit(3, 300, 0)
    for second in (0, 10, 20):
        ledger.start(KPI, T0 + second, wide)
    assert ledger.earliest(KPI, wide) == T0 + 300
    assert ledger.earliest(KPI, Limit(1, 300, 0)) == T0 + 320
    assert ledger.earliest(KPI, Limit(4, 300, 0)) <= T0 + 20


def test_calls_are_forgotten_long_after_they_count() -> None:
    ledger, limit = Ledger(), Limit(5, 100, 0)
    for number in range(10_000):
        ledger.start(KPI, T0 + number * 20, limit, early=True)
    newest = T0 + 9_999 * 20
    assert len(ledger.within(KPI, Limit(5, 1e9, 0), newest)) <= 301
    assert len(ledger.within(KPI, Limit(5, 150, 0), newest)) == 8
    assert ledger.early_within(KPI, 1e9, newest) <= DAY / 20 + 1


def test_calls_that_still_count_are_never_forgotten_however_many_they_are() -> None:
    ledger, limit = Ledger(), Limit(400, 100, 0)
    for number in range(3000):
        ledger.start(KPI, T0 + number * 0.2, limit)
    assert len(ledger.within(KPI, limit, T0 + 2999 * 0.2)) == 500


def test_a_window_that_was_mistyped_for_a_while_forgets_nothing_of_the_day() -> None:
    ledger, day, mistyped = Ledger(), Limit(24, DAY + 3, 0, 3), Limit(24, 24 + 3, 0, 3)
    for number in range(24):
        ledger.start(LISTS, T0 + number * 60, day)
    ledger.start(LISTS, T0 + 2 * HOUR, mistyped)
    assert ledger.earliest(LISTS, day) == T0 + 60 + DAY + 3
    assert len(ledger.within(LISTS, day, T0 + 2 * HOUR)) == 25


def test_a_lower_margin_opens_no_window_early() -> None:
    ledger = Ledger()
    ledger.start(KPI, T0, Limit(1, 330, 90, 30))
    ledger.end(KPI, T0 + 30)
    assert ledger.earliest(KPI, Limit(1, 330, 90, 30)) == T0 + 330
    assert ledger.earliest(KPI, Limit(1, 301, 61, 1)) == T0 + 29 + 301


def test_what_is_read_late_takes_the_place_of_what_was_presumed_and_stands_beside_what_was_asked() -> None:
    kept, limit = Ledger(), Limit(3, 300, 60)
    kept.start(KPI, T0 - 100, limit)
    ledger = Ledger()
    ledger.presume(KPI, T0, limit)
    ledger.presume(LISTS, T0, limit)
    assert ledger.earliest(KPI, limit) == T0 + 60
    ledger.start(KPI, T0 + 70, limit)
    ledger.restore(*kept.kept(), beside=True)
    assert ledger.within(KPI, limit, T0 + 80) == (T0 - 100, T0 + 70)
    assert ledger.earliest(KPI, limit) == T0 + 130
    assert ledger.earliest(LISTS, limit) == -math.inf


def test_a_call_that_was_not_sent_leaves_no_trace() -> None:
    ledger, limit = Ledger(), Limit(calls=2, window=300, spacing=60)
    ledger.start(Interface.GET_STATION_REAL_KPI, 1000, limit)
    before = ledger.earliest(Interface.GET_STATION_REAL_KPI, limit), ledger.last_start
    ledger.start(Interface.GET_STATION_REAL_KPI, 1100, limit)
    ledger.unsent(Interface.GET_STATION_REAL_KPI)
    assert (ledger.earliest(Interface.GET_STATION_REAL_KPI, limit), ledger.last_start) == before


def test_a_call_counts_from_when_it_is_sent() -> None:
    ledger, limit = Ledger(), Limit(calls=1, window=300, spacing=60)
    ledger.start(Interface.GET_STATION_REAL_KPI, 1000, limit)
    ledger.sent(Interface.GET_STATION_REAL_KPI, 1005)
    assert ledger.earliest(Interface.GET_STATION_REAL_KPI, limit) == 1305
    assert ledger.last_start == 1005


@given(st.lists(st.tuples(st.sampled_from(list(Interface)), st.floats(0.1, 100))), st.floats(-1e6, 1e6))
def test_what_is_kept_comes_back_moved_by_the_clock(calls: list[tuple[Interface, float]], shift: float) -> None:
    ledger, limit, moment = Ledger(), Limit(calls=3, window=300, spacing=0), 1000.0
    for interface, step in calls:
        moment += step
        ledger.start(interface, moment, limit, early=step > 50)
    again = Ledger()
    heads, moments = ledger.kept()
    moved = {key: replace(head, last=head.last + shift, last_end=head.last_end + shift) for key, head in heads.items()}
    again.restore(moved, array("d", [at + shift for at in moments]))
    for interface in Interface:
        assert again.earliest(interface, limit) == pytest.approx(ledger.earliest(interface, limit) + shift)
        early = ledger.early_within(interface, 1e9, moment), again.early_within(interface, 1e9, moment + shift)
        assert early[0] == early[1]


@pytest.mark.parametrize("after", [Ledger.give_back, lambda ledger, interface: ledger.end(interface, T0 + 180)])
def test_what_was_given_back_before_a_restart_is_no_other_call_behind_it(
    after: Callable[[Ledger, Interface], None],
) -> None:
    ledger, again, limit = Ledger(), Ledger(), Limit(3, 303, 63, 3)
    ledger.start(KPI, T0, limit)
    ledger.start(KPI, T0 + 100, limit)
    ledger.give_back(KPI)
    again.restore(*ledger.kept())
    after(again, KPI)
    assert again.within(KPI, limit, T0 + 200) == (T0,)


@pytest.mark.parametrize(("waited", "arrived"), [(5.0, 5.0), (30.0, 30.0), (1000.0, 30.0)])
def test_a_call_whose_end_nobody_saw_may_have_arrived_as_late_as_a_request_lasts(waited: float, arrived: float) -> None:
    ledger, again, limit = Ledger(), Ledger(), Limit(3, 303, 63, 3)
    ledger.start(Interface.LOGIN, T0, limit)
    ledger.end(Interface.LOGIN, T0 + 1)
    ledger.start(KPI, T0, limit)
    again.restore(*ledger.kept())
    again.presume_ended(T0 + waited, 30.0)
    assert again.earliest(KPI, limit) == T0 + arrived - limit.margin + limit.spacing
    assert again.earliest(Interface.LOGIN, limit) == ledger.earliest(Interface.LOGIN, limit)


def test_a_newest_call_that_is_said_to_count_and_is_not_among_the_counted_does_not() -> None:
    ledger, limit = Ledger(), Limit(3, 303, 63, 3)
    ledger.restore({KPI: KeptCalls(0, 0, last=T0, last_end=T0, last_counted=True)}, array("d"))
    ledger.end(KPI, T0 + 20)
    ledger.give_back(KPI)
    assert ledger.within(KPI, limit, T0 + 20) == ()
    assert ledger.earliest(KPI, limit) == T0 + 17 + 63


@pytest.mark.parametrize("numbers", [(-1, 0), (2, 0), (0, 2)])
def test_heads_that_do_not_fit_their_moments_are_refused(numbers: tuple[int, int]) -> None:
    head = KeptCalls(*numbers, last=1.0, last_end=1.0, last_counted=True)
    with pytest.raises(ValueError, match=r"negative|differ"):
        Ledger().restore({Interface.LOGIN: head}, array("d", [1.0]))
