"""Pauses and back-offs: how long, how they double, and what ends them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.config import Backoff
from fusionsolar_exporter.pacing.holds import Hold

T0 = 1_750_000_000.0
HOUR, DAY = 3600.0, 86_400.0


def pauses(hold: Hold, *, window: float, times: int, at_least: float = 0.0) -> list[float]:
    """Each refusal comes when the pause of the one before is over."""
    found, now = [], T0
    for _ in range(times):
        hold.rate_limited(now, window, "407", at_least=at_least)
        found.append(hold.until - now)
        now = hold.until
    return found


def test_nothing_holds_at_first() -> None:
    assert (Hold().until, Hold().reason) == (-math.inf, "")


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        (303.0, [303.0, 1.9 * 303.0, 1.9**2 * 303.0]),
        (1803.0, [1803.0, 1.9 * 1803.0]),
        (86_403.0, [HOUR, 1.9 * HOUR, 1.9**2 * HOUR, 6 * HOUR, 6 * HOUR]),
    ],
)
def test_a_refusal_pauses_for_the_window_an_hour_at_first_and_longer_in_a_row(
    window: float, expected: list[float]
) -> None:
    assert pauses(Hold(), window=window, times=len(expected)) == pytest.approx(expected)


def test_the_limit_of_the_day_pauses_an_hour_at_least() -> None:
    assert pauses(Hold(), window=303.0, times=3, at_least=HOUR) == [HOUR] * 3
    assert pauses(Hold(), window=DAY, times=2, at_least=HOUR) == pytest.approx([HOUR, 1.9 * HOUR])


def test_back_off_doubles_to_its_maximum() -> None:
    hold, backoff, now, found = Hold(), Backoff(initial=60.0, maximum=1800.0), T0, []
    for _ in range(7):
        hold.back_off(now, backoff, "busy")
        found.append(hold.until - now)
        now = hold.until
    assert found == [60, 120, 240, 480, 960, 1800, 1800]


@given(st.integers(1, 10_000), st.floats(0.001, 1e6), st.floats(1.0, 1e6))
def test_back_off_never_exceeds_its_maximum_and_never_shrinks(failures: int, initial: float, growth: float) -> None:
    maximum = initial * growth
    backoff = Backoff(initial=initial, maximum=maximum)
    assert 0 < backoff.after(failures) <= backoff.after(failures + 1) <= maximum


@given(st.integers(1, 3000))
def test_refusals_without_end_stay_finite(refusals: int) -> None:
    hold = Hold()
    for _ in range(refusals):
        hold.rate_limited(T0, DAY, "407")
    assert T0 + HOUR <= hold.until <= T0 + 6 * HOUR
    assert (hold.until == T0 + HOUR) is (refusals == 1)
    assert (hold.until == T0 + 6 * HOUR) is (refusals >= 4)


def test_permission_is_tried_again_daily() -> None:
    hold = Hold()
    hold.not_permitted(T0, "401")
    assert (hold.until, hold.reason) == (T0 + DAY, "401")


def test_only_a_hold_for_want_of_a_permission_is_forgiven() -> None:
    hold = Hold()
    hold.not_permitted(T0, "401")
    hold.forgive()
    assert (hold.until, hold.denied) == (-math.inf, False)
    hold.not_permitted(T0, "401")
    hold.answered()
    hold.rate_limited(T0 + DAY, 303.0, "407")
    hold.forgive()
    assert (hold.until, hold.reason, hold.denied) == (T0 + DAY + 303, "407", False)


def test_a_shorter_pause_never_shortens_a_longer_one() -> None:
    hold = Hold()
    hold.pause(T0 + 100, "long")
    hold.pause(T0 + 10, "short")
    assert hold.until == T0 + 100


def test_an_answer_ends_the_hold_and_the_doubling() -> None:
    hold = Hold()
    for _ in range(3):
        hold.back_off(T0, Backoff(), "busy")
        hold.rate_limited(T0, DAY, "407")
    hold.answered()
    assert (hold.until, hold.reason) == (-math.inf, "")
    hold.back_off(T0, Backoff(), "busy")
    assert hold.until == T0 + 60
    hold.rate_limited(T0, DAY, "407")
    assert hold.until == T0 + HOUR
