"""Simulated weeks against the strict far side, in process: not one request refused, and little quota wasted."""

import pytest
from support.world import World

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

pytestmark = pytest.mark.no_cover  # the tracer would double their time

DAY = 86400.0
WEEK = 7 * DAY
WINDOW = 300.0


@pytest.mark.parametrize("plants", [1, 20, 120, 230, 1000])
def test_a_week_without_a_refused_request(plants: int) -> None:
    world = World(FleetPlan(plants=plants, devices_per_plant=2), rules=Rules(constant_bodies=True), log_size=0)

    world.run(WEEK)

    assert world.refused == {}
    assert world.system.log.max_in_flight == 1
    assert not world.instruments.failures
    logins = world.system.log.counts[Interface.LOGIN]
    assert logins == pytest.approx(WEEK / 1800, rel=0.02)


@pytest.mark.parametrize("interface", [Interface.PLANT_REAL_TIME, Interface.DEVICE_REAL_TIME])
def test_230_plants_use_at_least_95_percent_of_the_allowed_calls(interface: Interface) -> None:
    world = World(FleetPlan(plants=230, devices_per_plant=7), rules=Rules(constant_bodies=True), log_size=0)
    world.run(3600)  # the start, with lists coming in
    world.system.log.clear()

    world.run(DAY)

    quota = {status.interface: status.quota_calls for status in world.account.status().interfaces}
    allowed = quota[interface] * DAY / WINDOW
    assert world.system.log.counts[interface] / allowed >= 0.95
    assert world.refused == {}
