"""What strings on roofs bring in a year, by quarters of days: orientation, weather, snow, limits, and a loss.

A day's clouds leave more of the diffuse light than of the direct one, so strings of two orientations go apart with the
weather and with the season. Every string has a spread of its own from day to day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import acos, asin, cos, pi, radians, sin
from random import Random

DAY_QUARTERS = 4
_STEPS = 48  # of a day
_TILT = radians(23.44)
_SPREAD = 0.01  # of a string's energy of a day
_DIFFUSE = 0.12  # of a clear sky's direct light, on any roof
_SNOW_DAYS = (-20, 65)  # around New Year, in the north


@dataclass(frozen=True, slots=True)
class Roof:
    """An orientation: degrees from the south, west positive, and from the horizontal."""

    azimuth: float
    tilt: float


SOUTH, EAST, WEST, SOUTH_WEST = Roof(0.0, 35.0), Roof(-90.0, 30.0), Roof(90.0, 30.0), Roof(50.0, 30.0)


@dataclass(frozen=True, slots=True)
class Loss:
    """A string that gives less from a day on."""

    string: int
    day: int
    share: float


@dataclass(frozen=True, slots=True)
class Year:
    """One inverter's year and a half; ``roofs`` has the orientation of each of its strings."""

    latitude: float
    roofs: tuple[Roof, ...]
    seed: int
    snow: bool = False
    limits: bool = False
    loss: Loss | None = None
    days: int = 420

    def energies(self) -> list[list[float]]:
        """Of each string, by quarters of days."""
        random = Random(f"{self.seed}/{self.latitude}/{len(self.roofs)}")
        found: list[list[float]] = [[] for _ in self.roofs]
        sizes = [random.uniform(0.9, 1.1) for _ in self.roofs]
        covered: dict[Roof, int] = dict.fromkeys(self.roofs, 0)
        for day in range(self.days):
            clear = 1 - random.random() ** 2 * 0.95
            if self.snow and (day % 365 < _SNOW_DAYS[1] or day % 365 > 365 + _SNOW_DAYS[0]) and random.random() < 0.06:
                lasts = random.randint(1, 6)
                covered = {roof: day + lasts + random.randint(0, 2) for roof in covered}
            limited = self.limits and random.random() < 0.4
            by_roof = {roof: light(self.latitude, roof, day % 365, round(clear, 2), limited) for roof in covered}
            for string, roof in enumerate(self.roofs):
                share = sizes[string] * random.gauss(1.0, _SPREAD)
                if self.loss and string == self.loss.string and day >= self.loss.day:
                    share *= 1 - self.loss.share
                lit = by_roof[roof] if day >= covered[roof] else (0.0,) * DAY_QUARTERS
                found[string] += [share * energy for energy in lit]
        return found


@lru_cache(maxsize=100_000)
def light(latitude: float, roof: Roof, day: int, clear: float, limited: bool) -> Sequence[float]:
    """Energy of each quarter of a day in kWh per kWp; where the inverter is limited, its best hours are left out."""
    quarters = [0.0] * DAY_QUARTERS
    declination = asin(sin(_TILT) * sin(2 * pi * (day - 80) / 365))
    north, tilt, azimuth = radians(latitude), radians(roof.tilt), radians(roof.azimuth)
    for step in range(_STEPS):
        hour_angle = 2 * pi * ((step + 0.5) / _STEPS - 0.5)
        height = sin(north) * sin(declination) + cos(north) * cos(declination) * cos(hour_angle)
        if height <= 0 or (limited and height > 0.6):
            continue
        elevation = asin(height)
        # from the south, west positive
        cosine = (height * sin(north) - sin(declination)) / max(cos(elevation) * cos(north), 1e-9)
        sun = acos(min(max(cosine, -1.0), 1.0)) * (1 if hour_angle > 0 else -1)
        incidence = height * cos(tilt) + cos(elevation) * sin(tilt) * cos(sun - azimuth)
        direct = clear**1.5 * height**0.25 * max(incidence, 0.0)
        quarters[step * DAY_QUARTERS // _STEPS] += (direct + (_DIFFUSE + 0.3 * (1 - clear)) * height) / 2
    return tuple(quarters)
