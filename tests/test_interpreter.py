"""Searches for cycles pass by what lives long, for a day at most; many threads leave each other time to work."""

import gc
import sys
import weakref
from collections.abc import Iterator

import pytest
from support.manual_clock import ManualClock

from fusionsolar_exporter import interpreter

DAY = 86400.0


class Cycle:
    """Freed by a search only."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def clock() -> Iterator[ManualClock]:
    clock = ManualClock()
    with interpreter.set_up(1, clock.now):
        yield clock


def test_what_survived_a_search_is_not_looked_at_again() -> None:
    kept = Cycle()
    gone = weakref.ref(kept)
    gc.collect()
    assert gc.get_freeze_count() > 0
    assert not any(found is kept for found in gc.get_objects())
    del kept
    gc.collect()
    assert gone() is not None  # the price: a cycle that lived long waits for the day's search


def test_what_is_new_is_searched_as_ever() -> None:
    gc.collect()
    gone = weakref.ref(Cycle())
    assert gone() is not None
    gc.collect()
    assert gone() is None


def test_once_a_day_everything_is_searched(clock: ManualClock) -> None:
    kept = Cycle()
    gone = weakref.ref(kept)
    gc.collect()
    del kept
    clock.advance(DAY - 1)
    gc.collect()
    gc.collect()
    assert gone() is not None
    clock.advance(1)
    gc.collect()
    gc.collect()
    assert gone() is None
    assert gc.get_freeze_count() > 0


def test_young_objects_are_left_to_the_search_for_them() -> None:
    before = gc.get_freeze_count()
    gc.collect(1)
    assert gc.get_freeze_count() == before


def test_nothing_of_it_stays_behind() -> None:
    gc.unfreeze()  # the fixture's
    before = sys.getswitchinterval(), list(gc.callbacks)
    thresholds = gc.get_threshold()
    with interpreter.set_up(300, ManualClock().now):
        gc.collect()
        assert sys.getswitchinterval() == pytest.approx(0.0021)
        assert len(gc.callbacks) == len(before[1]) + 1
        gc.set_threshold(1, 2, 3)
    assert (sys.getswitchinterval(), gc.callbacks) == before
    assert gc.get_threshold() == thresholds
    assert gc.get_freeze_count() == 0


def test_what_was_made_before_is_never_searched() -> None:
    kept = Cycle()
    with interpreter.set_up(1, ManualClock().now):
        assert not any(found is kept for found in gc.get_objects())


def test_the_search_of_the_oldest_comes_before_there_are_many() -> None:
    found: list[int] = []

    def search(phase: str, about: dict[str, int]) -> None:
        if phase == "start" and about["generation"] == 2:
            found.append(len(gc.get_objects()))

    gc.callbacks.append(search)
    try:
        kept = [Cycle() for _ in range(100_000)]
    finally:
        gc.callbacks.remove(search)
    assert len(kept) == 100_000
    assert len(found) > 1
    assert max(found) < 60_000  # 80,000 by Python's own measure


@pytest.mark.parametrize(("accounts", "seconds"), [(1, 0.0005), (70, 0.0005), (100, 0.0007), (1000, 0.007)])
def test_hundreds_of_accounts_let_each_other_work(accounts: int, seconds: float) -> None:
    assert interpreter.switch_seconds(accounts) == pytest.approx(seconds)
