"""Reports on the days on which clocks change, all over the world."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.http_world import HOUR, MINUTE, HttpWorld
from support.report_world import AUCKLAND, LISBON, REPORTS, assert_both_right, moment, period_starts, reports_world

from fusionsolar_exporter.simulator.site import Place

DENVER = Place(39.74, -104.99, -7, "America/Denver")
CAIRO = Place(30.04, 31.24, 2, "Africa/Cairo")  # where a Friday begins at one in the morning
JERUSALEM = Place(31.77, 35.21, 2, "Asia/Jerusalem")  # on a Friday
EASTER_ISLAND = Place(-27.15, -109.43, -6, "Pacific/Easter")  # where clocks go forward at ten in the evening
CLOCKS_CHANGE = pytest.mark.parametrize(
    ("place", "day"),
    [
        pytest.param(LISBON, "2025-03-30", id="north-forward"),
        pytest.param(LISBON, "2025-10-26", id="north-back"),
        pytest.param(AUCKLAND, "2025-09-28", id="south-forward"),
        pytest.param(AUCKLAND, "2026-04-05", id="south-back"),
        pytest.param(DENVER, "2025-03-09", id="america-forward"),
        pytest.param(EASTER_ISLAND, "2025-09-06", id="chile-forward"),
        pytest.param(JERUSALEM, "2025-03-28", id="israel-forward"),
        pytest.param(CAIRO, "2025-04-25", id="egypt-forward"),
    ],
)


@pytest.mark.no_cover
@CLOCKS_CHANGE
def test_hours_of_the_day_the_clocks_change(place: Place, day: str) -> None:
    start = moment(f"{day}T00:00", place) - 3 * HOUR
    compared = 0
    with reports_world(start, "plant_hourly", places=(place,), plants=1) as world:
        for _ in range(40):
            world.run(45 * MINUTE)
            scrape, now = world.scrape(), world.clock.now()
            compared += assert_both_right(world, scrape, "plant_hourly")
            for begin in period_starts(scrape, "plant_hourly", "current").values():
                assert begin <= now < begin + 2 * HOUR  # an hour that the clocks show twice is one
    assert compared > 40


def start_of(report: str, at: float, place: Place) -> float:
    """Where the day, month or year of a moment begins, by the clocks of a place."""
    assert place.zone is not None
    local = datetime.fromtimestamp(at, ZoneInfo(place.zone))
    month = 1 if report.endswith("yearly") else local.month
    return datetime(local.year, month, local.day if report.endswith("daily") else 1, tzinfo=local.tzinfo).timestamp()


def assert_begin_by_the_clocks(world: HttpWorld, place: Place) -> dict[str, set[float]]:
    """Both periods of all reports but the hourly one are right and begin when they should; where the last begin."""
    scrape, now = world.scrape(), world.clock.now()
    found: dict[str, set[float]] = {}
    for report in REPORTS:
        if report != "plant_hourly":
            assert assert_both_right(world, scrape, report) > 0
            name = f"fusionsolar_{report}_report_period_timestamp_seconds"
            running = {sample.value for sample in scrape.all(name, period="current")}
            assert running <= {start_of(report, now, place)}, report
            found[report] = {sample.value for sample in scrape.all(name, period="last")}
            for begin in found[report]:
                assert begin == start_of(report, begin, place) < start_of(report, now, place), report
    return found


@pytest.mark.no_cover
@CLOCKS_CHANGE
def test_days_months_and_years_around_a_change_of_the_clocks(place: Place, day: str) -> None:
    changes = moment(f"{day}T00:00", place)
    midnight = start_of("plant_daily", changes + 36 * HOUR, place)
    plan: dict[str, Any] = {"places": (place,), "plants": 1, "devices": {38: 1, 39: 1}}
    reports = [report for report in REPORTS if report != "plant_hourly"]
    # who begins to ask knows the clocks before the change alone, and so does who has asked since the day before
    for begin in (changes + 30 * MINUTE, changes + 12 * HOUR, midnight - 35 * MINUTE, midnight + 10 * MINUTE):
        with reports_world(begin, *reports, **plan) as world:
            world.run(5 * MINUTE)
            assert_begin_by_the_clocks(world, place)
    with reports_world(changes - 3 * HOUR, *reports, **plan) as world:
        for until in (changes + 4 * HOUR, midnight - 30 * MINUTE, midnight + 15 * MINUTE, midnight + 13 * HOUR):
            world.run(until - world.clock.now())
            last = assert_begin_by_the_clocks(world, place)
    assert last["plant_daily"] == last["device_daily"] == {changes}
