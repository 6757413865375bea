"""The active power of a plant, which no interface gives: the sum over its connected inverters."""

from collections.abc import Iterable

from fusionsolar_exporter.metrics.routes import Routes
from fusionsolar_exporter.northbound.model import Reading

_POWER = "active_power"
_STATE = "run_state"
_DISCONNECTED = 0


def plant_active_power(inverters: Iterable[tuple[Routes, Reading | None]]) -> float | None:
    """Watts of a plant; None where no inverter is connected or a connected one has no value.

    An inverter is connected unless its newest reading says ``run_state`` 0 (reference 9.2.6).
    """
    parts: list[float] = []
    for routes, reading in inverters:
        if reading is None:
            return None
        if reading.values.get(_STATE) == _DISCONNECTED:
            continue
        power, route = reading.values.get(_POWER), routes[_POWER]
        if power is None or route is None:
            return None
        parts.append(power * route.multiplier / route.divisor)
    return sum(parts) if parts else None
