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


def test_every_rule_has_data(tmp_path: Path) -> None:
    begin = day_start(date(2025, 6, 21), 0) + 3 * HOUR
    types = (DeviceType.STRING_INVERTER, DeviceType.RESIDENTIAL_INVERTER, DeviceType.BATTERY, DeviceType.ESS)
    plan = FleetPlan(
        plants=5,
        devices=dict.fromkeys(map(int, (*types, DeviceType.POWER_SENSOR, DeviceType.GRID_METER)), 1),
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
    assert empty == set()
