"""The past in a real Prometheus: blocks made of the files, every point what the far side says, and no seam."""

import urllib.parse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alert_tools.promtool import program, promtool
from alert_tools.servers import ask, serving
from backfill_support import DAY, LONDON, NOON, PastWorld

from fusionsolar_exporter.simulator.plan import FleetPlan

pytestmark = pytest.mark.no_cover  # the tracer would double its time

BEGIN = "2025-05-01"


def unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def query_range(url: str, query: str, begin: float, end: float, step: float) -> list[dict[str, Any]]:
    asked = urllib.parse.urlencode({"query": query, "start": begin, "end": end, "step": step})
    answer = ask(f"{url}/api/v1/query_range?{asked}")
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


def test_every_point_of_the_past_is_what_the_far_side_says(tmp_path: Path) -> None:
    plan = FleetPlan(plants=5, devices={38: 1}, places=(LONDON,), start=NOON)
    world = PastWorld(plan)
    flags = ("--from", BEGIN, "--to", "2025-06-15", "--what", "plant_daily", "--label", "job=fusionsolar")
    told = world.run(tmp_path / "days", *flags)
    five = world.run(
        tmp_path / "minutes", "--from", "2025-06-14", "--to", "2025-06-15", "--what", "device_5m", "--label", "job=x"
    )
    assert (told.status, five.status) == (0, 0)
    data = tmp_path / "prometheus"
    for path in (*sorted(told.folder.glob("*.om")), *sorted(five.folder.glob("*.om"))):
        made = promtool("tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=720h", str(path), str(data))
        assert made.returncode == 0, made.stderr
    config = tmp_path / "prometheus.yml"
    config.write_text("global: {scrape_interval: 15s}\n")
    arguments = (
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        "--storage.tsdb.retention.time=10y",
        "--web.listen-address=127.0.0.1:0",
    )
    with serving(program("prometheus"), *arguments, log=tmp_path / "log") as url:
        metric = "fusionsolar_plant_daily_report_inverter_yield_watthours"
        days = query_range(url, metric, unix(BEGIN) + DAY - 1, unix("2025-06-15") - 1, DAY)
        power = query_range(
            url, "fusionsolar_plant_active_power_watts", unix("2025-06-14"), unix("2025-06-15") - 300, 300
        )

    assert len(days) == len(power) == 5
    for series in days:
        code = series["metric"]["plant_code"]
        assert (series["metric"]["job"], series["metric"]["period"]) == ("fusionsolar", "last")
        rows = [
            row
            for month in (BEGIN, "2025-06-05")
            for row in world.truth("getKpiStationDay", stationCodes=code, collectTime=int(unix(month) * 1000))
        ]
        expected = {row["collectTime"] / 1000 + DAY - 1: row["dataItemMap"]["inverter_power"] * 1000 for row in rows}
        points = {float(at): float(value) for at, value in series["values"]}
        assert len(points) == 45
        assert points == pytest.approx({at: expected[at] for at in points})
    for series in power:
        code = series["metric"]["plant_code"]
        (inverter,) = world.fleet.plants[code].inverters
        rows = world.truth(
            "getDevHistoryKpi",
            devIds=inverter.id,
            devTypeId=38,
            startTime=int(unix("2025-06-14") * 1000),
            endTime=int(unix("2025-06-15") * 1000) - 1,
        )
        expected = {row["collectTime"] / 1000: row["dataItemMap"]["active_power"] * 1000 for row in rows}
        assert {float(at): float(value) for at, value in series["values"]} == pytest.approx(expected)
