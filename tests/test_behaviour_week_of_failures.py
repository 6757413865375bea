"""A simulated week in which one batch always fails: whoever reads the log learns of it, and is left in peace."""

from collections import Counter

import pytest
from support.http_world import HttpWorld

from fusionsolar_exporter.simulator.faults import FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

pytestmark = [pytest.mark.no_cover, pytest.mark.slow]

HOUR, DAYS = 3600.0, 7
NEVER_ABOUT = {"plan", "plan changed", "logged in", "first values", "pace learnt"}


def lines_after_an_hour(world: HttpWorld) -> list[str]:
    """What is said about a failure."""
    world.run(HOUR)
    before = len(world.log_lines())
    world.run(DAYS * 24 * HOUR)
    lines = world.log_lines()[before:]
    return [line["msg"] for line in lines if line["level"] != "debug" and line["msg"] not in NEVER_ABOUT]


def test_alarms_that_are_always_null_have_a_line_a_day() -> None:
    with HttpWorld(FleetPlan(plants=2, devices={1: 1})) as world:
        world.order(FaultKind.DATA_NULL, Interface.ALARMS, times=None)
        told = lines_after_an_hour(world)

    assert len(told) <= DAYS, Counter(told)


@pytest.mark.parametrize("fail_code", [20008, 20056, 30008, 99999])
def test_a_type_whose_batch_always_fails_has_a_line_a_day(fail_code: int) -> None:
    with HttpWorld(FleetPlan(plants=2, devices={1: 2, 39: 1})) as world:
        ids = frozenset(key for key, device in world.system.fleet.devices.items() if device.type_id == 39)
        world.order(FaultKind.REFUSE_IDS, Interface.DEVICE_REAL_TIME, times=None, ids=ids, fail_code=fail_code)
        told = lines_after_an_hour(world)

    assert len(told) <= DAYS * len(ids) + 1, Counter(told)  # and once that they are searched for
