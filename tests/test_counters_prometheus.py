"""Energy counters in a real Prometheus: what a day brought is its ``increase``, whatever registers and processes do."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from alert_tools.promtool import program
from support.kept_world import KeptWorld
from support.past_prometheus import past_prometheus
from support.world import InProcess

from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.transport import RawAnswer
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.simulator.plan import FleetPlan

pytestmark = [pytest.mark.no_cover, pytest.mark.slow]

DAY, STEP, DAYS = 86400.0, 300.0, 7
RESTARTS, HANDOVERS = 50, 10
NAME = "fusionsolar_plant_yield_watthours_total"


@dataclass
class Register:
    """A lifetime register of a far side, in kWh: what it should show, and what it shows."""

    true: float = 30013.0
    begun: float = 0.0
    """What a replaced register has counted less than it should."""

    def grow(self, day_seconds: float, random: Random) -> None:
        """Five minutes of sun, or of the battery at night."""
        hour = day_seconds / 3600
        if 1.5 <= hour < 22.5:  # around midnight a reading of minutes before would be of another day
            self.true += random.choice((0.0, 0.1, 0.2) if 6 <= hour < 20 else (0.0, 0.0, 0.0, 0.1))

    def shown(self, day: int, day_seconds: float) -> float:
        """Dips at midnight, an evening's fall, a zero at dusk; another register from the third night on."""
        hour = day_seconds / 3600
        if day >= 3 and hour >= 0.5 and not self.begun:  # nobody can tell a dip of one that was never seen higher
            self.begun = self.true - 4.0
        value = self.true - self.begun
        if 20 <= hour < 20.1:
            return 0.0
        dip = 0.1 if hour < 0.3 or hour > 23.8 else 0.3 if 20.5 <= hour < 21.5 and not self.begun else 0.0
        return round(max(value - dip, 0.0), 2)


class Fed(InProcess):
    """A far side whose plants show what a register shows."""

    value: float = 30013.0

    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        answer = super().post(path, payload, auth)
        if "getStationRealKpi" not in path:
            return answer
        envelope = json.loads(answer.body)
        for item in envelope["data"] or ():
            item["dataItemMap"]["total_power"] = self.value
        return replace(answer, body=json.dumps(envelope).encode())


class Pair:
    """Two replicas on one state; the second leads when the first is gone."""

    def __init__(self, directory: Path) -> None:
        self.world = KeptWorld(directory, FleetPlan(plants=1, devices={38: 1}))
        self.fed = Fed(self.world.system, self.world.clock, 0.05)
        self.world.transport = self.fed
        self.restart()

    def restart(self) -> None:
        """Both are killed, and started again."""
        self.world.kill()
        self.replicas = [self.world.process(), self.world.process()]

    def hand_over(self) -> None:
        """Who leads is killed, the other one takes over, and a new one comes."""
        leader = leaders(self.replicas).index(True)
        partition, state = self.world.partitions[leader]
        if partition._lock is not None:
            partition._lock.close()
        state.close()
        survivor = self.replicas[1 - leader]
        until = self.world.clock.now() + STEP
        while not survivor._engine.store.leads:
            assert self.world.clock.now() < until
            self.world.clock.advance_to(max(survivor.step(), self.world.clock.now() + 1))
        self.replicas[leader] = self.world.process()
        self.world.partitions[leader] = self.world.partitions.pop()

    def run(self, until: float) -> None:
        while self.world.clock.now() < until:
            at = min(replica.step() for replica in self.replicas)
            self.world.clock.advance_to(min(max(at, self.world.clock.now() + 1), until))

    def totals(self) -> Iterator[tuple[str, float]]:
        """What each replica serves."""
        for instance, replica in zip("ab", self.replicas, strict=True):
            for reading in replica.cache.snapshot().plant_readings.values():
                yield from ((instance, total) for key, total in reading.totals.items() if key == "total_power")


def leaders(replicas: list[Account]) -> list[bool]:
    return [replica._engine.store.leads for replica in replicas]


def test_increase_over_a_day_is_the_energy_of_the_day(tmp_path: Path) -> None:
    random, pair, register = Random(1), Pair(tmp_path), Register()
    slots = int(DAYS * DAY / STEP)
    events = random.sample(range(24, slots - 24), RESTARTS + HANDOVERS)
    handovers, changes = set(events[:HANDOVERS]), 0
    begin = (pair.world.clock.now() // DAY + 1) * DAY
    pair.run(begin)
    rows: dict[str, list[str]] = {"a": [], "b": []}
    midnights = []
    for slot in range(slots + 1):
        day, day_seconds = divmod(slot * STEP, DAY)
        if not day_seconds:
            midnights.append(register.true)
        register.grow(day_seconds, random)
        pair.fed.value = register.shown(int(day), day_seconds)
        if slot in handovers:
            assert sum(leaders(pair.replicas)) == 1
            pair.hand_over()
            changes += 1
        elif slot in events:
            pair.restart()
        moment = begin + (slot + 1) * STEP
        pair.run(moment)
        for instance, total in pair.totals():
            rows[instance].append(f'{NAME}{{instance="{instance}"}} {total!r} {moment:.0f}')
    assert changes == HANDOVERS
    text = tmp_path / "totals.om"
    lines = [line for some in rows.values() for line in some]
    text.write_text("\n".join([f"# TYPE {NAME.removesuffix('_total')} counter", *lines, "# EOF", ""]))
    blocks = (
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        "--max-block-duration=240h",
        str(text),
        str(tmp_path / "data"),
    )
    subprocess.run([program("promtool"), *blocks], check=True, capture_output=True)

    ends = begin + DAY + STEP
    with past_prometheus(tmp_path / "data", tmp_path) as prometheus:
        days = prometheus.points(f"increase({NAME}[1d])", ends, ends + (DAYS - 2) * DAY, DAY)
        (resets, _) = prometheus.points(f"resets({NAME}[{DAYS}d])", begin + DAYS * DAY, begin + DAYS * DAY, DAY)

    assert [labels["instance"] for labels, _ in days] == ["a", "b"]
    assert set(resets[1].values()) == {0.0}
    for _, found in days:
        for number, increase in enumerate(found.values()):
            true = (midnights[number + 1] - midnights[number]) * 1000
            assert increase == pytest.approx(true, rel=1e-3), number
