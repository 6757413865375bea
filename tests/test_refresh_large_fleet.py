"""What a large fleet costs between two requests: only what changed is looked at again."""

import pytest
from support.world import World

from fusionsolar_exporter.refresh.reports.zones import LearntOffset, PlantZones
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.plan import FleetPlan

HALF_AN_HOUR = 1800.0


def test_the_schedule_counts_zones_once_for_each_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(FleetPlan(plants=200, devices={38: 1}), rules=Rules(constant_bodies=True), log_size=0)
    asked: list[str] = []
    known = PlantZones.of

    def of(zones: PlantZones, plant_code: str) -> LearntOffset | None:
        asked.append(plant_code)
        return known(zones, plant_code)

    monkeypatch.setattr(PlantZones, "of", of)
    world.run(HALF_AN_HOUR)
    assert len(set(asked)) == 200  # the quotas of reports depend on them, whether reports are wanted or not
    asked.clear()
    requests = sum(world.system.log.counts.values())
    world.run(HALF_AN_HOUR)

    assert sum(world.system.log.counts.values()) > requests + 20
    assert asked == []
