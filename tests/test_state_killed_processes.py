"""Real processes, killed with SIGKILL at random moments while the far side's time runs sixty times as fast."""

import random
import threading
from pathlib import Path

import pytest
from support.process import ExporterProcess
from support.scrape import Scrape

from fusionsolar_exporter.demo import scaled_rate_limits
from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.simulator.scaled_time import ScaledTime
from fusionsolar_exporter.simulator.server import SimulatorServer
from fusionsolar_exporter.simulator.system import SimulatedSystem

SPEED = 60.0
MINUTE = 60.0
USER, PASSWORD = "northbound", "a password that is never shown"
NOON = 1_750_248_000.0
PLAN = FleetPlan(plants=4, devices_per_plant=6, start=NOON, alarm_share=0.5)


@pytest.mark.parametrize(
    ("kills", "minutes"), [(4, 8), pytest.param(20, 30, marks=pytest.mark.slow)], ids=["short", "half an hour"]
)
@pytest.mark.no_cover
def test_killed_at_random_moments(tmp_path: Path, kills: int, minutes: float) -> None:
    now = ScaledTime(SPEED, NOON)
    system = SimulatedSystem(SimulatedFleet(PLAN), now=now, users={USER: PASSWORD})
    chance = random.Random(7)
    with SimulatorServer(system) as simulator:
        account = {"name": "default", "url": simulator.url, "username": USER, "password": PASSWORD}
        config = {
            "accounts": [account | {"rate_limits": scaled_rate_limits(SPEED)}],
            "state": {"url": f"sqlite:{tmp_path / 'state.sqlite'}"},
        }
        until = now() + minutes * MINUTE
        lines: list[str] = []
        served: dict[str, int] = {}
        for kill in range(kills):
            with ExporterProcess(config, tmp_path) as exporter:
                if kill:
                    found = Scrape(exporter.metrics())
                    assert found.value("fusionsolar_account_leader", account="default") is not None
                    assert len(found.all("fusionsolar_device_info")) == served["devices"]
                left = (until - now()) / SPEED / (kills - kill)
                # the first one lives until there is something to find again
                threading.Event().wait(max(chance.uniform(0.2, 1.2) * left, 2.0 if not kill else 0.0))
                served = {"devices": len(Scrape(exporter.metrics()).all("fusionsolar_device_info"))}
                exporter.kill()
                lines += exporter.log
    assert served["devices"] == len(system.fleet.devices)
    assert dict(system.log.refusals) == {}
    assert system.log.counts[Interface.LOGIN] <= 1 + minutes // 30
    assert PASSWORD not in "".join(lines)
    assert not [line for line in lines if "level=warn" in line or "level=error" in line]
