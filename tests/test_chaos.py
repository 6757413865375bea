"""Days of chaos: no limit is broken that the far side documents, nothing stays dark, and nothing wrong is served."""

import random
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.chaos_day import ChaosDay, plan_of
from support.chaos_process import Footprint
from support.chaos_world import DAY, HOUR, ChaosWorld
from support.redis_server import RedisServer

pytestmark = pytest.mark.no_cover  # the tracer would double their time

SHORT, TWENTY, HUNDRED = range(2), range(20), range(100)
SERVED_A_DAY = 100
"""Values that are looked at, at least: the smallest fleet in the worst trouble."""
LONGEST_SCRAPE = 1.0  # seconds
PASSING = 2
"""Threads and files that there are for a moment: a request's, a page's."""


def live(seed: int, seconds: float, directory: Path) -> None:
    chance = random.Random(seed)
    with ExitStack() as opened:
        redis = opened.enter_context(RedisServer(directory)) if seed % 2 else None
        world = opened.enter_context(ChaosWorld(plan_of(chance), directory, chance, redis))
        day = ChaosDay(world)
        day.live(seconds)
    assert world.unexplained == [], day.bursts
    assert day.darkened == []
    assert world.wrong == []
    assert world.oracle.values > seconds / DAY * SERVED_A_DAY
    assert world.system.log.max_in_flight == 1
    assert_flat(world.footprints)
    assert world.slowest < LONGEST_SCRAPE


def assert_flat(footprints: Sequence[Footprint]) -> None:
    half = len(footprints) // 2
    before, after = footprints[:half], footprints[half:]
    if before:
        assert max(each.threads for each in after) <= max(each.threads for each in before) + PASSING
        assert max(each.files for each in after) <= max(each.files for each in before) + PASSING
        assert max(each.megabytes for each in after) <= 1.1 * max(each.megabytes for each in before)


@pytest.mark.parametrize("seed", SHORT)
def test_hours_of_chaos(seed: int, tmp_path: Path) -> None:
    live(seed, 8 * HOUR, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", HUNDRED)
def test_a_day_of_chaos(seed: int, tmp_path: Path) -> None:
    live(seed, DAY, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("seed", TWENTY)
def test_twenty_days_of_chaos(seed: int, tmp_path: Path) -> None:
    live(seed, 20 * DAY, tmp_path)
