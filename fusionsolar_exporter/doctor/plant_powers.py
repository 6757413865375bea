"""One plant's powers at a moment, and which signs of its meter and storage they allow."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from fusionsolar_exporter.metrics.kpis import device_target
from fusionsolar_exporter.northbound.interfaces import INVERTER_TYPES
from fusionsolar_exporter.northbound.model import Device, Reading

POWER, STORED = "active_power", "ch_discharge_power"
STORAGE = 41
DOUBTED_METERS = (17, 23070)
_METERS = (*DOUBTED_METERS, 47)
_LEAST_WATTS = 100.0  # what meters may differ by, as in the rules that work out a consumption ...
_LEAST_SHARE = 0.05  # ... and as a share of the powers

Factors = Callable[[Reading], Mapping[str, float]]
Signs = tuple[int, int]
"""Of the meter and of the storage: 1 as it is taken now, -1 turned."""


@dataclass(frozen=True, slots=True)
class PlantPowers:
    """In watts: feeding in and charging are positive, as the exporter takes them now."""

    inverters: float
    meter: Device
    fed_in: float
    storages: tuple[Device, ...]
    stored: float

    def consumption(self, signs: Signs) -> float:
        """What is left for the loads."""
        return self.inverters - signs[0] * self.fed_in - signs[1] * self.stored

    def possible(self, storage: Sequence[int]) -> tuple[Signs, ...]:
        """The signs with which the plant does not consume less than nothing, of these of its storage."""
        of_meter = (1, -1) if self.meter.type_id in DOUBTED_METERS else (1,)
        most = _LEAST_WATTS + _LEAST_SHARE * (abs(self.inverters) + abs(self.stored))
        return tuple(signs for signs in product(of_meter, storage) if self.consumption(signs) >= -most)


def plant_powers(devices: Sequence[Device], readings: Mapping[str, Reading], factors: Factors) -> PlantPowers | None:
    """Of one plant's devices; None where a power is missing, and where several meters may measure single loads."""
    meters = [device for device in devices if device.type_id in _METERS]
    if len(meters) > 1:  # an EMMA beside others is none of its own
        meters = [device for device in meters if device.type_id in {17, 47}]
    inverters = [device for device in devices if device.type_id in INVERTER_TYPES]
    storages = tuple(device for device in devices if device.type_id == STORAGE)
    if len(meters) != 1 or not inverters:
        return None
    given = [watts(device, POWER, readings, factors) for device in (*meters, *inverters)]
    taken = [watts(device, STORED, readings, factors) for device in storages]
    known = [power for power in (*given, *taken) if power is not None]
    if len(known) < len(given) + len(taken):
        return None
    fed_in, *produced = known[: len(given)]
    return PlantPowers(sum(produced), meters[0], fed_in, storages, sum(known[len(given) :]))


def watts(device: Device, key: str, readings: Mapping[str, Reading], factors: Factors) -> float | None:
    """A power as the exporter takes it; None where it is not known."""
    reading, target = readings.get(device.id), device_target(device.type_id, key)
    if reading is None or target is None or key not in reading.values:
        return None
    return reading.values[key] * factors(reading).get(key, target.factor)
