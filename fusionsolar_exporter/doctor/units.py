"""Powers whose unit is doubtful: a thousand times what voltage and current of the same reading give, or a thousandth.

Only a factor of about a thousand is one: phase shift, losses and values of different moments explain the rest.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from fusionsolar_exporter.doctor.report import UnitDoubt
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.kpis import device_target
from fusionsolar_exporter.northbound.interfaces import INVERTER_TYPES
from fusionsolar_exporter.northbound.model import Reading

_KEY = "active_power"
_PHASES = (("a_u", "a_i"), ("b_u", "b_i"), ("c_u", "c_i"))
_PAIRS: Mapping[int, tuple[tuple[str, str], ...]] = {
    **dict.fromkeys(INVERTER_TYPES, _PHASES),
    17: _PHASES,
    47: (("meter_u", "meter_i"), *_PHASES[1:]),
}
"""Keys of voltage (V) and current (A) whose products add up to the apparent power, by device type."""
_LEAST_VOLT_AMPERES = 50.0  # below, an inverter may well only wait
_THOUSAND = 1000.0
_OFF = (300.0, 3000.0)


@dataclass(frozen=True, slots=True)
class _Judged:
    ratio: float
    factor: float

    @property
    def doubtful(self) -> bool:
        low, high = _OFF
        return low <= self.ratio <= high or low * self.ratio <= 1 <= high * self.ratio


def doubtful_units(
    readings_by_type: Mapping[int, Iterable[Reading]], scales_of: Callable[[Reading], Mapping[str, float]]
) -> tuple[UnitDoubt, ...]:
    """The types most of whose devices show it; ``scales_of`` gives the factors that the configuration sets."""
    doubts = []
    for type_id, readings in readings_by_type.items():
        target = device_target(type_id, _KEY)
        if target is None or type_id not in _PAIRS:
            continue
        judged = [
            found
            for reading in readings
            for found in (_judge(type_id, reading, scales_of(reading).get(_KEY, target.factor)),)
            if found
        ]
        doubtful = [found for found in judged if found.doubtful]
        if doubtful and 2 * len(doubtful) >= len(judged):
            ratio, factor = median(found.ratio for found in doubtful), doubtful[0].factor
            doubts.append(
                UnitDoubt(
                    device_type_id=type_id,
                    device_type=device_type_label(type_id),
                    key=_KEY,
                    devices=len(doubtful),
                    judged=len(judged),
                    ratio=float(f"{ratio:.3g}"),
                    scale=float(f"{factor / _THOUSAND if ratio > 1 else factor * _THOUSAND:.12g}"),
                )
            )
    return tuple(doubts)


def _judge(type_id: int, reading: Reading, factor: float) -> _Judged | None:
    """The power as it is taken over the apparent power; None where the reading does not tell both."""
    watts = abs(reading.values.get(_KEY, 0.0)) * factor
    volt_amperes = sum(
        abs(reading.values.get(voltage, 0.0) * reading.values.get(current, 0.0)) for voltage, current in _PAIRS[type_id]
    )
    if volt_amperes < _LEAST_VOLT_AMPERES or not watts or not math.isfinite(watts) or not math.isfinite(volt_amperes):
        return None
    if type_id not in INVERTER_TYPES and watts < volt_amperes:
        return None  # a meter may see next to no power beside much reactive current
    return _Judged(watts / volt_amperes, factor)
