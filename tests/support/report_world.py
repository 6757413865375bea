"""Reports of plants and devices in several time zones, and what the far side says about each period."""

import csv
import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.site import Place
from fusionsolar_exporter.simulator.system import SimulatedSystem
from support.http_world import DAY, HOUR, HttpWorld, only
from support.scrape import Scrape

TABLE = Path(__file__).parents[1] / "data" / "metrics_reports.tsv"
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
