"""Inverters by serial number, which fill what real-time data leaves out; and reports after a restart."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.http_world import DAY, HOUR, MINUTE, HttpWorld, only
from support.kept_world import KeptWorld

from fusionsolar_exporter.config import CollectorsConfig
from fusionsolar_exporter.config.collectors import ReportConfig
from fusionsolar_exporter.simulator.alarms import DEVICE_FAULT
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import START, FleetPlan
from fusionsolar_exporter.simulator.site import Place
from fusionsolar_exporter.status import CollectorName

LONDON = Place(51.5, 0.0, 0)
PLAN = FleetPlan(plants=1, devices={1: 1, 38: 2, 39: 1, 62: 1}, places=(LONDON,), start=START, alarm_share=0)


def convergence(**settings: Any) -> dict[str, Any]:
    return only("device_list", "inverter_convergence", inverter_convergence=settings)


def test_every_value_has_its_metric() -> None:
    with HttpWorld(PLAN, collectors=convergence()) as world:
        alarmed, *_ = [device for device in world.system.fleet.devices.values() if device.type_id == 1]
        world.system.fleet.raise_alarm(alarmed.id, DEVICE_FAULT, world.clock.now() - 10 * MINUTE)
        world.run(2 * MINUTE)
        scrape = world.scrape()
        (request,) = world.requests(Interface.CONVERGENCE)

    assert len(request.ids) == 3
    known = {
        "active_power_watts",
        "reactive_power_vars",
        "day_yield_watthours",
        "month_yield_watthours",
        "total_yield_watthours",
        "grid_frequency_hertz",
        "power_factor",
        "internal_temperature_celsius",
        "alarm_active",
    }
    for name in known:
        assert len(scrape.all(f"fusionsolar_device_{name}")) == 3, name
    for name, label in (
        ("phase_voltage_volts", "phase"),
        ("phase_current_amperes", "phase"),
        ("pv_voltage_volts", "pv"),
    ):
        values = scrape.by(label, f"fusionsolar_device_{name}", device_id=alarmed.id)
        assert set(values) == ({"a", "b", "c"} if label == "phase" else {str(n + 1) for n in range(alarmed.strings)})
    alarms = scrape.by("device_id", "fusionsolar_device_alarm_active")
    assert {key for key, active in alarms.items() if active} == {alarmed.id}
    power = scrape.value("fusionsolar_device_active_power_watts", device_id=alarmed.id)
    assert power is not None
    assert 1000 < power < alarmed.capacity_kw * 1000  # kW made watts
    assert scrape.all("fusionsolar_device_last_success_timestamp_seconds") == []


def test_real_time_data_wins_wherever_it_has_a_value() -> None:
    collectors = only("device_list", "device_realtime", "inverter_convergence")
    with HttpWorld(PLAN, collectors=collectors) as world:
        world.run(20 * MINUTE)
        scrape = world.scrape()
        inverter = next(device for device in world.system.fleet.devices.values() if device.type_id == 38)
        newest = world.requests(Interface.DEVICE_REAL_TIME)[-1].at
        world.system.forbidden = frozenset({Interface.DEVICE_REAL_TIME})
        world.run(30 * MINUTE)
        later = world.scrape()

    assert newest - world.started_at > 10 * MINUTE
    now = scrape.value("fusionsolar_device_day_yield_watthours", device_id=inverter.id)
    then = later.value("fusionsolar_device_day_yield_watthours", device_id=inverter.id)
    assert now is not None
    assert then is not None
    assert then < now  # the hour's old answer, where nothing younger is there
    assert scrape.value("fusionsolar_device_month_yield_watthours", device_id=inverter.id) is not None


def test_more_than_a_hundred_inverters_have_to_be_chosen_from() -> None:
    plan = FleetPlan(plants=1, devices={38: 101}, places=(LONDON,), alarm_share=0)
    with HttpWorld(plan, collectors=convergence()) as world:
        world.run(2 * HOUR)
        assert world.requests(Interface.CONVERGENCE) == []
        assert (
            len(
                world.log_lines(
                    "inverter_convergence asks for 100 inverters an hour: name those that matter in its serial_numbers"
                )
            )
            == 1
        )
        wanted = [device.serial_number for device in world.system.fleet.devices.values()][:3]
        world.reload(collectors=convergence(serial_numbers=[*wanted, "UNKNOWN"]))
        world.run(2 * HOUR)
        requests = world.requests(Interface.CONVERGENCE)
    assert {request.ids for request in requests} == {tuple(wanted)}
    assert len(requests) == 2


@pytest.mark.no_cover
def test_where_it_is_not_permitted_it_is_asked_again_after_a_day() -> None:
    with HttpWorld(PLAN, collectors=convergence(), forbidden=frozenset({Interface.CONVERGENCE})) as world:
        world.run(50 * HOUR)
        arrivals = world.arrivals(Interface.CONVERGENCE)
    assert len(arrivals) == 3
    assert arrivals[1] - arrivals[0] == pytest.approx(DAY, rel=0.01)


def test_reports_survive_a_restart_and_are_not_asked_again_before_their_time(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    reports = CollectorName.PLANT_HOURLY, CollectorName.PLANT_DAILY, CollectorName.DEVICE_DAILY
    wanted = {report.value: ReportConfig(enabled=True) for report in reports}
    world.settings = replace(world.settings, collectors=CollectorsConfig(**wanted))
    world.kill()
    world.start()
    world.run(10 * MINUTE)
    before = {report: world.account.cache.snapshot().reports[report] for report in reports}
    asked = world.system.log.counts[Interface.PLANT_HOURS]
    crossed = {report.name: report.kept() for report in world.account._engine.collectors.reports if report.enabled}
    world.kill()
    world.start()
    world.run(MINUTE)
    after = {report: world.account.cache.snapshot().reports[report] for report in reports}

    assert asked == 1
    assert world.system.log.counts[Interface.PLANT_HOURS] == 1
    assert all(rows for report in before.values() for rows in report.values())
    assert {name: {period: dict(rows) for period, rows in one.items()} for name, one in after.items()} == {
        name: {period: dict(rows) for period, rows in one.items()} for name, one in before.items()
    }
    for report in world.account._engine.collectors.reports:
        if report.enabled:
            assert report.kept().crossed == crossed[report.name].crossed
    assert world.account._engine.collectors.zones.kept()
