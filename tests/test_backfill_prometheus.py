"""The past in a real Prometheus: blocks made of the files, every point what the far side says, and no seam."""

import csv
import http.server
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alert_tools.servers import wait_for
from backfill_support import DAY, LONDON, NOON, PastWorld
from support.http_world import HOUR, HttpWorld
from support.past_prometheus import PastPrometheus, make_blocks, past_prometheus, run_script

from fusionsolar_exporter.report_interfaces import REPORT_INTERFACES
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.status import REPORTS, CollectorName

pytestmark = pytest.mark.no_cover  # the tracer would double its time

DATA = Path(__file__).parent / "data"
REPORTS_TABLE, VALUES_TABLE = DATA / "metrics_reports.tsv", DATA / "metrics_realtime.tsv"
FAST: dict[str, Any] = {
    "rate_limits": {
        "min_gap": "0s",
        "interfaces": {
            name: {"calls": 100_000, "spacing": "0s"} for name in (*REPORT_INTERFACES.values(), "getDevHistoryKpi")
        },
    }
}
LABELS = ("--label", "job=fusionsolar", "--label", "instance=roof:10035")
GIGABYTE, FIVE_MINUTES = 1e9, 300.0
RULES = """groups:
  - name: deep
    interval: 1d
    rules:
      - {record: "d:four", expr: "c:three + 1"}
      - {record: "c:three", expr: "b:two * 2"}
      - {record: "b:two", expr: "a:one / 1000"}
      - {record: "a:one", expr: 'last_over_time(fusionsolar_plant_daily_report_inverter_yield_watthours[1d])'}
"""


def table_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table, delimiter="\t"))


def unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def day_of(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d")


def history(world: PastWorld, type_id: int, ids: str, begin: float, end: float) -> Iterator[dict[str, Any]]:
    """What the far side says of every five minutes."""
    while begin < end:
        until = min(end, begin + 3 * DAY)
        times = {"startTime": int(begin * 1000), "endTime": int(until * 1000) - 1}
        yield from world.truth("getDevHistoryKpi", devIds=ids, devTypeId=type_id, **times)
        begin = until


def assert_power_is_right(prometheus: PastPrometheus, world: PastWorld, begin: float, end: float) -> int:
    """Every five minutes; how many points were compared."""
    compared = 0
    found = prometheus.points("fusionsolar_plant_active_power_watts", begin, end - 300, 300)
    assert len(found) == len(world.fleet.plants)
    for labels, points in found:
        (inverter,) = world.fleet.plants[labels["plant_code"]].inverters
        rows = history(world, 38, inverter.id, begin, end)
        expected = {row["collectTime"] / 1000: row["dataItemMap"]["active_power"] * 1000 for row in rows}
        assert points == pytest.approx(expected)
        compared += len(points)
    return compared


def assert_values_are_right(prometheus: PastPrometheus, world: PastWorld, begin: float, end: float) -> int:
    """Every key of every device every five minutes; how many points were compared."""
    by_type: dict[int, list[str]] = {}
    for plant in world.fleet.plants.values():
        for device in plant.devices:
            by_type.setdefault(device.type_id, []).append(device.id)
    table, compared = table_of(VALUES_TABLE), 0
    for type_id, ids in by_type.items():
        rows = list(history(world, type_id, ",".join(ids), begin, end))
        for told in [one for one in table if one["device_type_id"] == str(type_id)]:
            expected: dict[str, dict[float, float]] = {}
            for row in rows:
                value = row["dataItemMap"].get(told["key"])
                if value is not None:
                    points = expected.setdefault(str(row["devId"]), {})
                    points[row["collectTime"] / 1000] = value * float(told["scale"])
            extra = f",{told['extra_label']}" if told["extra_label"] else ""
            selector = f'{told["metric"]}{{device_id=~"{"|".join(ids)}"{extra}}}'
            # a point that is not there must not be shown as the one before it
            found = prometheus.points(f"last_over_time({selector}[4m])", begin, end - 300, 300)
            assert {labels["device_id"]: points for labels, points in found} == {
                key: pytest.approx(points) for key, points in expected.items()
            }, told["metric"]
            compared += sum(map(len, expected.values()))
    return compared


def test_every_point_of_the_past_is_what_the_far_side_says(tmp_path: Path) -> None:
    world = PastWorld(FleetPlan(plants=2, devices={38: 1}, places=(LONDON,), start=NOON))
    what = ("--what", "plant_daily", *LABELS)
    told = world.run(tmp_path / "days", "--from", "2025-06-01", "--to", "2025-06-15", *what)
    five = world.run(tmp_path / "minutes", "--from", "2025-06-14", "--to", "2025-06-15", "--what", "device_5m", *LABELS)
    assert (told.status, five.status) == (0, 0)
    make_blocks([told.folder, five.folder], tmp_path / "data")
    with past_prometheus(tmp_path / "data", tmp_path) as prometheus:
        assert assert_reports_are_right(
            prometheus, world, CollectorName.PLANT_DAILY, unix("2025-06-01"), unix("2025-06-15")
        )
        day = unix("2025-06-14"), unix("2025-06-15")
        assert assert_power_is_right(prometheus, world, *day) == 2 * 288
        assert assert_values_are_right(prometheus, world, *day) > 2 * 288 * 20


def assert_reports_are_right(
    prometheus: PastPrometheus, world: PastWorld, report: CollectorName, begin: float, end: float
) -> int:
    """Every period within; how many points were compared. Periods stand at their last second."""
    by_type: dict[int, list[str]] = {}
    for plant in world.fleet.plants.values():
        by_type.setdefault(0, []).append(plant.code)
        for device in plant.devices:
            by_type.setdefault(device.type_id, []).append(device.id)
    compared = 0
    of_plants = report.value.startswith("plant")
    step = HOUR if report is CollectorName.PLANT_HOURLY else DAY
    rows = [row for row in table_of(REPORTS_TABLE) if row["interface"] == REPORT_INTERFACES[report]]
    for type_id, ids in by_type.items():
        wanted = {row["key"]: row for row in rows if row["device_type_id"] == (str(type_id) if type_id else "")}
        if bool(type_id) == of_plants or not wanted:
            continue
        periods = list(periods_of(world, report, type_id, ids, begin, end))
        for key, row in wanted.items():
            expected: dict[str, dict[float, float]] = {}
            for subject, last, values in periods:
                if values.get(key) is not None:
                    expected.setdefault(subject, {})[last] = values[key] * float(row["scale"])
            label = "plant_code" if of_plants else "device_id"
            selector = f'{row["metric"]}{{period="last",{label}=~"{"|".join(ids)}"}}'
            found = {
                labels[label]: points for labels, points in prometheus.points(selector, begin + step - 1, end, step)
            }
            assert found.keys() == expected.keys(), row["metric"]
            for subject, points in found.items():
                assert points == pytest.approx(expected[subject]), (row["metric"], subject)
                compared += len(points)
    return compared


def periods_of(
    world: PastWorld, report: CollectorName, type_id: int, ids: list[str], begin: float, end: float
) -> Iterator[tuple[str, float, dict[str, Any]]]:
    """Whom it is about, the last second, and the values of every whole period; the plants' clocks show UTC."""
    abouts = {PERIODS[report].container_of(begin + day * DAY): None for day in range(int((end - begin) / DAY))}
    asked = {"devIds": ",".join(ids), "devTypeId": type_id} if type_id else {"stationCodes": ",".join(ids)}
    seen: set[tuple[str, float]] = set()
    for about in abouts:
        for row in world.truth(REPORT_INTERFACES[report], collectTime=int(about * 1000), **asked):
            subject = str(row["devId"]) if type_id else row["stationCode"]
            since = row["collectTime"] / 1000
            last = PERIODS[report].end_of(since) - 1
            if (subject, since) not in seen and since >= begin and last < end:
                seen.add((subject, since))
                yield subject, last, row["dataItemMap"]


class Calendar:
    """Periods by the letters of their dates that differ."""

    def __init__(self, length: float, container: str) -> None:
        self._length = length
        self._container = container

    def container_of(self, moment: float) -> float:
        """Some moment of the day, month or year of a moment, always the same."""
        return unix(datetime.fromtimestamp(moment, UTC).strftime(self._container)) + 12 * HOUR

    def end_of(self, begin: float) -> float:
        """When the period is over that begins then."""
        after = datetime.fromtimestamp(begin + self._length, UTC)
        return unix(
            after.strftime(
                {HOUR: "%Y-%m-%dT%H:00", DAY: "%Y-%m-%d", 31 * DAY: "%Y-%m-01"}.get(self._length, "%Y-01-01")
            )
        )


_DAYS, _MONTHS, _YEARS = Calendar(DAY, "%Y-%m-01"), Calendar(31 * DAY, "%Y-01-01"), Calendar(366 * DAY, "2025-01-01")
PERIODS = {
    CollectorName.PLANT_HOURLY: Calendar(HOUR, "%Y-%m-%d"),
    CollectorName.PLANT_DAILY: _DAYS,
    CollectorName.PLANT_MONTHLY: _MONTHS,
    CollectorName.PLANT_YEARLY: _YEARS,
    CollectorName.DEVICE_DAILY: _DAYS,
    CollectorName.DEVICE_MONTHLY: _MONTHS,
    CollectorName.DEVICE_YEARLY: _YEARS,
}


@contextmanager
def served(text: str) -> Iterator[str]:
    """The address of a server that answers with an exposition."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
def test_two_years_of_five_plants(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All reports of two years and five minutes of a month, in the real present; some minutes, most of them waiting."""
    now = time.time() // DAY * DAY + DAY / 2
    midnight = now - DAY / 2
    begin, month = midnight - 730 * DAY, midnight - 30 * DAY
    plan = FleetPlan(plants=5, devices={38: 1, 39: 1}, places=(LONDON,), start=now, alarm_share=0)
    world = PastWorld(plan, options={"limits": False}, account=FAST, now=now)
    reports, minutes = tmp_path / "reports", tmp_path / "minutes"
    told = world.run(reports, "--from", day_of(begin), "--to", day_of(midnight), "--what", ",".join(REPORTS), *LABELS)
    five = world.run(minutes, "--from", day_of(month), "--to", day_of(midnight), "--what", "device_5m", *LABELS)
    assert (told.status, five.status) == (0, 0)

    data = tmp_path / "data"
    made = make_blocks([reports, minutes], data)
    took, processor = sum(one.seconds for one in made), sum(one.processor_seconds for one in made)
    peak = max(one.peak for one in made)
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    blocks = f"{size / 1e6:.0f} MB in {len(list(data.iterdir()))} blocks"
    with capsys.disabled():
        print(f"\nimport: {took:.0f} s, {processor:.0f} of the processor, at most {peak / 1e6:.0f} MB; {blocks}")  # noqa: T201
    assert processor < FIVE_MINUTES
    assert max(size, peak) < 2 * GIGABYTE

    collectors = {report.value: {"enabled": True} for report in REPORTS}
    with HttpWorld(plan, start=now, collectors=collectors, account={"name": "home"}) as live:
        live.run(900)
        exposition = live.exposition()
    with served(exposition) as address:
        scraped = f"{{targets: ['{address}'], labels: {{instance: 'roof:10035'}}}}"
        config = f"scrape_configs: [{{job_name: fusionsolar, scrape_interval: 1s, static_configs: [{scraped}]}}]\n"
        with past_prometheus(data, tmp_path, config) as prometheus:
            compared = {
                report.value: assert_reports_are_right(prometheus, world, report, begin, midnight) for report in REPORTS
            }
            compared["power"] = assert_power_is_right(prometheus, world, month, midnight)
            compared["device_5m"] = assert_values_are_right(prometheus, world, month, midnight)
            with capsys.disabled():
                print(f"points compared: {compared}")  # noqa: T201
            assert min(compared.values()) > 0

            assert_past_and_present_are_one(prometheus, begin, midnight)
            assert_a_rule_four_deep_answers(prometheus, tmp_path / "deep.yml", begin, midnight)


def assert_past_and_present_are_one(prometheus: PastPrometheus, begin: float, midnight: float) -> None:
    """What was scraped has the labels of what was written."""
    recently = time.time() - DAY
    wait_for(lambda: prometheus.series("fusionsolar_up", recently, time.time() + DAY), "nothing was scraped")
    for selector in (
        'fusionsolar_plant_daily_report_inverter_yield_watthours{period="last"}',
        "fusionsolar_plant_active_power_watts",
        "fusionsolar_device_active_power_watts",
        'fusionsolar_device_monthly_report_yield_watthours{period="last"}',
    ):
        past = prometheus.series(selector, begin, midnight)
        present = prometheus.series(selector, time.time() - 60, time.time() + 60)
        whole = prometheus.series(selector, begin, time.time() + 60)
        assert len(whole) == 5, selector
        assert sorted(map(str, past)) == sorted(map(str, present)) == sorted(map(str, whole)), selector


def assert_a_rule_four_deep_answers(prometheus: PastPrometheus, rules: Path, begin: float, midnight: float) -> None:
    """Every day of the whole time."""
    rules.write_text(RULES)
    flags = (f"--url={prometheus.url}", f"--data={prometheus.data}", "--interval=24h")
    run_script("backfill-rules", *flags, f"--start={begin + DAY:.0f}", f"--end={midnight:.0f}", str(rules))
    whole = begin + 3 * DAY, midnight - 3 * DAY, DAY
    four = prometheus.points("last_over_time(d:four[1d])", *whole)
    assert len(four) == 5
    assert max(len(points) for _, points in four) == 725  # who was connected later has fewer
    values = {labels["plant_code"]: points for labels, points in prometheus.points("last_over_time(a:one[1d])", *whole)}
    for labels, points in four:
        expected = values[labels["plant_code"]]
        assert points == pytest.approx({at: value / 1000 * 2 + 1 for at, value in expected.items()})
