"""``backfill`` and what goes wrong: it is said, nothing is overwritten, and the rest is done."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from backfill_support import DAY, HOME, LONDON, NOON, PastWorld, logged
from support.http_world import differences

from fusionsolar_exporter import logs
from fusionsolar_exporter.backfill.folder import own_folder
from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

JUNE = ("--from", "2025-06-10", "--to", "2025-06-12")
SMALL = FleetPlan(plants=1, devices=HOME, places=(LONDON,), start=NOON, alarm_share=0)
ONE = FleetPlan(plants=1, devices={38: 1}, places=(LONDON,), start=NOON, alarm_share=0)
TWO = FleetPlan(plants=1, devices={38: 2}, places=(LONDON,), start=NOON, alarm_share=0)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--from", "soon"), "'soon' is no time"),
        (("--from", "2025-06-10T00:00:00"), "is no time"),
        (("--from", "2025-02-30"), "is no time"),
        (("--from", "2025-06-12", "--to", "2025-06-10"), "--from is not before --to"),
        (("--from", "2030-01-01", "--to", "2031-01-01"), "--from is in the future"),
        (("--from", "2025-06-10", "--label", "1x=2"), "'1x=2' is no label"),
        (("--from", "2025-06-10", "--label", "job"), "'job' is no label"),
        (("--from", "2025-06-10", "--label", "job="), "'job=' is no label"),
        (("--from", "2025-06-10", "--label", "größe=2"), "is no label"),
        (("--from", "2025-06-10", "--label", "__name__=x"), "is no label"),
        (("--from", "2025-06-10", "--label", "plant=2"), "the exporter's own"),
        (("--from", "2025-06-10", "--label", "phase=a"), "the exporter's own"),
        (("--from", "2025-06-10", "--label", "job=1", "--label", "job=2"), "given twice"),
        (("--from", "2025-06-10", "--what", "plant_weekly"), "'plant_weekly' cannot be asked for"),
        (("--from", "2025-06-10", "--account", "nobody"), "no account is named 'nobody'"),
    ],
)
def test_what_is_given_wrongly_is_told_and_asks_nothing(
    tmp_path: Path, flags: tuple[str, ...], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = PastWorld(SMALL)
    given = flags if "--what" in flags else (*flags, "--what", "plant_daily")
    told = world.run(tmp_path / "out", *given)
    assert told.status == 1
    assert message in logged(caplog)
    assert world.system.log.requests == ()
    assert not (tmp_path / "out").exists()


def test_what_is_still_to_come_is_left_out(tmp_path: Path) -> None:
    world = PastWorld(SMALL)
    told = world.run(tmp_path / "out", "--from", "2025-06-14", "--to", "2031-01-01", "--what", "plant_daily")
    assert told.status == 0
    assert "nothing younger than three hours is written" in told.told
    assert list(told.files) == ["plant_daily-2025-06-14.om", "plant_daily-2025-06-15.om"]


def test_times_before_the_plant_was_built_cost_no_calls(tmp_path: Path) -> None:
    world = PastWorld(SMALL)
    (plant,) = world.fleet.plants.values()
    built = datetime.fromtimestamp(plant.connected_at, UTC)
    begin = (built - timedelta(days=400)).strftime("%Y-%m-%d")
    end = (built + timedelta(days=3)).strftime("%Y-%m-%d")
    told = world.run(tmp_path / "out", "--from", begin, "--to", end, "--what", "plant_hourly")
    assert told.status == 0
    assert f"nothing before {built:%Y-%m-%d} is asked for: no plant was connected then" in told.told
    assert len(world.system.log.of(Interface.PLANT_HOURS)) <= 4
    before = world.run(tmp_path / "none", "--from", "1999-01-01", "--to", "1999-02-01", "--what", "plant_hourly")
    assert (before.status, before.files) == (0, {})
    assert "nothing to ask for" in before.told


@pytest.mark.parametrize("flags", [(), ("--dry-run",)], ids=["run", "dry run"])
def test_a_run_that_is_interrupted_before_it_knows_the_plants_says_so_and_plans_nothing(
    tmp_path: Path, flags: tuple[str, ...]
) -> None:
    world = PastWorld(ONE)
    told = world.run(tmp_path / "out", *JUNE, "--what", "device_5m", *flags, stop=lambda asked: asked >= 1)
    assert told.status == 1
    assert told.told.count("interrupted") == 1
    assert "are not known" not in told.told
    assert len(world.system.log.requests) == 1


def test_a_session_that_ends_before_the_plants_are_known_is_begun_anew(tmp_path: Path) -> None:
    world = PastWorld(ONE)
    world.system.faults.order(Fault(FaultKind.DROP_SESSION, Interface.STATIONS))
    told = world.run(tmp_path / "out", *JUNE, "--what", "plant_hourly")
    assert told.status == 0
    assert len(told.files) == 2
    sent = [request.at for request in world.system.log.requests]
    assert len(world.system.log.of(Interface.LOGIN)) == 2
    assert min(differences(sent)) >= 1  # second


def test_more_than_the_far_side_keeps_is_not_asked_for(tmp_path: Path) -> None:
    world = PastWorld(ONE)
    told = world.run(tmp_path / "out", "--from", "2023-01-01", "--to", "2024-06-20", "--what", "device_5m")
    assert told.status == 0
    assert "device_5m of before 2024-06-16 is not asked for: 365 days are kept" in told.told
    assert world.refused() == {}
    assert min(told.files) == "device_5m-2024-06-16.om"


def test_what_goes_while_a_backfill_is_interrupted_is_not_asked_for_either(tmp_path: Path) -> None:
    world = PastWorld(ONE)
    flags = ("--from", "2023-01-01", "--to", "2024-06-24", "--what", "device_5m")
    world.run(tmp_path / "out", *flags, stop=lambda asked: asked >= 4)
    world.clock.advance(4.5 * DAY)
    told = world.run(tmp_path / "out", *flags)
    assert told.status == 1
    assert "getDevHistoryKpi keeps nothing of 2024-06-20 and before: left out" in told.told
    assert world.refused() == {}
    assert max(told.files) == "device_5m-2024-06-23.om"


@pytest.mark.parametrize(
    ("fail_code", "message", "calls"),
    [
        (20026, "getDevHistoryKpi keeps nothing of 2025-06-11 and before: left out", 1),
        (20009, "getDevHistoryKpi is not permitted or not there", 3),
    ],
)
def test_what_the_far_side_refuses_hides_nothing_else(tmp_path: Path, fail_code: int, message: str, calls: int) -> None:
    world = PastWorld(FleetPlan(plants=1, devices={38: 1, 39: 1, 47: 1, 10: 1, 17: 1}, places=(LONDON,), start=NOON))
    world.system.faults.order(Fault(FaultKind.FAIL_CODE, Interface.DEVICE_HISTORY, times=None, fail_code=fail_code))
    told = world.run(tmp_path / "out", *JUNE, "--what", "device_5m,plant_daily")
    assert told.status == 1
    assert message in told.told
    assert list(told.files) == ["plant_daily-2025-06-10.om", "plant_daily-2025-06-11.om"]
    assert len(world.system.log.of(Interface.DEVICE_HISTORY)) == calls


def test_its_log_never_has_a_secret(tmp_path: Path) -> None:
    secret = "of this test alone"
    world = PastWorld(ONE, account={"proxy_url": "http://me:of%20this%20test%20alone@proxy.example:3128"})
    assert secret in logs.without_secrets(secret)
    assert world.run(tmp_path / "out", *JUNE, "--what", "plant_daily").status == 0
    assert secret not in logs.without_secrets(secret)


def test_a_refusal_of_one_run_pauses_the_next(tmp_path: Path) -> None:
    world = PastWorld(ONE, sections={"state": {"url": f"sqlite:{tmp_path / 'state.sqlite'}"}})
    world.system.faults.order(Fault(FaultKind.FAIL_CODE, Interface.DEVICE_HISTORY, fail_code=407))
    world.run(tmp_path / "first", *JUNE, "--what", "device_5m", stop=lambda asked: asked >= 4)
    world.run(tmp_path / "second", *JUNE, "--what", "device_5m")
    refused, then, *_ = [request.at for request in world.system.log.of(Interface.DEVICE_HISTORY)]
    assert then - refused > 3600


def test_one_rejected_request_hides_no_other(tmp_path: Path) -> None:
    world = PastWorld(ONE)
    world.system.faults.order(Fault(FaultKind.FAIL_CODE, Interface.DEVICE_HISTORY, fail_code=20009))
    told = world.run(tmp_path / "out", "--from", "2025-06-04", "--to", "2025-06-10", "--what", "device_5m")
    assert told.status == 1
    assert "getDevHistoryKpi refuses 2025-06-07 to 2025-06-09: left out" in told.told
    assert list(told.files) == [f"device_5m-2025-06-0{day}.om" for day in (4, 5, 6)]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file can grow beyond it, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [100, 3_000, 60_000])
def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path, size: int, caplog: pytest.LogCaptureFixture) -> None:
    flags = ("--from", "2025-06-11", "--to", "2025-06-12", "--what", "plant_daily,device_5m")
    undisturbed = PastWorld(ONE).run(tmp_path / "whole", *flags)
    world = PastWorld(ONE)
    with largest_file(size):
        told = world.run(tmp_path / "out", *flags)
    assert told.status == 1
    assert "File too large. Mend that, and the same command goes on where this one was" in logged(caplog)
    assert told.files.items() <= undisturbed.files.items()
    assert not list((tmp_path / "out").rglob("*.tmp"))
    world.clock.advance(300)
    again = world.run(tmp_path / "out", *flags)
    assert again.status == 0
    assert again.files == undisturbed.files


@pytest.mark.parametrize(
    ("there", "message"),
    [
        ({"precious.txt": "mine"}, "is not empty and no backfill's"),
        ({"backfill.json": '{"mine": 1}'}, "is no backfill's"),
        ({"backfill.json": "mine"}, "is no backfill's"),
        ({"backfill.json": "[]", "plant_daily-2025-06-10.om": "mine"}, "is no backfill's"),
    ],
)
def test_someone_elses_folder_is_left_alone(
    tmp_path: Path, there: dict[str, str], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    for name, text in there.items():
        (folder / name).write_text(text)
    before, world = contents(folder), PastWorld(SMALL)
    told = world.run(folder, *JUNE, "--what", "plant_daily")
    assert told.status == 1
    assert message in logged(caplog)
    assert contents(folder) == before
    assert world.system.log.requests == ()


def test_a_file_in_the_place_of_the_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "out").write_text("mine")
    told = PastWorld(SMALL).run(tmp_path / "out", *JUNE, "--what", "plant_daily")
    assert told.status == 1
    assert "File exists" in logged(caplog)
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("text", ["mine\n", "# EOF\nmine", "", "up 1 1750000000\n# EOF\n"])
def test_someone_elses_file_of_that_name_is_left_alone(
    tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = PastWorld(SMALL)
    world.run(tmp_path / "out", *JUNE, "--what", "plant_daily")
    (tmp_path / "out" / "notes.txt").write_text("mine")
    (tmp_path / "out" / "plant_daily-2025-06-09.om").write_text(text)
    told = world.run(tmp_path / "out", "--from", "2025-06-09", "--to", "2025-06-10", "--what", "plant_daily")
    assert told.status == 1
    assert "was not written by a backfill, and stays as it is" in logged(caplog)
    assert told.files["plant_daily-2025-06-09.om"] == text
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_two_backfills_do_not_write_into_one_folder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with own_folder(tmp_path / "out"):
        told = PastWorld(SMALL).run(tmp_path / "out", *JUNE, "--what", "plant_daily")
    assert told.status == 1
    assert "another backfill writes into" in logged(caplog)
    assert PastWorld(SMALL).run(tmp_path / "out", *JUNE, "--what", "plant_daily").status == 0


@pytest.mark.no_cover
def test_a_device_that_vanished_in_between_hides_no_other(tmp_path: Path) -> None:
    world = PastWorld(TWO)
    gone, *others = list(world.fleet.devices)
    flags = ("--from", "2025-06-07", "--to", "2025-06-12", "--what", "device_5m")
    first = world.run(tmp_path / "out", *flags, stop=lambda asked: asked >= 4)
    assert first.status == 1
    assert len(first.files) == 3
    before = {name: samples for name, samples in first.files.items() if f'device_id="{gone}"' in samples}
    world.clock.advance(120)
    world.fleet.remove_device(gone)
    told = world.run(tmp_path / "out", *flags)
    assert told.status == 0
    assert len(told.files) == 5
    for text in told.files.values():
        assert all(f'device_id="{device}"' in text for device in others)
    for name, text in before.items():
        assert own(text, gone) == own(told.files[name], gone) != []


def own(text: str, device: str) -> list[str]:
    return [line for line in text.splitlines() if f'device_id="{device}"' in line]


@pytest.mark.no_cover
def test_a_device_that_vanishes_while_it_runs_is_left_out_by_name(tmp_path: Path) -> None:
    world = PastWorld(TWO)
    gone, *others = list(world.fleet.devices)

    def vanish(asked: int) -> bool:
        if asked == 4 and gone in world.fleet.devices:
            world.fleet.remove_device(gone)
        return False

    told = world.run(tmp_path / "out", "--from", "2025-06-07", "--to", "2025-06-13", "--what", "device_5m", stop=vanish)
    assert told.status == 1
    assert f"device_5m of {gone} is refused, and left out" in told.told
    assert len(told.files) == 6
    for name, text in told.files.items():
        assert all(own(text, device) for device in others)
        assert bool(own(text, gone)) == (name >= "device_5m-2025-06-10.om")


def test_a_part_of_a_day_takes_nothing_from_the_rest_of_it(tmp_path: Path) -> None:
    world = PastWorld(ONE)
    whole = world.run(tmp_path / "out", *JUNE, "--what", "device_5m,plant_hourly")
    before = contents(whole.folder)
    world.clock.advance(DAY)
    part = ("--from", "2025-06-10T09:00:00Z", "--to", "2025-06-11T15:00:00Z")
    told = world.run(tmp_path / "out", *part, "--what", "device_5m,plant_hourly")
    assert told.status == 0
    after = contents(told.folder)
    assert {name for name in after if after[name] != before[name]} == {"backfill.json"}


def test_another_account_takes_nothing_from_the_first(tmp_path: Path) -> None:
    accounts: list[dict[str, Any]] = [
        {"name": name, "url": f"http://{name}.example", "username": "northbound", "password": "correct horse"}
        for name in ("home", "other")
    ]
    world = PastWorld(SMALL, sections={"accounts": accounts})
    flags = (*JUNE, "--what", "plant_daily")
    first = world.run(tmp_path / "out", *flags, "--account", "home").samples()
    world.clock.advance(DAY)
    both = world.run(tmp_path / "out", *flags, "--account", "other").samples()
    assert first.items() <= both.items()
    assert len(both) == 2 * len(first)
    assert json.loads((tmp_path / "out" / "backfill.json").read_text())["finished"]
