"""The learner of paces: its bounds whatever is answered, and that it settles; benchmarks/learning.py measures it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.learning import HOURS, good, measured
from benchmarks.pace.account import ALARMS, DEVICES, PLANTS, run
from benchmarks.pace.cases import STEADY, loosens, tightens
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.holds import Hold
from fusionsolar_exporter.pacing.learnt import LearntPace, slowest_pace
from fusionsolar_exporter.pacing.ledger import Ledger
from fusionsolar_exporter.pacing.limits import Limit
from fusionsolar_exporter.pacing.pace import Pace
from fusionsolar_exporter.pacing.pace_evidence import Explanation

T0 = 1_750_000_000.0
HOUR, DAY = 3600.0, 86_400.0
INTERFACE = Interface.GET_DEV_REAL_KPI
REAL_TIME, OF_A_DAY = Limit(3, 303.0, 0.0), Limit(25, DAY + 3, 63.0)


def asked(pace: Pace, limit: Limit, answers: list[bool]) -> float:
    """Each call goes as soon as it may; the moment from which the next one may."""
    ledger, hold, now = Ledger(), Hold(), T0
    for answered in answers:
        now = max(
            now, ledger.earliest(INTERFACE, limit), pace.earliest(ledger.last(INTERFACE, limit), limit), hold.until
        )
        ledger.start(INTERFACE, now, limit)
        pace.called(now)
        if answered:
            hold.answered()
            pace.answered(now, limit)
        else:
            hold.rate_limited(now, limit.window, "407")
            pace.refused(now, limit)
    return max(ledger.earliest(INTERFACE, limit), pace.earliest(now, limit), hold.until) - now


@given(st.lists(st.booleans(), max_size=150), st.sampled_from([REAL_TIME, OF_A_DAY]))
def test_whatever_is_answered_the_pace_stays_finite_and_the_interface_is_asked(
    answers: list[bool], limit: Limit
) -> None:
    pace = Pace()
    longest = DAY if limit is OF_A_DAY else 6 * HOUR
    assert asked(pace, limit, answers) <= longest + 1
    assert math.isfinite(pace.seconds(limit))
    assert 1 <= pace.ratio(limit) <= longest / (limit.window / limit.calls) + 1


@given(st.lists(st.booleans(), max_size=150))
def test_what_is_kept_goes_on_as_before(answers: list[bool]) -> None:
    pace, taken = Pace(), Pace()
    asked(pace, REAL_TIME, answers)
    taken.restore(pace.learnt)
    assert taken.learnt == pace.learnt
    assert taken.seconds(REAL_TIME) == pace.seconds(REAL_TIME)


def test_an_interface_is_asked_four_times_a_day_at_least_and_once_where_its_limit_is_one_of_a_day() -> None:
    assert slowest_pace(REAL_TIME) == 6 * HOUR
    assert slowest_pace(OF_A_DAY) == DAY
    assert slowest_pace(Limit(1, DAY, 0.0)) == DAY
    assert slowest_pace(Limit(1, 12 * HOUR, 0.0)) == 12 * HOUR


def test_what_earlier_calls_tell_counts_the_refusal_that_asked_for_it() -> None:
    pace = Pace()
    pace.begin(Explanation(wrong=0, count=3, refused=100.0, answered=150.0), T0, REAL_TIME)
    assert pace.refusals == 1
    pace.refused(T0 + 1, REAL_TIME)
    assert pace.refusals == 2


def test_nothing_is_learnt_from_answers() -> None:
    pace = Pace()
    asked(pace, REAL_TIME, [True] * 100)
    assert pace.learnt is None
    assert pace.earliest(T0, REAL_TIME) == -math.inf
    assert pace.ratio(REAL_TIME) == 1


def test_one_refusal_may_be_a_stray_one() -> None:
    pace = Pace()
    asked(pace, REAL_TIME, [True] * 10 + [False] + [True] * 10)
    assert pace.learnt is None


@pytest.mark.parametrize(("answers", "slower"), [(15, 1.0), (16, 1.05)])
def test_what_was_kept_is_doubted_less_after_sixteen_answers(answers: int, slower: float) -> None:
    pace, restored = Pace(), Pace()
    asked(pace, REAL_TIME, [True] * 10 + [False, False, True] + [True] * 30)
    restored.restore(pace.learnt)
    asked(restored, REAL_TIME, [True] * answers + [False])
    assert restored.learnt is not None
    assert pace.learnt is not None
    assert restored.learnt.pace == pytest.approx(pace.learnt.pace * slower)
    assert (restored.learnt.answered is not None) == (slower > 1)  # a stray one makes it a little slower, at once


@pytest.mark.parametrize(("answers", "stray"), [(23, False), (24, True)])
def test_a_refusal_is_a_stray_one_only_after_six_windows_of_answers(answers: int, *, stray: bool) -> None:
    pace = Pace()
    pace.restore(LearntPace(count=4, pace=200.0, learnt_at=T0, refused=190.0, answered=200.0))
    asked(pace, REAL_TIME, [True] * answers + [False])
    assert pace.learnt is not None
    assert pace.learnt.answered == (pytest.approx(210.0) if stray else None)


def test_the_calls_of_a_learnt_window_leave_a_second_for_those_that_arrive_late() -> None:
    pace = Pace()
    pace.restore(LearntPace(count=4, pace=200.0, learnt_at=T0, answered=200.0))
    assert pace.seconds(REAL_TIME) == 200.25
    pace.restore(LearntPace(count=4, pace=101.0, learnt_at=T0, answered=101.0))
    assert pace.seconds(REAL_TIME) == 101.0, "what the limits allow has a margin of its own"


def test_refusals_one_after_the_other_cast_doubt_on_the_pace_between_them() -> None:
    pace = Pace()
    for moment, answered in ((0.0, True), (100.0, True), (200.0, False), (1000.0, False), (1400.0, False)):
        pace.called(T0 + moment)
        if answered:
            pace.answered(T0 + moment, REAL_TIME)
        else:
            pace.refused(T0 + moment, REAL_TIME)
    assert pace.learnt is not None
    assert (pace.learnt.count, pace.learnt.answered) == (2, None)
    assert pace.learnt.doubtful == (1400 - 200) / 2


def test_a_second_refusal_is_learnt_from() -> None:
    pace = Pace()
    asked(pace, REAL_TIME, [True] * 10 + [False, False, True])
    assert pace.learnt is not None
    assert pace.ratio(REAL_TIME) > 1


def test_what_the_lists_explain_is_not() -> None:
    pace = Pace()
    asked(pace, REAL_TIME, [True] * 10 + [False])
    pace.excuse()
    asked(pace, REAL_TIME, [False, True])
    assert pace.learnt is None


def test_what_was_learnt_can_be_forgotten() -> None:
    pace = Pace()
    asked(pace, REAL_TIME, [False, False, True])
    pace.forget()
    assert pace.earliest(T0, REAL_TIME) == -math.inf


def test_a_call_that_was_not_sent_teaches_nothing() -> None:
    pace, other = Pace(), Pace()
    for each in (pace, other):
        asked(each, REAL_TIME, [True, True])
    pace.called(T0 + 200)
    pace.unsent()
    for each in (pace, other):
        asked(each, REAL_TIME, [False, False, True])
    assert pace.learnt == other.learnt


@pytest.mark.no_cover
@pytest.mark.parametrize("interface", [PLANTS, DEVICES])
@pytest.mark.parametrize("shape", STEADY)
def test_each_shape_is_learnt(interface: Interface, shape: str) -> None:
    assert good(measured(interface, 20, STEADY[shape], HOURS))


@pytest.mark.no_cover
def test_a_documented_server_is_used_as_ever() -> None:
    account = run(230, {}, 28)
    for asking in account.values():
        found = asking.figures(HOURS)
        assert (asking.paces.learnt(asking.interface), found.refused) == (None, 0)
        assert found.used >= 0.95 or asking.interface not in {PLANTS, DEVICES, ALARMS}


@pytest.mark.no_cover
@pytest.mark.parametrize("interface", [PLANTS, DEVICES, ALARMS])
def test_a_limit_that_tightens_costs_little(interface: Interface) -> None:
    found = measured(interface, 20, tightens, (12, 24))
    assert 1 <= found.refused <= 6


@pytest.mark.no_cover
@pytest.mark.parametrize("interface", [PLANTS, DEVICES])
def test_a_limit_that_loosens_is_used_within_two_days(interface: Interface) -> None:
    assert measured(interface, 20, loosens, (120, 144)).used >= 0.75


@pytest.mark.no_cover
def test_10000_plants_stay_as_fresh_as_spacing_and_queue_allow() -> None:
    account = run(10_000, {}, 24)
    oldest = {interface: account[interface].ages(3) for interface in (PLANTS, DEVICES, ALARMS)}
    assert oldest[PLANTS] <= 110 * 60
    assert oldest[DEVICES] <= 400
    assert oldest[ALARMS] <= 600
    assert not any(asking.asked.refused for asking in account.values())
