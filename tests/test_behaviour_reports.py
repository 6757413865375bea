"""Reports on ``/metrics``: every row of the tables, both periods, at the ends of days, months and years in any zone."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.http_world import DAY, HOUR, MINUTE, HttpWorld, only
from support.scrape import Scrape

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.site import Place
from fusionsolar_exporter.simulator.system import SimulatedSystem

TABLE = Path(__file__).parent / "data" / "metrics_reports.tsv"
REPORTS = {
    "plant_hourly": "getKpiStationHour",
    "plant_daily": "getKpiStationDay",
    "plant_monthly": "getKpiStationMonth",
    "plant_yearly": "getKpiStationYear",
    "device_daily": "getDevKpiDay",
    "device_monthly": "getDevKpiMonth",
    "device_yearly": "getDevKpiYear",
}
LENGTHS = {"hourly": HOUR, "daily": DAY, "monthly": 28 * DAY, "yearly": 365 * DAY}
TYPES = {1: 1, 38: 1, 39: 1, 41: 1, 47: 1, 10: 1}
AUCKLAND, LISBON, HONOLULU = (
    Place(-36.85, 174.76, 12, "Pacific/Auckland"),
    Place(38.72, -9.14, 0, "Europe/Lisbon"),
    Place(21.31, -157.86, -10, "Pacific/Honolulu"),
)
DENVER = Place(39.74, -104.99, -7, "America/Denver")
CAIRO = Place(30.04, 31.24, 2, "Africa/Cairo")  # where a Friday begins at one in the morning
JERUSALEM = Place(31.77, 35.21, 2, "Asia/Jerusalem")  # on a Friday
EASTER_ISLAND = Place(-27.15, -109.43, -6, "Pacific/Easter")  # where clocks go forward at ten in the evening
ZONES = (AUCKLAND, LISBON, HONOLULU)
ALL = only("device_list", *REPORTS)
Row = dict[str, Any]


def moment(text: str, place: Place) -> float:
    assert place.zone is not None
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(place.zone)).timestamp()


def reports_world(start: float, *reports: str, quirks: bool = False, **plan: Any) -> HttpWorld:
    fleet = FleetPlan(
        **{"plants": 3, "devices": TYPES, "places": ZONES, "start": start - 30 * DAY, "quirks": quirks, **plan}
    )
    return HttpWorld(
        fleet, rules=Rules(quirks=quirks), start=start, collectors=only("device_list", *(reports or REPORTS))
    )


def metrics() -> dict[tuple[str, str], dict[str, tuple[str, float]]]:
    """Metric and factor by interface, device type and key."""
    found: dict[tuple[str, str], dict[str, tuple[str, float]]] = {}
    with TABLE.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            types = found.setdefault((row["interface"], row["device_type_id"]), {})
            types[row["key"]] = row["metric"], float(row["scale"])
    return found


class Truth:
    """The same fleet at the same time, asked without limits."""

    def __init__(self, world: HttpWorld) -> None:
        self._world = world
        self._now = 0.0
        rules = world.system.rules
        self._system = SimulatedSystem(
            world.system.fleet, now=lambda: self._now, users={"me": "x"}, rules=rules, limits=False
        )

    def rows(self, interface: str, at: float, about: float, ids: str, type_id: int) -> Iterator[Row]:
        """What the far side says at a moment about another one."""
        self._now = at
        login = self._system.handle("POST", "/thirdData/login", {}, b'{"userName":"me","systemCode":"x"}')
        asked: Row = {"collectTime": int(about * 1000)}
        asked |= {"devIds": ids, "devTypeId": type_id} if type_id else {"stationCodes": ids}
        answer = self._system.handle(
            "POST", f"/thirdData/{interface}", {"XSRF-TOKEN": login.headers["xsrf-token"]}, json.dumps(asked).encode()
        )
        yield from json.loads(answer.body)["data"]

    def values(self, report: str, begin: float, at: float, key: str, type_id: int) -> Row:
        """The values of the period of one plant or device that begins then, as they are at a moment."""
        for row in self.rows(REPORTS[report], at, begin + HOUR / 2, key, type_id):
            if row["collectTime"] == begin * 1000:
                found: Row = row["dataItemMap"]
                return found
        raise AssertionError(f"no row of {report} begins at {begin}")


def subjects(world: HttpWorld, report: str) -> Iterator[tuple[str, str, int]]:
    """Label, id and device type of everything that a report is about."""
    for plant in world.system.fleet.plants.values():
        if report.startswith("plant"):
            yield "plant_code", plant.code, 0
        else:
            yield from (("device_id", device.id, device.type_id) for device in plant.devices if device.type_id in TYPES)


def assert_right(
    world: HttpWorld,
    scrape: Scrape,
    report: str,
    period: str,
    *,
    asked_at: float | Callable[[float, str, int], float] | None = None,
) -> int:
    """Every sample of a report is what the far side says, and no key is missing; how many were compared."""
    truth, compared = Truth(world), 0
    table = metrics()
    for label, key, type_id in subjects(world, report):
        rows = table.get((REPORTS[report], str(type_id) if type_id else ""), {})
        start = scrape.value(f"fusionsolar_{report}_report_period_timestamp_seconds", **{label: key, "period": period})
        if not rows or start is None:
            continue
        at = asked_at(start, key, type_id) if callable(asked_at) else asked_at
        values = truth.values(report, start, at or world.clock.now(), key, type_id)
        for name, (metric, factor) in rows.items():
            shown = scrape.value(metric, **{label: key, "period": period})
            value = values.get(name)
            assert (shown is None) == (value is None), (metric, key)
            if shown is not None and value is not None:
                assert shown == pytest.approx(value * factor), (metric, key)
                compared += 1
    return compared


def newest_answer(world: HttpWorld, report: str, begin: float, key: str, type_id: int) -> float:
    """When what is known of a period was asked for."""
    truth = Truth(world)
    for request in reversed(world.requests(Interface(REPORTS[report]))):
        about = float(str(request.parameters["collectTime"])) / 1000
        ids = str(request.parameters.get("devIds", request.parameters.get("stationCodes"))).split(",")
        if key in ids:
            rows = truth.rows(REPORTS[report], request.at, about, key, type_id)
            if begin * 1000 in {row["collectTime"] for row in rows}:
                return request.at
    raise AssertionError(f"nobody asked for the period of {report} that begins at {begin}")


def assert_both_right(world: HttpWorld, scrape: Scrape, report: str) -> int:
    """Both periods of a report, the running one as it was when it was asked for; how many values there were."""
    running = assert_right(world, scrape, report, "current", asked_at=partial(newest_answer, world, report))
    return running + assert_right(world, scrape, report, "last")


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


def period_starts(scrape: Scrape, report: str, period: str) -> dict[str, float]:
    return scrape.by("plant_code", f"fusionsolar_{report}_report_period_timestamp_seconds", period=period)


def local(world: HttpWorld, starts: dict[str, float]) -> dict[str, str]:
    """Local times by zone."""
    fleet = world.system.fleet.plants
    return {
        str(fleet[code].site.place.zone): datetime.fromtimestamp(
            begin, ZoneInfo(str(fleet[code].site.place.zone))
        ).strftime("%m-%d %H:%M")
        for code, begin in starts.items()
    }


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
