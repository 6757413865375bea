"""A far side that never tells its time: nothing is known of its clock, and everything else goes on."""

from typing import Any

import pytest
from support.http_world import DAY, HOUR, MINUTE, HttpWorld

from fusionsolar_exporter.simulator.interfaces import Interface
from fusionsolar_exporter.simulator.plan import FleetPlan

OFFSET = "fusionsolar_api_clock_offset_seconds"


def untimed(envelope: dict[str, Any]) -> None:
    if isinstance(envelope.get("params"), dict):
        envelope["params"].pop("currentTime", None)


def test_a_far_side_that_never_tells_its_time() -> None:
    with HttpWorld(FleetPlan(plants=2, devices_per_plant=3, alarm_share=1.0)) as world:
        world.system.rewrites = dict.fromkeys(Interface, untimed)
        world.run(HOUR)
        scrape = world.scrape()
        untold = len(scrape.all("fusionsolar_alarm"))
        (first, *_) = world.requests(Interface.ALARMS)
        end, sent = float(str(first.parameters["endTime"])) / 1000, first.at
        assert scrape.all(OFFSET) == []
        assert (scrape.up, scrape.state) == (1, "ok")
        assert set(scrape.by("collector", "fusionsolar_collector_success").values()) == {1}
        assert untold > 0
        assert end == pytest.approx(sent + DAY, abs=1)  # by our own clock
        world.system.rewrites = {}
        world.run(10 * MINUTE)
        assert world.scrape().value(OFFSET) == pytest.approx(0, abs=1)
        world.system.rewrites = dict.fromkeys(Interface, untimed)
        world.run(10 * MINUTE)
        assert len(world.scrape().all(OFFSET)) == 1  # what was told once stays known
