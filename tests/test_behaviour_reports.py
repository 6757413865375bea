"""Reports on ``/metrics``: every row of the tables, both periods, at the ends of days, months and years in any zone."""

import pytest
from support.http_world import DAY, HOUR, MINUTE
from support.report_world import (
    LISBON,
    REPORTS,
    ZONES,
    Truth,
    assert_both_right,
    assert_right,
    local,
    metrics,
    moment,
    period_starts,
    reports_world,
)
from support.scrape import Scrape

from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.site import Place


@pytest.mark.parametrize("quirks", [False, True])
def test_every_row_of_the_tables_is_there_with_both_periods(*, quirks: bool) -> None:
    start = moment("2025-06-18T12:20", LISBON)
    with reports_world(start, quirks=quirks, places=(LISBON,), plants=1) as world:
        world.run(5 * MINUTE)
        asked = {report: world.requests(Interface(interface))[0].at for report, interface in REPORTS.items()}
        scrape = world.scrape()
        for report in REPORTS:
            at = asked[report]
            assert assert_right(world, scrape, report, "last", asked_at=at) > 0
            if report.startswith("plant"):
                assert assert_right(world, scrape, report, "current", asked_at=at) > 0
        if quirks:
            expected = {metric for rows in metrics().values() for metric, _ in rows.values()}
            assert {name for name in expected if not scrape.all(name)} == set()


@pytest.mark.no_cover
@pytest.mark.parametrize("place", ZONES, ids=lambda place: place.zone)
@pytest.mark.parametrize("hours_before", [0.0, 30.0])
def test_the_first_of_january(place: Place, hours_before: float) -> None:
    assert place.zone is not None
    midnight = moment("2026-01-01T00:00", place)
    reports = [report for report in REPORTS if report.startswith("plant") or not hours_before]
    with reports_world(midnight - hours_before * HOUR, *reports) as world:
        world.run(hours_before * HOUR + 5 * MINUTE)
        early = world.scrape()
        for report in reports:
            assert assert_both_right(world, early, report) > 0
        world.run(65 * MINUTE)
        late = world.scrape()
        for report in reports:
            assert assert_both_right(world, late, report) > 0

    def shown(scrape: Scrape, period: str) -> list[str | None]:
        plants = reports[:4]
        return [local(world, period_starts(scrape, report, period)).get(str(place.zone)) for report in plants]

    assert shown(late, "last") == ["12-31 23:00", "12-31 00:00", "12-01 00:00", "01-01 00:00"] or shown(
        late, "last"
    ) == ["01-01 00:00", "12-31 00:00", "12-01 00:00", "01-01 00:00"]
    running = ["01-01 00:00"] * 4
    for have, want in zip(shown(early, "current"), running, strict=True):
        assert have in {want, None}
    if hours_before:
        assert shown(early, "last")[0] in {"12-31 21:00", "12-31 22:00"}


@pytest.mark.no_cover
def test_the_last_hour_of_a_day_and_the_last_day_of_a_month_are_seen() -> None:
    start = moment("2025-08-31T15:00", LISBON)
    with reports_world(start, "plant_hourly", "plant_daily", places=(LISBON,), plants=1) as world:
        seen: dict[str, set[str]] = {"plant_hourly": set(), "plant_daily": set()}
        for _ in range(15 * 12):
            world.run(5 * MINUTE)
            scrape = world.scrape()
            for report, found in seen.items():
                found.update(local(world, period_starts(scrape, report, "last")).values())
        assert_right(world, scrape, "plant_hourly", "last")

    assert {"08-31 22:00", "08-31 23:00", "09-01 03:00"} <= seen["plant_hourly"]
    assert {"08-30 00:00", "08-31 00:00"} <= seen["plant_daily"]


def test_what_has_ended_is_asked_about_after_a_quarter_of_an_hour_and_after_six() -> None:
    start = moment("2025-08-30T20:00", LISBON)
    with reports_world(start, "plant_hourly", places=(LISBON,), plants=2) as world:
        world.run(14 * HOUR)
        midnight = moment("2025-08-31T00:00", LISBON)
        about = [
            request.at - midnight
            for request in world.requests(Interface.PLANT_HOURS)
            if float(str(request.parameters["collectTime"])) / 1000 < midnight <= request.at
        ]
        regular = world.scrape().interval("plant_hourly")

    assert about[0] == pytest.approx(15 * MINUTE, abs=70)
    assert about[1] == pytest.approx(6 * HOUR, abs=70)
    assert len(about) == 2
    assert regular == pytest.approx(86403 / 20)  # 25 a day, less a tenth, less two


def test_a_batch_that_spans_zones_keeps_calls_for_each_of_their_midnights() -> None:
    with reports_world(moment("2025-08-30T20:00", LISBON), "plant_hourly") as world:
        world.run(14 * HOUR)
        regular = world.scrape().interval("plant_hourly")

    assert regular == pytest.approx(86403 / 16)  # 25 a day, less a tenth, less two for each of three zones


def test_the_running_period_goes_when_it_is_over() -> None:
    start = moment("2025-08-30T20:50", LISBON)
    with reports_world(start, "plant_hourly", places=(LISBON,), plants=1) as world:
        world.run(2 * MINUTE)
        before = world.scrape()
        world.system.forbidden = frozenset({Interface.PLANT_HOURS})
        world.run(9 * MINUTE)
        after = world.scrape()

    assert set(local(world, period_starts(before, "plant_hourly", "current")).values()) == {"08-30 20:00"}
    assert period_starts(after, "plant_hourly", "current") == {}
    assert set(local(world, period_starts(after, "plant_hourly", "last")).values()) == {"08-30 19:00"}


def test_a_revised_day_is_served_as_it_is_now() -> None:
    start = moment("2025-08-30T22:00", LISBON)
    with reports_world(start, "plant_daily", places=(LISBON,), plants=1, quirks=True) as world:
        world.run(3 * HOUR)
        code = next(iter(world.system.fleet.plants))
        metric = "fusionsolar_plant_daily_report_consumption_watthours"
        world.run(12 * HOUR)
        revised = world.scrape().value(metric, period="last", plant_code=code)
        truth = Truth(world).values("plant_daily", moment("2025-08-30T00:00", LISBON), world.clock.now(), code, 0)

    assert revised == pytest.approx(truth["use_power"] * 1000)


@pytest.mark.no_cover
def test_a_week_breaks_no_limit_and_hours_are_all_seen() -> None:
    start = moment("2025-08-28T10:00", LISBON)
    with reports_world(start, *REPORTS, plants=3) as world:
        world.run(7 * DAY)
        counts = {interface: len(world.requests(Interface(interface))) for interface in REPORTS.values()}

    assert counts["getKpiStationHour"] > 7 * 20
    assert counts["getKpiStationDay"] == pytest.approx(7 * 4, abs=8)
    assert counts["getKpiStationYear"] == pytest.approx(7, abs=2)
