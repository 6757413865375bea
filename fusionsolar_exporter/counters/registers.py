"""The two kinds of register, and what of each new value is energy that was not counted yet.

A register is read in the direction of its first value, so an override that turns a sign turns no energy around. Totals
are in watthours and outlive a change of the scale: only what is added is converted.
"""

from dataclasses import dataclass, replace

_HELD = 0.99
"""A lifetime register that falls, but not below this share of its highest value, only dips."""
_ANSWERS = 3
"""A deeper fall is a new register once so many answers in a row show it."""
_NEW_DAY = 0.5
"""A day register that falls below this share of its highest value has begun a new day."""


def direction_of(value: float) -> int:
    """1 or -1; 0 where a value does not tell."""
    return (value > 0) - (value < 0)


@dataclass(frozen=True, slots=True)
class LifetimeRegister:
    """Counts from the first value on, by each rise above the highest value seen."""

    total: float
    """Watthours."""
    highest: float
    """In the interface's unit, counted in the direction of the register."""
    direction: float
    """1 or -1; 0 while no value has told."""
    falls: float = 0
    """Answers in a row that were far below."""
    replaced: float = 0.0
    """The highest value of the register before this one; 0 where there was none."""

    @classmethod
    def first(cls, value: float, scale: float) -> "LifetimeRegister":
        """The register as it is first seen; ``scale`` is watthours in the interface's unit."""
        return cls(abs(value * scale), abs(value), direction_of(value))

    def next(self, value: float, scale: float) -> "LifetimeRegister":
        """The register after another answer."""
        direction = self.direction or direction_of(value)
        value *= direction
        if value > self.highest:
            # zeros all night and the old value in the morning: it was never replaced
            back = bool(self.replaced) and self.highest < value / 2 and value >= _HELD * self.replaced
            known = max(self.highest, self.replaced) if back else self.highest
            total = self.total + max(value - known, 0.0) * abs(scale)
            return LifetimeRegister(total, max(value, known), direction, 0, 0.0 if back else self.replaced)
        if value >= _HELD * self.highest:
            return replace(self, falls=0)
        if self.falls + 1 < _ANSWERS:
            return replace(self, falls=self.falls + 1)
        return LifetimeRegister(self.total, max(value, 0.0), direction, 0, max(self.highest, self.replaced))


@dataclass(frozen=True, slots=True)
class DayRegister:
    """Counts from 0 by the rises; a new day adds what it already shows."""

    total: float
    """Watthours."""
    highest: float
    """Of the day, in the interface's unit, counted in the direction of the register."""
    newest: float
    direction: float
    """1 or -1; 0 while no value has told."""

    @classmethod
    def first(cls, value: float, scale: float) -> "DayRegister":
        """The register as it is first seen: what it shows may be of a time that nobody watched."""
        del scale
        return cls(0.0, abs(value), abs(value), direction_of(value))

    def next(self, value: float, scale: float, *, day_missed: bool) -> "DayRegister":
        """The register after another answer; ``day_missed`` where its day ended while nobody asked."""
        direction = self.direction or direction_of(value)
        value *= direction
        # to the last digit what it was: yesterday's, which stands until the plant wakes
        stale = value == self.newest
        if value < _NEW_DAY * self.highest or (day_missed and not stale):
            begun = max(value, 0.0)
            return DayRegister(self.total + begun * abs(scale), begun, value, direction)
        total = self.total + max(value - self.highest, 0.0) * abs(scale)
        return DayRegister(total, max(value, self.highest), value, direction)


Register = LifetimeRegister | DayRegister
