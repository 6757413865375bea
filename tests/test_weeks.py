"""Simulated weeks against the strict far side, in process: not one request refused, and little quota wasted."""

import pytest
from support.world import World

from fusionsolar_exporter.northbound.interfaces import DOCUMENTED_TYPES, REAL_TIME_TYPES
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.status import CollectorName

pytestmark = pytest.mark.no_cover  # the tracer would double their time

MINUTE = 60.0
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
WINDOW = 300.0
DEVICE = CollectorName.DEVICE_REALTIME
LONGEST = {CollectorName.PLANT_REALTIME: 110 * MINUTE, DEVICE: 400.0, CollectorName.ALARMS: 10 * MINUTE}
"""Seconds that data of 10,000 plants may be old."""


@pytest.mark.parametrize(
    ("plants", "seconds"),
    [
        (1, 2 * DAY),
        (20, DAY),
        pytest.param(1, WEEK, marks=pytest.mark.slow),
        pytest.param(20, WEEK, marks=pytest.mark.slow),
        pytest.param(120, WEEK, marks=pytest.mark.slow),
        pytest.param(230, WEEK, marks=pytest.mark.slow),
        (1000, DAY / 4),
        pytest.param(1000, WEEK, marks=pytest.mark.slow),
    ],
)
def test_a_week_without_a_refused_request(plants: int, seconds: float) -> None:
    world = World(FleetPlan(plants=plants, devices_per_plant=2), rules=Rules(constant_bodies=True), log_size=0)

    world.run(seconds)

    assert world.refused == {}
    assert world.system.log.max_in_flight == 1
    assert not world.instruments.failures
    logins = world.system.log.counts[Interface.LOGIN]
    assert logins == pytest.approx(seconds / 1800, rel=0.05)


@pytest.mark.parametrize("seconds", [4 * HOUR, pytest.param(DAY, marks=pytest.mark.slow)])
def test_230_plants_use_at_least_95_percent_of_the_allowed_calls(seconds: float) -> None:
    world = World(FleetPlan(plants=230, devices_per_plant=7), rules=Rules(constant_bodies=True), log_size=0)
    world.run(3600)  # the start, with lists coming in
    world.system.log.clear()

    world.run(seconds)

    quota = {status.interface: status.quota_calls for status in world.account.status().interfaces}
    for interface in (Interface.PLANT_REAL_TIME, Interface.DEVICE_REAL_TIME):
        allowed = quota[interface] * seconds / WINDOW
        assert world.system.log.counts[interface] / allowed >= 0.95
    assert world.refused == {}


@pytest.mark.slow
def test_a_day_of_real_answers_for_1500_devices_of_all_types() -> None:
    plan = FleetPlan(plants=230, devices=dict.fromkeys((1, 17, 38, 39, 47, 62), 1))
    world = World(plan, log_size=0)
    fleet = world.system.fleet
    others = sorted(DOCUMENTED_TYPES - {1, 17, 38, 39, 47, 62})
    for number, plant in zip(range(120), list(fleet.plants), strict=False):
        fleet.add_device(plant, others[number % len(others)], world.clock.now())
    assert len(fleet.devices) == 1500
    assert set(fleet.device_counts) == DOCUMENTED_TYPES

    world.run(DAY)

    assert world.refused == {}
    assert not world.instruments.failures
    snapshot = world.account.cache.snapshot()
    assert set(snapshot.plant_readings) == set(fleet.plants)
    real_time = {key for key, device in fleet.devices.items() if device.type_id in REAL_TIME_TYPES}
    assert set(snapshot.device_readings) == real_time
    assert all(alarms.complete for alarms in snapshot.alarms.values())


@pytest.mark.slow
@pytest.mark.parametrize("hours", [4, pytest.param(21, id="a day, half an hour of a processor")])
def test_10000_plants_with_four_devices_each(hours: int) -> None:
    plan = FleetPlan(plants=10_000, devices={38: 1, 39: 1, 47: 1, 62: 1})
    world = World(plan, rules=Rules(constant_bodies=True), log_size=0)
    world.run(3 * HOUR)  # the lists: a hundred calls a minute apart, and then those of devices
    live = [each for each in world.account._engine.collectors.all if each.name in LONGEST]

    oldest = dict.fromkeys(LONGEST, 0.0)
    for _ in range(6 * hours):
        world.run(10 * MINUTE)
        for collector in live:
            asked = [batch.oldest_start for batch in collector.batches()]
            assert sum(len(batch.ids) for batch in collector.batches()) == (
                30_000 if collector.name is DEVICE else 10_000
            )
            age = max(world.clock.now() - (start or 0.0) for start in asked)
            oldest[collector.name] = max(oldest[collector.name], age)

    assert {name: age for name, age in oldest.items() if age > LONGEST[name]} == {}, oldest
    assert world.refused == {}
    assert not world.instruments.failures
