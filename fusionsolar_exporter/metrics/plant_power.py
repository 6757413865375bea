"""The active power of a plant, which no interface gives: the sum over its connected inverters."""

from collections.abc import Iterator, Mapping

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.factor import multiplier_and_divisor
from fusionsolar_exporter.metrics.kpis import device_target
from fusionsolar_exporter.northbound.interfaces import INVERTER_TYPES

_POWER = "active_power"
_STATE = "run_state"
_DISCONNECTED = 0


def plant_active_power(
    snapshot: Snapshot, scale_overrides: Mapping[tuple[int, str], float]
) -> Iterator[tuple[str, float]]:
    """Plant codes and watts; a plant is left out where no inverter is connected or a connected one has no value.

    An inverter is connected unless its newest reading says ``run_state`` 0 (reference 9.2.6).
    """
    scales = {type_id: _scale(type_id, scale_overrides) for type_id in INVERTER_TYPES}
    powers: dict[str, list[float | None]] = {}
    for device_id, device in snapshot.devices.items():
        if device.type_id not in INVERTER_TYPES:
            continue
        reading = snapshot.device_readings.get(device_id)
        values = {} if reading is None else reading.values
        if values.get(_STATE) == _DISCONNECTED:
            continue
        multiplier, divisor = scales[device.type_id]
        power = values.get(_POWER)
        watts = None if power is None else power * multiplier / divisor
        powers.setdefault(device.plant_code, []).append(watts)
    for code, parts in powers.items():
        known = [part for part in parts if part is not None]
        if len(known) == len(parts):
            yield code, sum(known)


def _scale(type_id: int, scale_overrides: Mapping[tuple[int, str], float]) -> tuple[float, float]:
    target = device_target(type_id, _POWER)
    factor = 1.0 if target is None else target.factor
    return multiplier_and_divisor(scale_overrides.get((type_id, _POWER), factor))
