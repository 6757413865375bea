"""Days of chaos: no limit is broken that the far side documents, nothing stays dark, and no thread ends or errs."""

import random
import threading
from collections import Counter
from pathlib import Path

import pytest
from support.chaos_day import ChaosDay, plan_of
from support.chaos_world import DAY, HOUR, ChaosWorld
from support.http_world import PASSWORD
from support.lockstep_clock import DEADLINE

pytestmark = pytest.mark.no_cover  # the tracer would double their time

SHORT, TWENTY, HUNDRED = range(2), range(20), range(100)
SERVED_A_DAY = 100
"""Values that are looked at, at least: the smallest fleet in the worst trouble."""


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def live(seed: int, seconds: float, directory: Path, patch: pytest.MonkeyPatch) -> None:
    chance = random.Random(seed)
    threads, files = set(threading.enumerate()), open_files()
    with ChaosWorld(plan_of(chance), directory, chance, patch) as world:
        day = ChaosDay(world)
        day.live(seconds)
    told = world.told.getvalue()
    assert world.unexplained == [], day.bursts
    assert day.darkened == []
    assert +world.internal_errors == Counter(), told
    assert world.stale_beats == []
    assert world.wrong == []
    assert world.oracle.values > seconds / DAY * SERVED_A_DAY
    left = set(threading.enumerate()) - threads
    for thread in left:
        thread.join(DEADLINE)
    assert not any(thread.is_alive() for thread in left)
    assert open_files() == files
    assert "Traceback" not in told
    assert PASSWORD not in told
    assert not any(token in told for token in world.system.tokens)


@pytest.mark.parametrize("seed", SHORT)
def test_hours_of_chaos(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live(seed, 4 * HOUR, tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("seed", HUNDRED)
def test_a_day_of_chaos(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live(seed, DAY, tmp_path, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("seed", TWENTY)
def test_twenty_days_of_chaos(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live(seed, 20 * DAY, tmp_path, monkeypatch)
