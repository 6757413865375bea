"""A simulated morning with every kind of device: every rule has data to work with."""

from datetime import date
from pathlib import Path

import pytest
from alert_tools.promtool import evaluate
from alert_tools.quiet_days import names
from alert_tools.recording import Recording
from alert_tools.rule_files import read_metrics, rules
from alert_tools.simulated_time import SimulatedTime

from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.local_year import day_start
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.site import Place

pytestmark = pytest.mark.no_cover  # the tracer would double its time

HOUR = 3600.0
NEEDS_DAYS = {
    f"fusionsolar:{name}"
    for name in (
        "battery_month_charged:kilowatthours",
        "battery_month_discharged:kilowatthours",
        "battery_month_efficiency:ratio",
        "mppt:apart",
        "mppt_change:ratio",
        "mppt_reference_energy:kilowatthours",
        "mppt_weak:ratio",
        "mppt_week_energy:kilowatthours",
        "plant_battery_month:cycles",
        "plant_day:disconnected",
        "plant_energy_day:kilowatthours",
        "plant_energy_month:kilowatthours",
        "plant_energy_week:kilowatthours",
        "plant_final_yield_day:hours",
        "plant_performance_ratio_day:ratio",
        "plant_performance_ratio_month:ratio",
        "plant_reference_yield_day:hours",
        "pv_string:apart",
        "pv_string_idle:amperes",
        "pv_string_change:ratio",
        "pv_string_reference_energy:kilowatthours",
        "pv_string_weak:ratio",
    )
}
"""What a morning cannot bring; tests/rules/performance.test.yml and strings.test.yml have weeks."""


def test_every_rule_has_data(tmp_path: Path) -> None:
    begin = day_start(date(2025, 6, 21), 0) + 3 * HOUR
    types = (DeviceType.STRING_INVERTER, DeviceType.RESIDENTIAL_INVERTER, DeviceType.BATTERY, DeviceType.ESS)
    plan = FleetPlan(
        plants=5,
        devices=dict.fromkeys(map(int, (*types, DeviceType.POWER_SENSOR, DeviceType.GRID_METER, DeviceType.EMI)), 1),
        start=begin,
        alarm_share=1,
        clouds=False,
        places=(Place(48.0, 0.0, 0),),
    )
    world = SimulatedTime(plan, begin, names(), quirks=True)
    recording = Recording(600)
    world.run(8 * HOUR, recording)
    recorded = sorted({rule["record"] for rule in rules() if "record" in rule})
    scraped = sorted(read_metrics() - {"ALERTS", *recorded})
    expressions = [f"max_over_time({name}[8h])" for name in (*recorded, *scraped)]

    answers = evaluate(recording, begin, tmp_path, expressions, thresholds={})

    empty = {name for name, answer in zip((*recorded, *scraped), answers, strict=True) if not answer}
    assert empty == NEEDS_DAYS
