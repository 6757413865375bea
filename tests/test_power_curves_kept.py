"""The curves of the day outlive the process, and cost an entry each ten minutes."""

from pathlib import Path

import pytest
from support.kept_world import KeptWorld

from fusionsolar_exporter.power_curves import BUCKET_SECONDS, POINTS, PowerPoint
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.refresh.persistence.power_record import POWER, PowerRecord, power_entry, read_power
from fusionsolar_exporter.refresh.persistence.records import UnreadableRecordError
from fusionsolar_exporter.simulator.plan import FleetPlan


def wall(world: KeptWorld) -> float:
    return world.clock.wall(world.clock.now())


def draw(world: KeptWorld, points: int) -> list[str]:
    """Go through so many points, each with another power; the plants."""
    plants = list(world.account.cache.snapshot().plants)
    for number in range(points):
        powers: dict[str, float | None] = {code: 100.0 * number + place for place, code in enumerate(plants)}
        world.account.power_curves.record(wall(world), powers)
        world.run(BUCKET_SECONDS)
    return plants


def curves(world: KeptWorld, account: Account, plants: list[str]) -> list[list[float | None]]:
    now = wall(world)
    found = account.power_curves
    return [list(found.curve(now, code)) for code in plants] + [list(found.total(now))]


@pytest.mark.no_cover
def test_after_a_kill_the_curves_are_as_before(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, FleetPlan(plants=3))
    world.run(60)
    plants = draw(world, 20)
    before = curves(world, world.account, plants)
    assert sum(value is not None for value in before[0]) == 20
    world.kill()
    world.start()
    after = curves(world, world.account, plants)
    assert [points[:-2] for points in after] == [points[:-2] for points in before]  # the newest ones may still change
    assert curves(world, world.process(), plants) == after


@pytest.mark.no_cover
def test_state_holds_a_day_of_points_and_no_more(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, FleetPlan(plants=1))
    world.run(60)
    draw(world, POINTS + 20)
    _, state = world.partitions[-1]
    with state.entries._file.reading() as connection:
        (count,) = connection.execute("SELECT count(*) FROM entries WHERE key LIKE 'power/%'").fetchone()
    assert POINTS - 2 <= count <= POINTS


def test_a_point_survives_the_record() -> None:
    point = PowerPoint(7, {"NE=1": 1.5, "a\ud83db": -2.0})
    entry = power_entry(point, 1.0)
    assert entry.key == "power/7"
    assert read_power(entry.value) == point


def test_a_point_with_too_few_numbers_is_refused() -> None:
    with pytest.raises(UnreadableRecordError):
        read_power(POWER.write(PowerRecord(1, ("a",))))
