"""``backfill``: every value is what the far side says, whatever interrupts it; what cannot be done is said."""

import os
import random
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from backfill_support import DAY, HOME, JUNE, LABELS, LONDON, NOON, SMALL, PastWorld, named, unix
from support.http_world import HttpWorld
from support.redis_server import RedisServer

from fusionsolar_exporter.backfill import command
from fusionsolar_exporter.backfill.asker import Asker
from fusionsolar_exporter.northbound import interfaces
from fusionsolar_exporter.refresh.engine import Engine
from fusionsolar_exporter.simulator.calls import Rules
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.site import Place


@pytest.mark.no_cover
def test_hours_days_and_months_are_what_the_far_side_says(tmp_path: Path) -> None:
    world = PastWorld()
    told = world.run(
        tmp_path / "out",
        "--from",
        "2025-03-01",
        "--to",
        "2025-06-12",
        "--what",
        "plant_monthly,plant_daily,device_daily",
    )
    assert told.status == 0
    for plant in world.fleet.plants.values():
        for interface, report, about in (
            ("getKpiStationDay", "daily", "2025-05-05"),
            ("getKpiStationMonth", "monthly", "2025-05-05"),
        ):
            points = named(told, f"fusionsolar_plant_{report}_report_inverter_yield_watthours", plant_code=plant.code)
            starts = named(told, f"fusionsolar_plant_{report}_report_period_timestamp_seconds", plant_code=plant.code)
            rows = world.truth(interface, stationCodes=plant.code, collectTime=int(unix(about) * 1000))
            for row in rows:
                begin = row["collectTime"] / 1000
                (at,) = [at for at, start in starts.items() if start == begin] or [0.0]
                if begin >= unix("2025-03-01") and at:
                    assert points[at] == pytest.approx(row["dataItemMap"]["inverter_power"] * 1000)
                    assert begin < at < begin + 31 * DAY
                    assert (at + 1) % DAY == 0  # the last second of its period
    assert all('period="last"' in series for series in told.samples())
    assert min(told.files) == "device_daily-2025-03-01.om"
    assert "plant_monthly-2025-05-01.om" in told.files
    assert "plant_monthly-2025-06-01.om" not in told.files  # June is not whole


def test_series_have_the_names_and_labels_of_live_scrapes(tmp_path: Path) -> None:
    world = PastWorld(SMALL)
    told = world.run(tmp_path / "out", *JUNE, "--what", "device_5m,plant_hourly")
    with HttpWorld(SMALL, start=NOON, collectors={"plant_hourly": {"enabled": True}}, account={"name": "home"}) as live:
        live.run(300)
        exposed = {line.rsplit(" ", 1)[0] for line in live.exposition().splitlines() if not line.startswith("#")}
    assert {series for series in told.samples() if series not in exposed} == set()


def assert_the_same_after_interruptions(world: PastWorld, folder: Path, interruptions: int) -> None:
    """As an undisturbed run leaves it; interrupted after one to five requests, and going on up to an hour later."""
    chance = random.Random(1)
    many = interruptions > 8
    begin, most = ("2025-04-20", 2) if many else ("2025-06-09", 5)
    what = ("--from", begin, "--to", "2025-06-12", "--what", "plant_hourly,plant_daily,device_daily,device_5m")
    undisturbed = PastWorld(world.plan).run(folder / "whole", *what)
    runs = 0
    while True:
        runs += 1
        limit = chance.randint(1, most) if runs <= interruptions else 10_000
        told = world.run(folder / "parts", *what, stop=limit.__le__)
        world.clock.advance(chance.randrange(0, 3600))
        if told.status == 0:
            break
        assert "goes on where this one was" in told.told
    assert runs > (interruptions if many else interruptions / 2)
    assert told.files == undisturbed.files
    assert world.refused() == {}
    assert not any((folder / "parts" / ".parts").rglob("*.*"))


TWO_DEVICES = FleetPlan(plants=1, devices={38: 1, 47: 1}, places=(LONDON,), start=NOON)
INTERRUPTIONS = pytest.mark.parametrize("interruptions", [8, pytest.param(50, marks=pytest.mark.slow)])


@pytest.mark.no_cover
@INTERRUPTIONS
def test_a_run_that_was_interrupted_leaves_the_same_bytes(tmp_path: Path, interruptions: int) -> None:
    state = {"state": {"url": f"sqlite:{tmp_path / 'state.sqlite'}"}}
    assert_the_same_after_interruptions(PastWorld(TWO_DEVICES, sections=state), tmp_path, interruptions)


@pytest.mark.no_cover
@INTERRUPTIONS
def test_the_same_bytes_with_state_in_redis(tmp_path: Path, interruptions: int) -> None:
    with RedisServer(tmp_path) as server:
        assert_the_same_after_interruptions(PastWorld(TWO_DEVICES, redis=server.url), tmp_path, interruptions)


def test_running_it_again_changes_no_byte_and_takes_over_what_was_revised(tmp_path: Path) -> None:
    rules = Rules(quirks=True)
    plan = FleetPlan(plants=1, devices=HOME, places=(LONDON,), start=NOON, quirks=True)
    # yesterday is not revised yet at four in the morning
    world = PastWorld(plan, rules, now=unix("2025-06-16T04:00"))
    flags = ("--from", "2025-06-10", "--to", "2025-06-16", "--what", "plant_daily")
    first = world.run(tmp_path / "out", *flags)
    written = {path.name: path.stat().st_mtime_ns for path in first.folder.glob("*.om")}
    world.clock.advance(8 * 3600)
    before = first.files
    second = world.run(tmp_path / "out", *flags)
    changed = {name for name, text in second.files.items() if before[name] != text}
    assert second.files.keys() == before.keys()
    assert changed == {"plant_daily-2025-06-15.om"}
    times = {path.name: path.stat().st_mtime_ns for path in second.folder.glob("*.om")}
    assert {name for name, at in times.items() if at != written[name]} == changed


def test_nothing_younger_than_three_hours_is_written(tmp_path: Path) -> None:
    told = PastWorld(SMALL).run(tmp_path / "out", "--from", "2025-06-16", "--what", "device_5m,plant_hourly")
    assert max(at for points in told.samples().values() for at in points) < NOON - 3 * 3600
    assert "three hours" in told.told


def test_a_dry_run_prints_a_line_an_interface_and_asks_for_lists_alone(tmp_path: Path) -> None:
    world = PastWorld()
    told = world.run(
        tmp_path / "out", "--from", "2025-03-18", "--to", "2025-06-16", "--what", "plant_hourly,device_5m", "--dry-run"
    )
    assert told.status == 0
    assert "getKpiStationHour: 90 calls, 25 a day" in told.told
    assert "getDevHistoryKpi: 90 calls, 27 a day" in told.told
    assert "without device_5m" in told.told or "without plant_hourly" in told.told
    assert not (tmp_path / "out").exists()
    assert {request.interface for request in world.system.log.requests} <= {
        Interface.LOGIN,
        Interface.LOGOUT,
        Interface.STATIONS,
        Interface.DEVICES,
    }


def test_the_plan_leaves_the_exporter_what_its_own_reports_need(tmp_path: Path) -> None:
    state = {"state": {"url": f"sqlite:{tmp_path / 'state.sqlite'}"}}
    world = PastWorld(SMALL, sections={**state, "collectors": {"plant_hourly": {"enabled": True}}})
    told = world.run(tmp_path / "out", *JUNE, "--what", "plant_hourly,plant_daily", "--dry-run")
    # of 25: a tenth stays free, two are for the end of the day, the others are spread over it
    assert "getKpiStationHour: 2 calls, 3 a day beside the exporter" in told.told
    assert "getKpiStationDay: 1 calls, 25 a day beside the exporter" in told.told


def test_signals_end_what_they_ended_before(tmp_path: Path) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    PastWorld(SMALL).run(tmp_path / "out", *JUNE, "--what", "plant_hourly", "--dry-run")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


@pytest.mark.no_cover
def test_the_plan_says_how_long_it_takes(tmp_path: Path) -> None:
    world = PastWorld(SMALL)
    told = world.run(tmp_path / "out", "--from", "2025-03-18", "--to", "2025-06-16", "--what", "plant_hourly")
    days = (world.clock.now() - NOON) / DAY
    assert told.status == 0
    assert "90 calls, 25 a day beside the exporter, 3.0 days" in told.told
    assert days == pytest.approx(3.0, rel=0.05)
    assert world.refused() == {}
    assert len(told.files) == 90


def test_newest_first(tmp_path: Path) -> None:
    world = PastWorld(SMALL)
    told = world.run(tmp_path / "out", "--from", "2025-06-01", "--to", "2025-06-12", "--what", "plant_hourly")
    asked = [int(str(request.parameters["collectTime"])) for request in world.system.log.of(Interface.PLANT_HOURS)]
    assert asked == sorted(asked, reverse=True)
    assert len(asked) == 11
    assert told.told.endswith("\n11 of 11 requests, 100%\n")
    assert told.told.count("100%") == 1


def test_the_next_run_knows_the_calls_of_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known: list[Mapping[interfaces.Interface, Sequence[float]]] = []

    def asker(
        engine: Engine, own: dict[interfaces.Interface, list[float]], stop: threading.Event, *, shared: bool
    ) -> Asker:
        known.append(dict(own))
        return Asker(engine, own, stop, shared=shared)

    monkeypatch.setattr(command, "Asker", asker)
    world = PastWorld(SMALL)
    world.run(tmp_path / "out", *JUNE, "--what", "device_5m", stop=lambda asked: asked >= 5)
    world.run(tmp_path / "out", *JUNE, "--what", "device_5m")
    asked = [request.at for request in world.system.log.of(Interface.DEVICE_HISTORY)]
    assert known[0] == {}
    ((interface, moments),) = known[1].items()
    assert interface is interfaces.Interface.GET_DEV_HISTORY_KPI
    assert moments
    assert moments == pytest.approx(asked[: len(moments)], abs=1)


def test_while_one_interface_has_to_wait_others_are_asked(tmp_path: Path) -> None:
    world = PastWorld(SMALL)
    world.run(tmp_path / "out", "--from", "2025-05-25", "--to", "2025-06-12", "--what", "plant_daily,device_5m")
    begins, ends = [], []
    for interface in (Interface.PLANT_DAYS, Interface.DEVICE_HISTORY):
        moments = [request.at for request in world.system.log.of(interface)]
        assert len(moments) > 1
        begins.append(moments[0])
        ends.append(moments[-1])
    assert max(begins) < min(ends)


def test_what_is_not_permitted_is_said_and_the_rest_is_done(tmp_path: Path) -> None:
    world = PastWorld(SMALL, options={"forbidden": frozenset({Interface.PLANT_HOURS})})
    told = world.run(tmp_path / "out", *JUNE, "--what", "plant_hourly,plant_daily")
    assert told.status == 1
    assert "getKpiStationHour is not permitted" in told.told
    assert {name.split("-")[0] for name in told.files} == {"plant_daily"}
    assert len(world.system.log.of(Interface.PLANT_HOURS)) == 1


def test_each_run_asks_again_what_was_not_permitted(tmp_path: Path) -> None:
    state = {"state": {"url": f"sqlite:{tmp_path / 'state.sqlite'}"}}
    world = PastWorld(SMALL, options={"forbidden": frozenset({Interface.PLANT_HOURS})}, sections=state)
    assert world.run(tmp_path / "first", *JUNE, "--what", "plant_hourly").status == 1
    world.system.forbidden, began = frozenset(), world.clock.now()
    assert world.run(tmp_path / "second", *JUNE, "--what", "plant_hourly").status == 0
    assert world.clock.now() - began < DAY / 2


def test_bare_dates_are_days_of_the_plants_own_zone(tmp_path: Path) -> None:
    sydney = Place(-33.87, 151.21, 10)
    world = PastWorld(FleetPlan(plants=1, devices={38: 1}, places=(sydney,), start=NOON))
    told = world.run(tmp_path / "out", *JUNE, "--what", "plant_hourly,device_5m")
    starts = named(told, "fusionsolar_plant_hourly_report_period_timestamp_seconds").values()
    assert (min(starts), max(starts)) == (unix("2025-06-09T14:00"), unix("2025-06-11T13:00"))
    power = named(told, "fusionsolar_plant_active_power_watts")
    assert (min(power), max(power)) == (unix("2025-06-09T14:00"), unix("2025-06-11T13:55"))
    assert {name.partition("-")[2] for name in told.files} == {"2025-06-10.om", "2025-06-11.om"}


def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail("promtool is not installed")
        pytest.skip("promtool is not installed")
    return found


@pytest.mark.no_cover
def test_promtool_takes_the_files_as_they_are(tmp_path: Path) -> None:
    odd = FleetPlan(plants=2, devices={38: 1, 23070: 1}, places=(LONDON,), start=NOON, odd_names=True, quirks=True)
    told = PastWorld(odd, Rules(quirks=True)).run(
        tmp_path / "out", *JUNE, "--what", "plant_hourly,plant_daily,device_daily,device_5m", *LABELS
    )
    assert told.status == 0
    for path in sorted(told.folder.glob("*-2025-06-10.om")):
        command = [promtool(), "tsdb", "create-blocks-from", "openmetrics", str(path), str(tmp_path / "data")]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (made.returncode, made.stderr) == (0, ""), path.name
