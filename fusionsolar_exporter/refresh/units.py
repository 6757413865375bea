"""Units by evidence: kilowatts or watts, where that depends on the far side's version.

The reference prints kW for grid meters, later manuals W, and servers do either. A reading tells by itself: the sum of
phase voltage x current is its apparent power in VA, and no power is above that. Taken over are values in the unit that
the tables name (kW, kvar, kVA), so that nothing behind this has to know of two.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from fusionsolar_exporter.northbound.model import DatedReading, Reading
from fusionsolar_exporter.northbound.values import Values
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory

_R = TypeVar("_R", Reading, DatedReading)

_PHASES = ("a", "b", "c")
_OF_POWER = tuple(f"{kind}_power{suffix}" for kind in ("active", "reactive") for suffix in ("", "_a", "_b", "_c"))
_APPARENT = "total_apparent_power"
_KEYS: Mapping[int, tuple[str, ...]] = {
    17: (*_OF_POWER, _APPARENT),
    47: (_APPARENT,),
    23070: (*_OF_POWER, _APPARENT, "ex_active_power"),
}
"""The keys of a type whose unit is in doubt."""
_WITNESSES: Mapping[int, tuple[str, ...]] = {
    17: ("active_power", _APPARENT),
    47: (_APPARENT,),
    23070: ("active_power", _APPARENT),
}
"""The keys of which the first that is there is compared with voltage x current."""
_LEAST_APPARENT = 50.0  # VA: below it, rounding and reactive power tell nothing
_TOLERANCE = 1.05
_KILO, _BARE, _NEITHER = 1000.0, 1.0, 0.0
_CONTRADICTIONS = 3


@dataclass(frozen=True, slots=True)
class KeptUnit:
    """What was found of a device type: how many watts its unit has, and how many readings in a row have denied it."""

    watts: float
    denied: int = 0


class UnitsByEvidence:
    """One account's findings by device type. Used by the account's own thread."""

    def __init__(self, context: AccountContext, inventory: Inventory) -> None:
        self._context = context
        self._inventory = inventory
        self._found: dict[int, KeptUnit] = {}

    def kept(self) -> Mapping[int, KeptUnit]:
        """What state keeps."""
        return dict(self._found)

    def restore(self, kept: Mapping[int, KeptUnit]) -> None:
        """Take over what was kept."""
        self._found = dict(kept)

    def apply(self, readings: Iterable[_R]) -> Sequence[_R]:
        """The readings with doubtful keys in the unit of the tables, or without them where nobody can tell."""
        return [self._judged(reading) for reading in readings]

    def _judged(self, reading: _R) -> _R:
        device = self._inventory.devices.get(reading.id)
        if device is None or device.type_id not in _KEYS:
            return reading
        overrides = self._context.settings.account.scale_overrides
        given = overrides.of(self._inventory.plants.get(device.plant_code), device).by_key
        # whoever has written down a factor knows better: such keys stay as they came
        doubtful = [key for key in _KEYS[device.type_id] if key in reading.values and key not in given]
        if not doubtful:
            return reading
        watts = self._unit(device.type_id, reading.values)
        if watts == _KILO:
            return reading
        return replace(reading, values=_converted(reading.values, doubtful, watts))

    def _unit(self, type_id: int, values: Mapping[str, float]) -> float | None:
        """Watts of the unit that this reading may be served in; None where it contradicts, or nothing is known."""
        found = self._found.get(type_id)
        told = _told(type_id, values)
        if told is None:
            return None if found is None else found.watts
        if told == _NEITHER:
            return None
        if found is None or told == found.watts:
            self._found[type_id] = KeptUnit(told)
            return told
        denied = found.denied + 1
        if denied >= _CONTRADICTIONS:
            self._found[type_id] = KeptUnit(told)
            return told
        self._found[type_id] = replace(found, denied=denied)
        return None


def _told(type_id: int, values: Mapping[str, float]) -> float | None:
    """What the reading itself tells of the unit, in watts; None where it tells nothing, 0 where it fits none."""
    witness = next((abs(values[key]) for key in _WITNESSES[type_id] if values.get(key)), None)
    apparent = _apparent_power(values)
    if witness is None or apparent <= _LEAST_APPARENT:
        return None
    # both may be possible: power is seldom a thousandth of what voltage and current say
    most = apparent * _TOLERANCE
    if witness * _KILO <= most:
        return _KILO
    return _BARE if witness <= most else _NEITHER


def _apparent_power(values: Mapping[str, float]) -> float:
    """Voltamperes: the phases that the reading has."""
    phases = [(values.get(f"{phase}_u"), values.get(f"{phase}_i")) for phase in _PHASES]
    if phases[0][0] is None or phases[0][1] is None:
        phases[0] = values.get("meter_u"), values.get("meter_i")
    return sum(abs(volts * amperes) for volts, amperes in phases if volts is not None and amperes is not None)


def _converted(values: Mapping[str, float], doubtful: Sequence[str], watts: float | None) -> Values:
    """The values in kilos; where the unit is not known only zeros, which are the same in every unit."""
    if watts is None:
        return Values((key, value) for key, value in values.items() if key not in doubtful or value == 0)
    return Values((key, value * watts / _KILO if key in doubtful else value) for key, value in values.items())
