"""A day's budget: what it stretches by day and by night, and that no window is ever overdrawn."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.pacing.daily_budget import DailyBudget, DailyCalls

DAY = 86400.0
BUDGET = DailyBudget(1000, DAY)


@pytest.mark.parametrize(
    ("wanted", "awake", "day", "night"),
    [
        (900, 1.0, 1.0, 1.0),
        (900, 0.3, 1.0, 1.0),
        (1800, 1.0, 2.0, 6.0),
        (1800, 0.5, 4 / 3, 4.0),
        (1800, 0.0, 1.0, 2.0),
        (1000, 0.5, 1.0, 1.25),
    ],
)
def test_stretches(wanted: float, awake: float, day: float, night: float) -> None:
    assert BUDGET.stretches(wanted / DAY, awake) == pytest.approx((day, night))


@given(st.floats(0, 10_000), st.floats(0, 1))
def test_nine_tenths_are_planned_whatever_the_day_is_like(wanted: float, awake: float) -> None:
    day, night = BUDGET.stretches(wanted / DAY, awake)
    assert 1 <= day <= night or math.isclose(day, night)
    assert wanted * (awake / day + (1 - awake) / night) <= 900 * (1 + 1e-9)


@given(st.lists(st.floats(0, 30), min_size=1, max_size=300))
def test_no_window_is_overdrawn(gaps: list[float]) -> None:
    budget, calls, now, sent = DailyBudget(5, 60.0), DailyCalls(), 0.0, []
    for gap in gaps:
        now = max(now + gap, calls.earliest(budget))
        calls.start(now, budget)
        sent.append(now)
    assert all(later - earlier >= 60 - 1e-9 for earlier, later in zip(sent, sent[5:], strict=False))
    assert calls.moments[0] >= now - DAY


def test_what_was_not_sent_does_not_count_and_what_came_later_counts_later() -> None:
    budget, calls = DailyBudget(2, 60.0), DailyCalls()
    calls.start(0.0, budget)
    calls.start(1.0, budget)
    calls.later(4.0)
    calls.later(3.0)
    assert list(calls.moments) == [0.0, 4.0]
    assert calls.earliest(budget) == 60.0
    assert (calls.within(60.0, 60.0), calls.within(60.0, 64.0)) == (1, 0)
    calls.unsent()
    assert calls.earliest(budget) == -math.inf
    DailyCalls().later(1.0)


def test_a_day_that_is_used_up_early_is_learnt_and_more_is_tried_later() -> None:
    calls, budget = DailyCalls(), DailyBudget(100, DAY)
    for number in range(30):
        calls.start(number * DAY / 30, budget)
    assert not calls.refused(DAY - 1, budget)  # others may have used up a day that is not known whole
    calls.start(DAY + 1, budget)
    assert calls.refused(DAY + 1, budget)
    assert calls.in_force(budget, DAY + 1).calls == 29
    assert calls.in_force(budget, 1.5 * DAY).calls == 29
    grown = [calls.in_force(budget, moment * DAY).calls for moment in (2, 2.5, 3, 3.5, 4, 1e6)]
    assert grown == sorted(grown)
    assert grown[:2] == [32, 36]
    assert grown[-1] == 100
    other = DailyBudget(80, DAY)
    assert calls.in_force(other, DAY + 1) is other  # configured anew


def test_what_is_confirmed_is_tried_more_seldom() -> None:
    calls, budget = DailyCalls(), DailyBudget(100, DAY)
    patience = []
    for number in range(300):
        moment = number * DAY / 30
        calls.start(moment, budget)
        if number in {31, 61, 121, 181}:
            calls.refused(moment, budget)
            assert calls.learnt is not None
            patience.append(calls.learnt.patience)
    assert patience == [0.5, 1.0, 1.0, 1.0]
