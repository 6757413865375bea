"""The far side's clock: used where it can be right, reported in any case."""

import pytest
from support.manual_clock import ManualClock

from fusionsolar_exporter.refresh.far_clock import FarClock

DAY = 86400.0


@pytest.mark.parametrize(
    ("offset", "used"),
    [(0.0, 0.0), (7.0, 7.0), (-7.0, 0.0), (DAY, DAY), (DAY + 1, 0.0), (-2 * DAY, 0.0), (1.7e12, 0.0), (-1.7e9, 0.0)],
)
def test_a_clock_more_than_a_day_off_is_reported_and_not_used(offset: float, used: float) -> None:
    clock = ManualClock()
    far = FarClock(clock)
    assert far.now() == clock.now()
    far.told(clock.now() + offset, clock.now())
    assert far.offset == pytest.approx(offset)
    assert far.now() == clock.now() + used
