"""What the status page costs: ``scripts/benchmark status_page [--plants 1 20 1000] [--write DIR]``.

The exporter reads a simulated system until every plant has values; the day behind it is drawn by hand. Then its page is
made again and again, in processor time: with nothing new, after an answer about a hundred plants or devices, after
every plant and device had news, after another point of the charts, and as the first one of a process. What an answer
changes is worked out when it comes, in the background: that is measured beside the page.
``--write`` leaves each page in a directory, for ``scripts/check-page``.
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.status_news import News
from fusionsolar_exporter.building import build_exporter
from fusionsolar_exporter.demo import demo_config
from fusionsolar_exporter.exporter import Exporter
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.power_curves import BUCKET_SECONDS, POINTS
from fusionsolar_exporter.simulator.command import DEMO_PASSWORD, DEMO_USERNAME
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.scaled_time import ScaledTime
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem
from fusionsolar_exporter.web.status.builder import build_report
from fusionsolar_exporter.web.status.overview import PlantOverview
from fusionsolar_exporter.web.status.page import render_page
from fusionsolar_exporter.web.status.query import PlantQuery
from fusionsolar_exporter.web.status.style import CONTENT_SECURITY_POLICY

_SPEED = 120.0
_PATIENCE = 600.0
_TIMES = 31
_BATCH = 100


def main() -> None:
    """Measure, and print a line a fleet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plants", type=int, nargs="+", default=[1, 20, 1000])
    parser.add_argument("--write", type=Path, metavar="DIR")
    args = parser.parse_args()
    for plants in args.plants:
        _measure(plants, args.write)


def _measure(plants: int, directory: Path | None) -> None:
    now = ScaledTime(_SPEED, time.time() // 86400 * 86400 + 12 * 3600)
    plan = FleetPlan(plants=plants, devices={38: 1, 39: 1, 47: 1, 62: 1}, start=now(), alarm_share=0.1)
    system = SimulatedSystem(SimulatedFleet(plan), now=now, users={DEMO_USERNAME: DEMO_PASSWORD})
    clock = SystemClock()
    with SimulatorServer(system) as simulator:
        config = demo_config(simulator.url, _SPEED)
        exporter = build_exporter(config, lambda: config, clock=clock, log=EventLogger())
        exporter.start()
        try:
            _wait(exporter, plants)
        finally:
            exporter.stop()
    (view,) = exporter.views()
    _draw_the_day(exporter)

    news = News(view)
    overview = exporter.overview

    def page() -> bytes:
        report = build_report([news.view], overview.plants, clock=clock, ready=True)
        return render_page(report, PlantQuery(), overview.charts([news.view]), telemetry_path="/metrics")

    def first() -> None:
        nonlocal overview
        overview = PlantOverview(clock)

    content = page()
    print(
        f"{plants:,} plants: {len(content):,} bytes; milliseconds of a page, and in the background before", flush=True
    )
    kinds = {**news.kinds(_BATCH), "the first page": first}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    for _ in range(_TIMES):  # in turns: a busy machine then slows all of them alike
        for name, prepare in kinds.items():
            prepare()
            times[name].append((_milliseconds(lambda: overview.note(news.view)), _milliseconds(page)))
    for name, found in times.items():
        before, shown = zip(*found, strict=True)
        page_ms, before_ms = statistics.median(shown), statistics.median(before)
        print(f"  {name}: {page_ms:.1f} (at best {min(shown):.1f}), {before_ms:.1f}", flush=True)
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / f"status-{plants}.html").write_bytes(content)
        (directory / "policy.txt").write_text(CONTENT_SECURITY_POLICY, encoding="utf-8")


def _wait(exporter: Exporter, plants: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        snapshot = exporter.views()[0].snapshot
        if len(snapshot.plant_readings) >= plants <= len(snapshot.alarms) and len(snapshot.device_readings) >= plants:
            return
        time.sleep(0.2)
    raise SystemExit("the simulated plants have no values yet")


def _draw_the_day(exporter: Exporter) -> None:
    """A day of sun for each plant, as large as its power now."""
    (view,) = exporter.views()
    now = time.time()
    plants = exporter.overview.plants.of(view).plants
    for point in range(POINTS):
        height = math.sin(math.pi * (point - 24) / 96)
        moment = now - (POINTS - 1 - point) * BUCKET_SECONDS
        powers = {plant.plant_code: (plant.power_watts or 0.0) * max(height, 0.0) for plant in plants}
        view.power_curves.record(moment, dict(powers))


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1000


if __name__ == "__main__":
    main()
