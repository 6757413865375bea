"""The shapes that the learner is measured against, by name, and random ones by seed."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.pace.account import ALARMS, DEVICES, PLANTS, fleet_of
from benchmarks.pace.shapes import Blocking, Bucket, Changing, Gap, Others, Shape, Window
from fusionsolar_exporter.northbound.interfaces import INTERFACES, Interface

FLEETS = (1, 20, 230, 1000)
NOON = 12 * 3600.0

Make = Callable[[int, float], Shape]
"""From the documented calls and window to a shape."""


def others(calls: int, window: float) -> Shape:
    """Another program spends half of the limit, rounded down, evenly."""
    half = calls // 2
    return Others(Window(calls, window), window, [(each + 0.5) * window / max(half, 1) for each in range(half)])


def in_a_burst(calls: int, window: float) -> Shape:
    """The same, all at once in the middle of its window."""
    return Others(Window(calls, window), window, [window / 3 + each for each in range(calls // 2)])


STEADY: Mapping[str, Make] = {
    "as documented": Window,
    "twice the window, refused calls count": lambda calls, window: Window(calls, 2 * window),
    "twice the window, refused calls are free": lambda calls, window: Window(calls, 2 * window, refused_count=False),
    "2.8 times the window, refused calls are free": lambda calls, window: Window(
        calls, 2.8 * window, refused_count=False
    ),
    "five times the window, refused calls count": lambda calls, window: Window(calls, 5 * window),
    "half of the calls": lambda calls, window: Window(max(calls // 2, 1), window),
    "a third of the calls": lambda calls, window: Window(max(calls // 3, 1), window),
    "a gap, 1.7 times as slow, refused calls count": lambda calls, window: Gap(1.7 * window / calls),
    "a bucket at the documented pace": lambda calls, window: Bucket(window / calls),
    "a bucket 1.7 times as slow": lambda calls, window: Bucket(1.7 * window / calls),
    "a bucket twice as slow that saves ten": lambda calls, window: Bucket(2 * window / calls, 10),
    "a bucket 1.5 times as slow that saves a window": lambda calls, window: Bucket(1.5 * window / calls, calls),
    "a refused call closes for half an hour": lambda calls, window: Blocking(Window(calls, 2 * window), 1800),
    "another program takes half, evenly": others,
    "another program takes half, at once": in_a_burst,
}
"""Measured from the fourth to the 28th hour."""
DAILY: Mapping[str, Make] = {
    "as documented": Window,
    "a bucket at the documented pace": lambda calls, window: Bucket(window / calls),
    "a third of the calls": lambda calls, window: Window(calls // 3, window),
    "a bucket three times as slow that saves five": lambda calls, window: Bucket(3 * window / calls, 5),
    "a bucket five times as slow": lambda calls, window: Bucket(5 * window / calls),
}
"""Measured from the third to the eighth day."""
SHARED: Mapping[str, tuple[Sequence[Interface], Make]] = {
    "half of the calls": ((PLANTS, DEVICES), lambda calls, window: Window(max(calls // 2, 1), window)),
    "half of the calls, refused calls are free": (
        (PLANTS, DEVICES),
        lambda calls, window: Window(max(calls // 2, 1), window, refused_count=False),
    ),
    "twice the window": ((PLANTS, DEVICES), lambda calls, window: Window(calls, 2 * window)),
    "a bucket twice as slow": ((PLANTS, DEVICES), lambda calls, window: Bucket(2 * window / calls)),
    "a bucket twice as slow that saves half a window": (
        (PLANTS, DEVICES),
        lambda calls, window: Bucket(2 * window / calls, max(calls // 2, 2)),
    ),
    "a gap, 1.7 times as slow": ((PLANTS, DEVICES), lambda calls, window: Gap(1.7 * window / calls)),
    "half of the calls of devices and alarms": (
        (DEVICES, ALARMS),
        lambda calls, window: Window(max(calls // 2, 1), window),
    ),
    "a gap over plant data and alarms": ((PLANTS, ALARMS), lambda calls, window: Gap(1.7 * window / calls)),
    "half of the calls of all three": (
        (PLANTS, DEVICES, ALARMS),
        lambda calls, window: Window(max(calls // 2, 1), window),
    ),
    "a bucket over all three": ((PLANTS, DEVICES, ALARMS), lambda calls, window: Bucket(2 * window / calls)),
}
"""One limit over several interfaces beside the documented ones, from the calls of all in the shortest window."""


def tightens(calls: int, window: float) -> Shape:
    return Changing((0.0, Window(calls, window)), (NOON, Window(calls, 2 * window)))


def loosens(calls: int, window: float) -> Shape:
    return Changing((0.0, Window(calls, 3 * window)), (6 * NOON, Window(calls, window)))


def facts(interface: Interface, plants: int) -> tuple[int, float]:
    """Documented calls and window."""
    row = INTERFACES[interface]
    return row.calls(fleet_of(plants)), row.window


@dataclass(frozen=True, slots=True)
class RandomCase:
    """A shape by its seed."""

    interface: Interface
    plants: int
    told: str
    shape: Shape


def random_case(seed: int) -> RandomCase:
    """Up to five times as slow as documented, of any kind, for any fleet and interface of real-time data and alarms."""
    chance = random.Random(seed)
    interface, plants = chance.choice((PLANTS, DEVICES, ALARMS)), chance.choice((1, 7, 20, 120, 230, 480, 1000))
    calls, window = facts(interface, plants)
    slower = chance.uniform(1.0, 5.0)
    counts = chance.random() < 0.5
    kind = chance.choice(("window", "calls", "gap", "bucket", "savings", "blocking", "both"))
    fewer = max(1, round(calls / slower))
    shapes: Mapping[str, Callable[[], Shape]] = {
        "window": lambda: Window(calls, slower * window, refused_count=counts),
        "calls": lambda: Window(fewer, window, refused_count=counts),
        "gap": lambda: Gap(slower * window / calls, refused_count=counts),
        "bucket": lambda: Bucket(slower * window / calls),
        "savings": lambda: Bucket(slower * window / calls, chance.randint(2, max(calls, 2))),
        "blocking": lambda: Blocking(Window(calls, slower * window), chance.uniform(0, 1800)),
        "both": lambda: Window(fewer, chance.uniform(1, 2) * window, refused_count=counts),
    }
    return RandomCase(interface, plants, f"{kind} x {slower:.2f}{', refused count' if counts else ''}", shapes[kind]())
