"""Intervals from limits: the rules one by one; whole fleets are in test_refresh_preview.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.pacing.limits import Limit

LIMITS = st.builds(
    Limit, st.integers(1, 500), st.floats(1, 90_000), st.just(0.0) | st.floats(min_value=1, max_value=120)
)
NEEDED = st.integers(1, 500)


@pytest.mark.parametrize(
    ("limit", "batches", "expected"),
    [
        (Limit(1, 300, 60), 1, 300),  # one window
        (Limit(3, 300, 60), 3, 300),
        (Limit(10, 300, 60), 10, 600),  # batches x spacing
        (Limit(3, 300, 0), 4, 400),  # calls needed / quota x window
        (Limit(10, 300, 0), 1, 300),
        (Limit(0, 300, 60), 0, 300),
    ],
)
def test_real_time_data(limit: Limit, batches: int, expected: float) -> None:
    assert cadence.real_time_interval(limit, batches) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("limit", "needed", "device_window", "expected"),
    [
        (Limit(4, 1800, 0), 1, 300, 450),
        (Limit(40, 1800, 0), 10, 300, 450),
        (Limit(1, 1800, 0), 1, 300, 1800),
        (Limit(20, 1800, 0), 1, 300, 300),  # not under the window of device data
        (Limit(1, 1800, 0), 24, 300, 43_200),  # in windows of time
        (Limit(100, 1800, 60), 10, 300, 600),  # a configured spacing
        (Limit(0, 1800, 0), 0, 300, 1800),
    ],
)
def test_alarms(limit: Limit, needed: int, device_window: float, expected: float) -> None:
    assert cadence.alarm_interval(limit, needed, device_window) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("limit", "needed", "expected"),
    [
        (Limit(34, 86_400, 0), 1, 86_400 / 17),
        (Limit(24, 86_400, 60), 1, 7200),
        (Limit(24, 86_400, 60), 12, 86_400),
        (Limit(24, 86_400, 60), 13, 86_400),  # more than half: once a window
        (Limit(24, 86_400, 60), 24, 86_400),
        (Limit(1000, 86_400, 0), 1, 3600),  # not under a 24th of the window
        (Limit(24, 86_400, 60), 2000, 120_000),
        (Limit(0, 86_400, 60), 1, 86_400),
    ],
)
def test_lists(limit: Limit, needed: int, expected: float) -> None:
    assert cadence.list_interval(limit, needed) == pytest.approx(expected)


@given(LIMITS, NEEDED)
def test_no_interval_breaks_a_limit(limit: Limit, needed: int) -> None:
    shortest = cadence.shortest_interval(limit, needed) * (1 - 1e-9)
    assert cadence.real_time_interval(limit, needed) >= shortest
    assert cadence.alarm_interval(limit, needed, 300.0) >= shortest
    if needed <= limit.calls:  # else a turn takes longer than the interval, and the ledger holds it back
        assert cadence.list_interval(limit, needed) >= shortest


@given(LIMITS, NEEDED)
def test_regular_lists_leave_half_of_the_quota(limit: Limit, needed: int) -> None:
    interval = cadence.list_interval(limit, needed)
    if needed <= limit.calls / 2:
        assert needed * limit.window / interval <= limit.calls / 2 * (1 + 1e-9)
    assert interval >= limit.window / 24


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([], []),
        ([0.0, 0.5, 0.47], [1, 1, 1]),
        ([1.94], [2]),
        ([0.02, 0.95, 0.95], [1, 2, 2]),  # little keeps its cadence
        ([0.04] * 10 + [1.14], [1] * 10 + [2]),
        ([0.05] * 30, [1.5 / 0.97] * 30),  # many that want little want much together
        ([0.049] * 10 + [0.97], [1.46 / 0.97] * 11),
    ],
)
def test_what_fills_the_queue_gives_way(shares: list[float], expected: list[float]) -> None:
    assert cadence.stretches(shares) == pytest.approx(expected, rel=0.02)


@given(st.lists(st.floats(0, 30), max_size=12))
def test_stretched_requests_leave_time_for_late_ones(shares: list[float]) -> None:
    factors = cadence.stretches(shares)
    assert all(factor >= 1 for factor in factors)
    assert sum(share / factor for share, factor in zip(shares, factors, strict=True)) <= 0.97 + 1e-9
