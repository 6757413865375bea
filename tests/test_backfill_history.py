"""``backfill`` of devices: every five minutes of the past, in the unit that the readings say."""

from enum import StrEnum
from pathlib import Path
from typing import Any, cast

import pytest
from backfill_support import JUNE, LABELS, LONDON, NOON, SMALL, PastWorld, named, unix
from typing_extensions import override

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.faults import Faults
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan


@pytest.mark.no_cover
def test_five_minutes_are_what_the_far_side_says_and_plants_are_summed(tmp_path: Path) -> None:
    world = PastWorld(FleetPlan(plants=1, devices={38: 2, 39: 1, 47: 1}, places=(LONDON,), start=NOON))
    told = world.run(tmp_path / "out", *JUNE, "--what", "device_5m", *LABELS)
    (plant,) = world.fleet.plants.values()
    power = named(told, "fusionsolar_plant_active_power_watts", plant_code=plant.code, job="fusionsolar")
    assert sorted(power) == [unix("2025-06-10") + step * 300 for step in range(576)]
    sums = dict.fromkeys(power, 0.0)
    for device in plant.inverters:
        points = named(told, "fusionsolar_device_active_power_watts", device_id=device.id, instance="roof:10035")
        rows = world.truth(
            "getDevHistoryKpi",
            devIds=device.id,
            devTypeId=38,
            startTime=int(unix("2025-06-10") * 1000),
            endTime=int(unix("2025-06-12") * 1000) - 1,
        )
        assert points == {
            row["collectTime"] / 1000: pytest.approx(row["dataItemMap"]["active_power"] * 1000) for row in rows
        }
        for at, value in points.items():
            sums[at] += value
    assert power == pytest.approx(sums)
    assert max(power.values()) > 0


@pytest.mark.no_cover
def test_a_server_without_history_is_asked_the_older_way(tmp_path: Path) -> None:
    world = PastWorld(SMALL, options={"missing": frozenset({Interface.DEVICE_HISTORY})})
    told = world.run(tmp_path / "out", *JUNE, "--what", "device_5m")
    newer = PastWorld(SMALL).run(tmp_path / "newer", *JUNE, "--what", "device_5m")
    assert told.status == 0
    assert "getDevFiveMinutes" in told.told
    assert told.files.keys() == newer.files.keys()
    old, new = told.samples(), newer.samples()
    assert old.items() <= new.items()
    asked = len(world.system.log.of(Interface.DEVICE_HISTORY))
    world.run(tmp_path / "out", *JUNE, "--what", "device_5m")
    assert len(world.system.log.of(Interface.DEVICE_HISTORY)) == asked  # it is known by now


class InWatts(Faults):
    """A far side whose grid meters speak of watts."""

    @override
    def change_data(self, interface: StrEnum, reply: Reply) -> None:
        super().change_data(interface, reply)
        if interface is Interface.DEVICE_HISTORY and reply.params and reply.params["devTypeId"] == 17:
            for row in cast("list[dict[str, Any]]", reply.data):
                values = row["dataItemMap"]
                for key in values.keys() & {"active_power", "reactive_power"}:
                    values[key] = None if values[key] is None else values[key] * 1000


def test_the_readings_of_the_past_say_their_unit_themselves(tmp_path: Path) -> None:
    plan = FleetPlan(plants=1, devices={38: 1, 17: 1}, places=(LONDON,), start=NOON)
    found = []
    for faults in (Faults(), InWatts()):
        world = PastWorld(plan)
        world.system.faults = faults
        told = world.run(tmp_path / type(faults).__name__, *JUNE, "--what", "device_5m")
        metered = next(key for key, device in world.fleet.devices.items() if device.type_id == 17)
        found.append(named(told, "fusionsolar_device_active_power_watts", device_id=metered))
    in_kilowatts, in_watts = found
    assert len(in_watts) > 0.9 * len(in_kilowatts) > 500
    assert in_watts == {at: pytest.approx(in_kilowatts[at]) for at in in_watts}
