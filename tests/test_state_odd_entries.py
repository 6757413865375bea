"""Whatever stands in the state, in valid JSON of any shape: it ends no start, and nothing that comes after it."""

import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest
from support.kept_world import KeptWorld

from fusionsolar_exporter.simulator.faults import Fault, FaultKind
from fusionsolar_exporter.simulator.interfaces import Interface as FarInterface
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.state import Entry

MINUTE = 60.0
PLAN = FleetPlan(plants=2, devices_per_plant=3, alarm_share=0.5)
_ODD: tuple[Any, ...] = (None, True, -1, 0, 1e300, -1e300, "", "x", [], {}, [[]], {"x": 1}, [None, 1], "1", 10**30)


def changed(tree: Any, chance: random.Random) -> Any:
    """A copy in which one place holds something else, is missing, or is there twice."""
    places: list[tuple[Any, Any]] = []
    copy = json.loads(json.dumps(tree))
    stack = [copy]
    while stack:
        node = stack.pop()
        items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, value in items:
            places.append((node, key))
            stack.append(value)
    node, key = chance.choice(places)
    match chance.randrange(4):
        case 0:
            del node[key]
        case 1 if isinstance(node, list):
            node.append(node[key])
        case 2 if isinstance(node, dict):
            node[chance.choice(_WORDS)] = node.pop(key)
        case _:
            node[key] = chance.choice(_ODD)
    return copy


_WORDS = ("x", "plant_list", "login", "getDevList", "alarms", "now", "failures", "0", "-1", "")


def rewritten(value: bytes, chance: random.Random) -> bytes:
    (length,) = struct.unpack_from("<I", value)
    head = json.dumps(changed(json.loads(value[4 : 4 + length]), chance)).encode()
    return struct.pack("<I", len(head)) + head + value[4 + length :]


@pytest.mark.no_cover
@pytest.mark.parametrize("seed", range(6))
def test_an_odd_entry_is_left_out_and_ends_no_start(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    world.kill()
    world.start()
    partition, _ = world.partitions[0]
    whole = partition._entries.read(partition._account, 0)
    assert whole
    entries = [kept for _, kept in whole if kept.key != "led"]
    for _ in range(40):
        kept = chance.choice(entries)
        odd = rewritten(kept.value, chance)
        partition.write([Entry(one.key, one.value, world.clock.now() - one.age, 1e6) for one in entries])
        partition.write([Entry(kept.key, odd, world.clock.now(), 1e6)])
        world.kill()
        world.start()  # raises nothing
        world.run(MINUTE)
        assert world.account.status().leads
        assert not world.log.messages("error")
        partition, _ = world.partitions[0]


def test_an_empty_answer_erases_no_values(tmp_path: Path) -> None:
    world = KeptWorld(tmp_path, PLAN)
    world.run(10 * MINUTE)
    before = world.account.cache.snapshot().device_readings
    assert before
    world.system.faults.order(Fault(FaultKind.DATA_EMPTY, FarInterface.DEVICE_REAL_TIME, times=None))
    asked = world.system.log.counts[FarInterface.DEVICE_REAL_TIME]
    while world.system.log.counts[FarInterface.DEVICE_REAL_TIME] < asked + 2:
        world.run(10.0)
    now = world.account.cache.snapshot().device_readings
    assert now.keys() == before.keys()
    world.kill()
    world.start()
    assert world.account.cache.snapshot().device_readings == now
    world.run(5 * MINUTE)
    assert world.refused == {}
