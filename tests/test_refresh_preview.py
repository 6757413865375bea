"""The cadence of whole fleets, worked out by hand from the reference's limits plus three seconds of margin."""

from dataclasses import replace
from typing import Any

import pytest
from support.manual_clock import ManualClock
from support.world import ListLog

from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.config import (
    AccountConfig,
    AlarmsConfig,
    CollectorConfig,
    CollectorsConfig,
    InterfaceLimits,
    PlantListChoice,
    RateLimits,
)
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.collectors import make_collectors
from fusionsolar_exporter.refresh.collectors.base import Collector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.daylight import Daylight
from fusionsolar_exporter.refresh.energy_counting import EnergyCounting
from fusionsolar_exporter.refresh.far_clock import FarClock
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.persistence.journal import Journal
from fusionsolar_exporter.refresh.preview import PlannedCollector, preview
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.schedule import Schedule
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.refresh.units import UnitsByEvidence

ACCOUNT = AccountConfig(name="default", url="http://far.example", username="user", password="password")
SETTINGS = AccountSettings(ACCOUNT)
TYPES = (38, 39, 47, 62)  # an inverter, a battery, a meter and a dongle; the dongle has alarms only
# requests a second of 10,000 plants: devices and alarms share what the others leave of 97 %
STRETCH_10000 = (300 / 303 + 100 / 450.75) / (0.97 - 100 / 6300 - 100 / 16875.586 - 100 / 86403)


def account(**changes: Any) -> AccountSettings:
    return AccountSettings(ACCOUNT.model_copy(update=changes))


def plan(settings: AccountSettings, plants: int, types: tuple[int, ...] = TYPES) -> dict[str, PlannedCollector]:
    planned = preview(settings, plants, types, clock=ManualClock(), log=ListLog())
    return {each.name.value: each for each in planned}


@pytest.mark.parametrize(
    ("plants", "plant_realtime", "device_realtime", "alarms", "plant_list", "device_list"),
    [
        # 303 = one window; 450.75 = 1 / 4 x 1803; 5082.53 = 86403 x 1 / 17; 6912.24 = 86403 x 1 / 12.5
        (1, 303, 303, 450.75, 5082.529, 6912.24),
        (20, 303, 303, 450.75, 5082.529, 6912.24),
        (100, 303, 303, 450.75, 5082.529, 6912.24),
        # two calls: 86403 x 2 / 22, 86403 x 2 / 13
        (120, 303, 303, 450.75, 7854.818, 13292.769),
        # three: 86403 x 3 / 27, 86403 x 3 / 13.5
        (230, 303, 303, 450.75, 9600.333, 19200.667),
        # ten: 10 x 63, 86403 x 10 / 62, 86403 x 10 / 17
        (1000, 630, 303, 450.75, 13935.968, 50825.294),
        # a hundred: 100 x 63, 86403 x 100 / 512, and device lists once a window; one request a second is not enough
        (
            10_000,
            6300,
            303 * STRETCH_10000,
            450.75 * STRETCH_10000,
            16875.586,
            86_403,
        ),
    ],
)
def test_the_cadence_of_a_fleet(
    plants: int,
    plant_realtime: float,
    device_realtime: float,
    alarms: float,
    plant_list: float,
    device_list: float,
) -> None:
    intervals = {name: planned.interval for name, planned in plan(SETTINGS, plants).items()}
    assert intervals == pytest.approx(
        {
            "plant_realtime": plant_realtime,
            "device_realtime": device_realtime,
            "alarms": alarms,
            "plant_list": plant_list,
            "device_list": device_list,
        },
        rel=1e-6,
    )


def test_calls_and_interfaces_of_a_fleet() -> None:
    planned = plan(SETTINGS, 230)
    assert {name: each.calls for name, each in planned.items()} == {
        "plant_realtime": 3,
        "device_realtime": 9,
        "alarms": 3,
        "plant_list": 3,
        "device_list": 3,
    }
    assert planned["plant_list"].interface is Interface.STATIONS
    assert planned["alarms"].shortest == pytest.approx(3 / 12 * 1803)
    assert planned["plant_realtime"].shortest == pytest.approx(303)


def test_the_old_plant_list_has_a_smaller_quota() -> None:
    planned = plan(account(plant_list=PlantListChoice.GET_STATION_LIST), 230)["plant_list"]
    assert planned.interface is Interface.GET_STATION_LIST
    assert planned.interval == pytest.approx(86_403 * 3 / 12)


def test_limits_that_are_configured_are_the_limits() -> None:
    rates = RateLimits(
        margin=0.0,
        interfaces={
            Interface.GET_STATION_REAL_KPI: InterfaceLimits(window=600.0),
            Interface.GET_DEV_REAL_KPI: InterfaceLimits(calls=1),
            Interface.GET_ALARM_LIST: InterfaceLimits(calls=2, window=100.0),
            Interface.STATIONS: InterfaceLimits(window=3600.0, calls=10),
            Interface.GET_DEV_LIST: InterfaceLimits(calls=1),
        },
    )
    intervals = {name: each.interval for name, each in plan(account(rate_limits=rates), 100).items()}
    assert intervals == pytest.approx(
        {
            "plant_realtime": 600,
            "device_realtime": 900,  # three batches, one call a window
            "alarms": 300,  # not under the window of device data
            "plant_list": 720,
            "device_list": 86_400,  # one call is more than half of one
        }
    )


def test_without_devices_the_far_side_still_counts_plants() -> None:
    planned = plan(SETTINGS, 100, ())
    assert planned["device_realtime"].calls == 0
    assert planned["alarms"].interval == pytest.approx(1803)


def test_disabled_collectors_are_not_planned() -> None:
    off = CollectorsConfig(alarms=AlarmsConfig(enabled=False))
    assert "alarms" not in plan(replace(SETTINGS, collectors=off), 1)


@pytest.mark.parametrize(("configured", "expected"), [(60.0, 303.0), (303.0, 303.0), (900.0, 900.0)])
def test_a_configured_interval_is_slowed_down_to_what_the_limits_allow(configured: float, expected: float) -> None:
    own = CollectorsConfig(plant_realtime=CollectorConfig(interval=configured))
    assert plan(replace(SETTINGS, collectors=own), 100)["plant_realtime"].interval == pytest.approx(expected)


def planning(settings: AccountSettings) -> tuple[Schedule, AccountContext, ListLog, tuple[Collector, ...]]:
    log, clock = ListLog(), ManualClock()
    context = AccountContext(clock, log, settings)
    inventory = Inventory(settings.account.plants.selects)
    limiter = RateLimiter(context, inventory)
    cache = Cache(clock)
    counting, units = EnergyCounting(context, inventory), UnitsByEvidence(context, inventory)
    answers = AcceptedAnswers(cache, Journal(clock, keeps=False), counting, units)
    collectors = make_collectors(context, limiter, inventory, answers, FarClock(clock)).all
    return Schedule(context, limiter, collectors, Daylight(cache)), context, log, collectors


def test_the_schedule_is_told_once_a_line_for_each_collector() -> None:
    off = CollectorsConfig(alarms=AlarmsConfig(enabled=False))
    schedule, _, log, _ = planning(replace(SETTINGS, collectors=off))
    schedule.update(0.0)
    schedule.announce()
    schedule.announce()
    assert log.messages("info") == ["plan"] * 4
    assert [fields["collector"] for _, _, fields in log.lines] == [
        "plant_realtime",
        "device_realtime",
        "plant_list",
        "device_list",
    ]


def test_a_slowed_interval_is_warned_of_once_and_again_after_it_was_right() -> None:
    own = CollectorsConfig(plant_list=CollectorConfig(interval=1.0))
    schedule, context, log, _ = planning(replace(SETTINGS, collectors=own))
    for _ in range(2):
        schedule.update(0.0)
        schedule.announce()
    assert len(log.messages("warning")) == 1
    _, _, fields = next(line for line in log.lines if line[0] == "warning")
    assert (fields["collector"], fields["configured_seconds"]) == ("plant_list", 1.0)
    context.settings = SETTINGS
    schedule.announce()
    context.settings = replace(SETTINGS, collectors=own)
    schedule.announce()
    assert len(log.messages("warning")) == 2


def test_a_slow_far_side_stretches_what_fills_the_queue() -> None:
    schedule, _, _, collectors = planning(SETTINGS)
    schedule.update(0.0)
    assert schedule.stretch == 1.0
    quick = [collector.interval for collector in collectors]
    schedule.update(36_000.0)
    assert schedule.stretch > 2.0
    factors = {collector.interval / interval for collector, interval in zip(collectors, quick, strict=True)}
    assert all(factor in (1.0, pytest.approx(schedule.stretch)) for factor in factors)
