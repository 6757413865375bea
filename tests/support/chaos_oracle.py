"""What may be served on a day of chaos: values that the far side has said, and none beyond its time to live.

The far side says of each plant and inverter the second at which it was asked: whoever reads that knows how old it is.
"""

import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence

from typing_extensions import override

from fusionsolar_exporter.simulator.fleet import SimulatedFleet
from fusionsolar_exporter.simulator.interfaces import Holdings, Interface
from fusionsolar_exporter.simulator.limit_shapes import LimitShape
from fusionsolar_exporter.simulator.plan import START
from fusionsolar_exporter.simulator.quotas import Quotas
from fusionsolar_exporter.status import CollectorName
from support.constant_values import ConstantValues

_KILO = 1000  # what is said in kilowatts and kilowatt-hours is served in the units without a prefix
_SERVED = re.compile(
    r'^fusionsolar_(?:plant_day_yield_watthours\{.*plant="(?P<plant>[^"]*)",plant_code="(?P<code>[^"]*)"'
    r'|device_active_power_watts\{.*device="(?P<device>[^"]*)",device_id="(?P<id>[^"]*)").*\} (?P<value>\S+)$',
    re.MULTILINE,
)
_INVERTERS = (1, 38)  # of other devices the unit of the active power is doubtful
_LONGEST_LIFE = 86400.0
_BETWEEN_LOOKS = 600.0


class SaidMoments(ConstantValues):
    """Says the moment as the value of each plant and inverter that is asked for, and remembers it."""

    def __init__(self, fleet: SimulatedFleet, now: Callable[[], float]) -> None:
        super().__init__()
        self._fleet = fleet
        self._now = now
        self.said: defaultdict[str, set[int]] = defaultdict(set)
        """Seconds since the start of simulated time, by code of a plant or id of a device."""

    @override
    def plant(self, code: str) -> dict[str, object]:
        return {"day_power": self._say(code)}

    @override
    def device(self, key: str) -> dict[str, object]:
        known = self._fleet.devices.get(key)
        inverter = known is not None and known.type_id in _INVERTERS
        return {"run_state": 1, "active_power": self._say(key)} if inverter else {"run_state": 1}

    def _say(self, key: str) -> int:
        second = int(self._now() - START)
        self.said[key].add(second)
        return second


class DocumentedQuotas(Quotas):
    """Refuses by the limits in force, and judges by the documented ones."""

    def __init__(self) -> None:
        super().__init__()
        self._documented = Quotas()
        self.broken: list[tuple[Interface, float]] = []
        """Calls above a documented limit."""

    @override
    def admit(
        self, user: str, interface: Interface, at: float, holdings: Holdings, more: Sequence[LimitShape] = ()
    ) -> LimitShape | None:
        if self._documented.admit(user, interface, at, holdings, more) is not None:
            self.broken.append((interface, at))
        return super().admit(user, interface, at, holdings, more)


class Oracle:
    """Reads what is served. ``names`` are all that a plant or a device has had, by code or id."""

    def __init__(self, said: SaidMoments) -> None:
        self._said = said.said
        self.names: defaultdict[str, set[str]] = defaultdict(set)
        self.values = 0
        """How many were looked at."""
        self._planned: defaultdict[CollectorName, deque[tuple[float, float]]] = defaultdict(deque)
        """Moments and the times to live as planned then."""

    def planned(self, now: float, lives: dict[CollectorName, float]) -> None:
        """Note the times to live as they are planned at a moment: at each request, as a plan may last for one only."""
        for name, seconds in lives.items():
            self._planned[name].append((now, seconds))
            while self._planned[name][0][0] < now - _LONGEST_LIFE:
                self._planned[name].popleft()

    def wrong(self, text: str, now: float) -> Iterator[str]:
        """What should not be served in a text at a moment."""
        for found in _SERVED.finditer(text):
            self.values += 1
            of_plant = found["code"] is not None
            collector = CollectorName.PLANT_REALTIME if of_plant else CollectorName.DEVICE_REALTIME
            key, name = (found["code"], found["plant"]) if of_plant else (found["id"], found["device"])
            second = float(found["value"]) / _KILO
            age = now - START - second
            if second not in self._said[key]:
                yield f"{key}: nobody said {second:.0f}"
            longest = max(life for at, life in self._planned[collector] if at >= now - age - _BETWEEN_LOOKS)
            if age > longest + 1:
                yield f"{key}: {age:.0f} s old, may be {longest:.0f}"
            if name not in self.names[key]:
                yield f"{key}: was never called {name}"
