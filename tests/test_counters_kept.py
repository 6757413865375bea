"""Energy counters of an account: over restarts, between processes on one state, and as they are exported."""

import random
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import pytest
from metrics_support import PLANT, PLANT_LABELS, Exporter, device_labels, named, series, snapshot, view
from support.http_world import HOUR, HttpWorld
from support.kept_world import KeptWorld

from fusionsolar_exporter.counters.counted import DEVICE_KEYS, PLANT_KEYS
from fusionsolar_exporter.counters.energy_counters import Counted
from fusionsolar_exporter.counters.registers import DayRegister, LifetimeRegister
from fusionsolar_exporter.metrics.families import FAMILIES, MetricType
from fusionsolar_exporter.metrics.kpis import COUNTERS
from fusionsolar_exporter.northbound.model import Device
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.refresh.persistence.counters_record import COUNTERS as RECORD
from fusionsolar_exporter.refresh.persistence.counters_record import CountersRecord, counters_record, read_counters
from fusionsolar_exporter.refresh.persistence.records import UnreadableRecordError
from fusionsolar_exporter.simulator.plan import FleetPlan

HOME = {38: 1, 39: 1, 47: 1}


def totals(account: Account) -> Mapping[tuple[str, str], float]:
    """What is served, by plant code or device id and key."""
    found = account.cache.snapshot()
    readings = [*found.plant_readings.values(), *found.device_readings.values()]
    return {(reading.id, key): total for reading in readings for key, total in reading.totals.items()}


@pytest.mark.no_cover
@pytest.mark.parametrize("restarts", [15, pytest.param(50, marks=pytest.mark.slow)])
def test_counters_go_on_over_restarts_and_never_fall(tmp_path: Path, restarts: int) -> None:
    world = KeptWorld(tmp_path, FleetPlan(plants=1, devices=HOME))
    seen = []
    rng = random.Random(1)
    for _ in range(restarts):
        world.run(rng.uniform(60, 2 * HOUR))
        seen.append(totals(world.account))
        world.kill()
        world.start()
        assert totals(world.account) == seen[-1]
    found = world.account.cache.snapshot()

    assert {key for _, key in seen[0]} == {
        "total_power", "total_cap", "active_cap", "reverse_active_cap", "charge_cap", "discharge_cap",
    }  # fmt: skip
    for earlier, later in pairwise(seen):
        assert all(later[key] >= total for key, total in earlier.items() if key in later)
    for reading in (*found.plant_readings.values(), *found.device_readings.values()):
        for key in {"total_power", "total_cap", "active_cap", "reverse_active_cap"} & reading.totals.keys():
            assert reading.totals[key] == pytest.approx(reading.values[key] * 1000)
    charged = {key: total for (_, key), total in seen[-1].items() if key in {"charge_cap", "discharge_cap"}}
    assert min(charged.values()) > 100


@pytest.mark.no_cover
def test_every_process_on_one_state_serves_the_same(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, FleetPlan(plants=1, devices=HOME))
    world.run(3 * HOUR)
    follower = world.process()
    follower.step()

    assert totals(follower) == totals(world.account) != {}
    before = totals(world.account)
    for _ in range(10):
        world.run(HOUR)
        follower.step()
        assert totals(follower) == totals(world.account)
        assert all(total >= before[key] for key, total in totals(follower).items())
        before = totals(follower)


def test_what_is_counted_is_what_the_table_says() -> None:
    assert {key for type_id, key in COUNTERS if type_id is None} == PLANT_KEYS.keys()
    assert {(type_id, key) for type_id, key in COUNTERS if type_id is not None} == {
        (type_id, key) for type_id, kinds in DEVICE_KEYS.items() for key in kinds
    }
    assert all(FAMILIES[name].type is MetricType.COUNTER for name in COUNTERS.values())


def test_every_type_of_device_that_counts_energy_has_its_counters() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1, 38: 1, 17: 1, 47: 1, 39: 1, 41: 1})) as world:
        world.run(HOUR)
        scrape = world.scrape()

    for kinds, expected in (
        (("yield",), {"string_inverter", "residential_inverter"}),
        (("positive_active_energy", "negative_active_energy"), {"grid_meter", "power_sensor"}),
        (("charged_energy", "discharged_energy"), {"battery", "ess"}),
    ):
        for kind in kinds:
            samples = scrape.all(f"fusionsolar_device_{kind}_watthours_total")
            assert {one.labels["device_type"] for one in samples} == expected


@pytest.mark.parametrize("type_id", DEVICE_KEYS)
def test_totals_are_exported_in_watthours(type_id: int) -> None:
    device = Device("7", "Thing", PLANT.code, type_id)
    keys = DEVICE_KEYS[type_id]
    content = snapshot(
        devices=[device],
        device_values={"7": dict.fromkeys(keys, 1.0)},
        plant_values={PLANT.code: dict.fromkeys(PLANT_KEYS, 1.0)},
        totals={"7": dict.fromkeys(keys, 1234.5), PLANT.code: dict.fromkeys(PLANT_KEYS, 5.0)},
    )

    found = Exporter([view(content)]).scrape()

    for key in keys:
        (labels,) = named(found, COUNTERS[type_id, key])
        assert found[COUNTERS[type_id, key], labels] == 1234.5
        assert dict(labels).items() >= device_labels(device, dict(labels)["device_type"]).items()
    for key in PLANT_KEYS:
        assert found[series(COUNTERS[None, key], PLANT_LABELS)] == 5.0


def test_registers_are_written_and_read() -> None:
    counted = {
        "NE=1\ud800": Counted(5.5, {"total_power": LifetimeRegister(1.5, 2.0, 1, 2, 3.0)}),
        "7": Counted(6.0, {"charge_cap": DayRegister(1.0, 2.0, 3.0, -1)}),
        "8": Counted(7.0),
    }

    assert read_counters(counters_record(counted)) == counted


@pytest.mark.parametrize("numbers", [(1.0,), (1.0,) * 9, (-1.0, 1.0, 1.0), (float("inf"), 1.0, 1.0)])
def test_what_is_no_register_is_not_read(numbers: tuple[float, ...]) -> None:
    with pytest.raises(UnreadableRecordError):
        read_counters(RECORD.write(CountersRecord({"7": (1.0, {"total_cap": numbers})})))


def test_what_this_version_does_not_count_is_left_out() -> None:
    record = RECORD.write(CountersRecord({"7": (1.0, {"odd": (1.0,)})}))

    assert read_counters(record) == {"7": Counted(1.0)}
