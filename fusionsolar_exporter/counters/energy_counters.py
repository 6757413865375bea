"""The energy counters of the plants, or of the devices, of one account."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from fusionsolar_exporter.counters.counted import Kinds
from fusionsolar_exporter.counters.registers import DayRegister, Register

_DAY = 86400.0
_GAP = 6 * 3600.0
"""Answers so far apart, on two dates, have a midnight between them that nobody saw."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What is counted of one plant or device."""

    answered_at: float
    """Unix seconds of its newest answer, whether that had values or not."""
    registers: Mapping[str, Register] = field(default_factory=dict)
    """By key of the interface."""

    @property
    def totals(self) -> Mapping[str, float]:
        """Watthours by key of the interface."""
        return {key: register.total for key, register in self.registers.items()}


@dataclass(frozen=True, slots=True)
class Answered:
    """When and where an answer's values were read."""

    at: float
    """Unix seconds."""
    utc_offset: float
    """Of the plant, in seconds."""

    def missed_midnight_since(self, moment: float) -> bool:
        """Whether a day ended unseen between an earlier answer and this one."""
        return self.at - moment > _GAP and self._date(self.at) != self._date(moment)

    def _date(self, moment: float) -> float:
        return (moment + self.utc_offset) // _DAY


class EnergyCounters:
    """By plant code or device id. Used by one thread at a time; what it hands out is immutable.

    Nothing is forgotten: a device that is listed again goes on where it was.
    """

    def __init__(self) -> None:
        self._counted: dict[str, Counted] = {}

    def count(
        self, key: str, kinds: Kinds, values: Mapping[str, float], scale: Callable[[str], float], answered: Answered
    ) -> Counted:
        """Take the values of one plant or device; ``scale`` gives the watthours in the unit of a key."""
        before = self._counted.get(key, Counted(answered.at))
        missed = answered.missed_midnight_since(before.answered_at)
        registers = dict(before.registers)
        for name, kind in kinds.items():
            if name in values:
                value, factor = values[name], scale(name)
                register = registers.get(name)
                after: Register
                if register is None:
                    after = kind.first(value, factor)
                elif isinstance(register, DayRegister):
                    after = register.next(value, factor, day_missed=missed)
                else:
                    after = register.next(value, factor)
                if math.isfinite(after.total):  # else it would stay so for ever: such a value is nobody's energy
                    registers[name] = after
        counted = self._counted[key] = Counted(max(answered.at, before.answered_at), registers)
        return counted

    def get(self, key: str) -> Counted | None:
        """What is counted of one."""
        return self._counted.get(key)

    def of(self, keys: Iterable[str]) -> Mapping[str, Counted]:
        """What is counted of these, where anything is."""
        return {key: self._counted[key] for key in keys if key in self._counted}

    def take_over(self, key: str, other: Counted) -> Counted:
        """What another process or an earlier one has counted: the newer registers, and of each total the higher."""
        mine = self._counted.get(key)
        if mine is None:
            taken = other
        else:
            newer, older = (mine, other) if mine.answered_at >= other.answered_at else (other, mine)
            taken = Counted(newer.answered_at, _highest(newer.registers, older.registers))
        self._counted[key] = taken
        return taken


def _highest(newer: Mapping[str, Register], older: Mapping[str, Register]) -> Mapping[str, Register]:
    merged = dict(older)
    for key, register in newer.items():
        known = older.get(key)
        least = known.total if known is not None else 0.0
        merged[key] = register if register.total >= least else replace(register, total=least)
    return merged
