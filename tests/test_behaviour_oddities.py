"""Answers of any shape: nothing that a far side says stops the exporter, or what it has not spoiled."""

from collections.abc import Callable
from typing import Any

import pytest
from support.http_world import HOUR, HttpWorld

from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

INFO = "fusionsolar_plant_info"
POWER = "fusionsolar_device_active_power_watts"
YIELD = "fusionsolar_plant_day_yield_watthours"

DATA = [
    5,
    True,
    "ACCESS_FREQUENCY_IS_TOO_HIGH",
    [None, 5, "text", [], {}],
    {},
    {"list": None},
    {"list": 5, "pageCount": "x", "total": -1},
    {"list": [{}], "pageCount": 10**30, "total": 10**30},
    [{"stationCode": [], "devId": {}, "dataItemMap": []}],
    [{"stationCode": "NE=35436000", "id": 7, "devId": 7, "devTypeId": "many", "dataItemMap": {"": {}}, "lev": []}],
    [{"stationCode": "NE=35436000", "dataItemMap": {"day_power": "1e999"}, "raiseTime": 1e300, "devTypeId": 10**400}],
]


def with_data(data: Any) -> Callable[[dict[str, Any]], None]:
    """Success, with this in the place of the data."""

    def rewrite(envelope: dict[str, Any]) -> None:
        if envelope["failCode"] == 0:
            envelope["data"] = data

    return rewrite


@pytest.mark.parametrize("data", DATA, ids=[str(data)[:40] for data in DATA])
def test_data_of_any_shape(data: Any) -> None:
    collectors = {"plant_list": {"interval": "1h"}, "device_list": {"interval": "1h"}}
    with HttpWorld(FleetPlan(plants=1, devices={1: 1}), collectors=collectors) as world:
        for interface in (Interface.STATIONS, Interface.DEVICES, Interface.PLANT_REAL_TIME, Interface.ALARMS):
            world.system.rewrites[interface] = with_data(data)
        world.run(HOUR / 4)
        assert world.scrape().up is not None
        world.system.rewrites.clear()
        world.run(HOUR)
        scrape = world.scrape()

    assert (scrape.up, scrape.state) == (1, "ok")
    assert scrape.by("plant_code", INFO) == {"NE=35436000": 1}
    assert len(scrape.all(POWER)) == len(scrape.all(YIELD)) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"failCode": None},
        {"failCode": "zero"},
        {"failCode": True},
        {"failCode": 0.5},
        {"failCode": 10**30},
        {"failCode": -1, "message": {"a": [1]}, "data": [[]]},
        {"params": [], "message": 5},
        {"params": {"currentTime": "soon"}},
        {"params": {"currentTime": 1e308}},
        {"success": False},
    ],
    ids=str,
)
def test_envelopes_of_any_shape(change: dict[str, Any]) -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1})) as world:
        world.run(20)
        for interface in (Interface.PLANT_REAL_TIME, Interface.DEVICE_REAL_TIME, Interface.ALARMS):
            world.system.rewrites[interface] = lambda envelope: envelope.update(change)
        world.run(HOUR / 2)
        world.system.rewrites.clear()
        world.run(HOUR * 3 / 4)
        scrape = world.scrape()

    assert (scrape.up, scrape.state) == (1, "ok")
    assert len(scrape.all(POWER)) == len(scrape.all(YIELD)) == 1
    assert scrape.by("collector", "fusionsolar_collector_success")["alarms"] == 1


def test_codes_and_names_that_no_label_should_hold() -> None:
    with HttpWorld(FleetPlan(plants=2, devices={1: 1}, odd_names=True)) as world:
        (first, second) = world.system.fleet.plants.values()
        world.system.fleet.rename_plant(first.code, 'quote " back\\slash\nline\ud800end')
        world.run(20)
        names = {sample.labels["plant_code"]: sample.labels["plant"] for sample in world.scrape().all(POWER)}

    assert names == {first.code: 'quote " back\\slash\nline\ufffdend', second.code: second.name}


def test_the_session_is_ended_politely_when_the_exporter_stops() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1})) as world:
        world.run(20)
        world.account._thread = None
        world.exporter.stop()

        assert [request.fail_code for request in world.requests(Interface.LOGOUT)] == [0]
