"""Calls for what has ended: each plant twice, and nothing is remembered of those that are gone."""

from collections.abc import Collection

from fusionsolar_exporter.northbound.interfaces import HOUR, MINUTE
from fusionsolar_exporter.refresh.reports.boundaries import Boundaries, Crossed
from fusionsolar_exporter.refresh.reports.periods import PeriodKind
from fusionsolar_exporter.refresh.reports.zones import LearntOffset

MIDNIGHT = 1_750_032_000.0  # of 2025-06-16, UTC


def asked_after_midnight(boundaries: Boundaries, ids: Collection[str], now: float) -> set[str]:
    """Ids in the batches that are planned now."""
    boundaries.plan(
        lambda: dict.fromkeys(ids, 0),
        lambda _: LearntOffset(MIDNIGHT, 0.0),
        lambda _: False,
        now,
        lambda moment: moment,
    )
    return {key for batch in boundaries.batches for key in batch.ids}


def test_each_is_asked_a_quarter_of_an_hour_after_its_day_and_six_hours_after_it() -> None:
    boundaries = Boundaries(PeriodKind.HOUR)
    boundaries.seen(["a", "b"], MIDNIGHT - HOUR)
    assert asked_after_midnight(boundaries, ["a", "b"], MIDNIGHT + MINUTE) == {"a", "b"}
    assert {batch.created for batch in boundaries.batches} == {MIDNIGHT + 15 * MINUTE}
    boundaries.asked(["a", "b"], MIDNIGHT, MIDNIGHT + 15 * MINUTE)
    assert asked_after_midnight(boundaries, ["a", "b"], MIDNIGHT + 16 * MINUTE) == {"a", "b"}
    assert {batch.created for batch in boundaries.batches} == {MIDNIGHT + 6 * HOUR}
    boundaries.asked(["a"], MIDNIGHT, MIDNIGHT + 6 * HOUR)
    assert asked_after_midnight(boundaries, ["a", "b"], MIDNIGHT + 7 * HOUR) == {"b"}


def test_those_of_whom_nothing_is_known_yet_hold_up_nobody() -> None:
    boundaries = Boundaries(PeriodKind.HOUR)
    boundaries.seen(["b"], MIDNIGHT - HOUR)
    assert asked_after_midnight(boundaries, ["a", "b", "c"], MIDNIGHT + MINUTE) == {"b"}


def test_nothing_is_remembered_of_those_that_are_gone() -> None:
    boundaries = Boundaries(PeriodKind.HOUR)
    boundaries.seen(["a", "b"], MIDNIGHT - HOUR)
    boundaries.asked(["a", "b"], MIDNIGHT, MIDNIGHT + 15 * MINUTE)
    asked_after_midnight(boundaries, ["b"], MIDNIGHT + 16 * MINUTE)
    assert boundaries.kept() == {"b": Crossed(MIDNIGHT, 1, MIDNIGHT + 15 * MINUTE)}
