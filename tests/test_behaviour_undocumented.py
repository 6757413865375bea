"""Device types beyond the reference: asked once in a regular batch's place, kept where they answer."""

import pytest
from support.http_world import DAY, HOUR, HttpWorld, differences, only

from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.limit_text import limits_of
from fusionsolar_exporter.simulator.log import LoggedRequest
from fusionsolar_exporter.simulator.plan import FleetPlan

ANSWERING, REFUSED = 23070, 23071
DEVICES = only("device_list", "device_realtime")


def of_type(world: HttpWorld, type_id: int) -> list[LoggedRequest]:
    """The requests of a device type."""
    asked = world.requests(Interface.DEVICE_REAL_TIME)
    return [request for request in asked if request.parameters["devTypeId"] == type_id]


def test_one_that_answers_becomes_a_batch_like_the_others() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1, ANSWERING: 2}), collectors=DEVICES) as world:
        world.run(30)
        first = world.scrape()
        world.run(5 * 60)
        second = world.scrape()
        world.run(2 * HOUR)
        scrape = world.scrape()
        moments = world.arrivals(Interface.DEVICE_REAL_TIME)
        types = [request.parameters["devTypeId"] for request in world.requests(Interface.DEVICE_REAL_TIME)]

    assert types[:4] == [1, ANSWERING, 1, ANSWERING]  # in the second sweep, in the place of a regular batch
    assert moments[1] - moments[0] == pytest.approx(303, abs=1)
    assert first.all("fusionsolar_device_kpi") == []
    assert first.interval("device_realtime") == 303
    served = {sample.labels["device_id"] for sample in second.all("fusionsolar_device_kpi", device_type="emma")}
    assert len(served) == 2
    # the quota does not grow, so the interval does
    assert scrape.value("fusionsolar_api_quota_calls", interface="getDevRealKpi") == 1
    assert scrape.interval("device_realtime") == pytest.approx(606)
    assert len(scrape.by("device_id", "fusionsolar_device_last_success_timestamp_seconds")) == 3
    assert set(types[4::2]) == {1}
    assert set(types[5::2]) == {ANSWERING}


def test_where_quota_is_left_the_first_sweep_asks() -> None:
    plan = FleetPlan(plants=1, devices={1: 1, 39: 1, 47: 1, ANSWERING: 1, REFUSED: 1})
    with HttpWorld(plan, account={"device_types": [1, ANSWERING, REFUSED]}, collectors=DEVICES) as world:
        world.run(30)
        types = [request.parameters["devTypeId"] for request in world.requests(Interface.DEVICE_REAL_TIME)]

    assert types[0] == 1
    assert sorted(map(str, types[1:])) == [str(ANSWERING), str(REFUSED)]


@pytest.mark.parametrize(
    ("devices", "account"),
    [({ANSWERING: 1}, {}), ({1: 1, ANSWERING: 1}, {"device_types": [ANSWERING]})],
    ids=["nothing else listed", "nothing else wanted"],
)
def test_it_is_asked_where_nothing_documented_is(devices: dict[int, int], account: dict[str, object]) -> None:
    limits = {"rate_limits": {"interfaces": {"getDevRealKpi": {"calls": 1}}}}
    with HttpWorld(FleetPlan(plants=1, devices=devices), account={**account, **limits}, collectors=DEVICES) as world:
        world.system.quotas.shapes = limits_of("getDevRealKpi calls=1")
        world.run(HOUR)
        scrape = world.scrape()

    assert scrape.all("fusionsolar_device_kpi", device_type="emma")
    assert {request.parameters["devTypeId"] for request in world.requests(Interface.DEVICE_REAL_TIME)} == {ANSWERING}


def test_one_that_is_refused_is_asked_daily_and_weekly_after_three_refusals() -> None:
    collectors = only(
        "device_list",
        "device_realtime",
        plant_list={"interval": "1d"},
        device_list={"interval": "1d"},
        device_realtime={"interval": "8h"},
    )
    with HttpWorld(FleetPlan(plants=1, devices={1: 1, REFUSED: 1}), collectors=collectors) as world:
        world.run(18 * DAY)
        probes = of_type(world, REFUSED)
        scrape = world.scrape()
        regular = len(of_type(world, 1))

    gaps = differences(request.at for request in probes)
    assert gaps == pytest.approx([DAY, DAY, 7 * DAY, 7 * DAY], abs=8 * HOUR + 400)
    assert {request.fail_code for request in probes} == {20006}
    assert scrape.failures("getDevRealKpi") == {"rejected": len(probes)}
    assert scrape.value("fusionsolar_collector_success", collector="device_realtime") == 1
    assert regular >= 18 * 3 - 2


def test_a_probe_hides_no_regular_batch() -> None:
    with HttpWorld(FleetPlan(plants=1, devices={1: 1, REFUSED: 1, 23032: 1, 60001: 1}), collectors=DEVICES) as world:
        served = []
        for _ in range(30):
            world.run(120)
            served.append(len(world.scrape().all("fusionsolar_device_active_power_watts")))
        probed = {request.parameters["devTypeId"] for request in world.requests(Interface.DEVICE_REAL_TIME)}

    assert served == [1] * 30
    assert probed == {1, REFUSED, 23032, 60001}


def test_types_that_the_configuration_leaves_out_are_not_probed() -> None:
    plan = FleetPlan(plants=1, devices={1: 1, ANSWERING: 1})
    with HttpWorld(plan, account={"device_types": [1]}, collectors=DEVICES) as world:
        world.run(HOUR)

        assert of_type(world, ANSWERING) == []
        assert len(world.scrape().all("fusionsolar_device_info")) == 2


def test_documented_types_without_real_time_data_are_never_asked() -> None:
    plan = FleetPlan(plants=1, devices={1: 1, 62: 1, 2: 1, 46: 1})
    with HttpWorld(plan, collectors=DEVICES) as world:
        world.run(HOUR)
        types = {request.parameters["devTypeId"] for request in world.requests(Interface.DEVICE_REAL_TIME)}

    assert types == {1}
