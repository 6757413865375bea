"""A quantity over a year that repeats: its value at a moment, and its exact integral up to one.

Values between two steps of the grid are interpolated, and the integral is that of the interpolated line: so days
add up to months and months to totals, without storing any of them.
"""

from array import array
from calendar import leapdays
from collections.abc import Iterable
from itertools import accumulate, chain, pairwise

from fusionsolar_exporter.simulator.local_year import STEP_HOURS, STEPS_PER_DAY, LocalYear

EPOCH_YEAR = 1970
_COMMON_YEAR_STEPS = 365 * STEPS_PER_DAY


class YearSeries:
    """Samples on the grid of a leap year, which other years leave a day early."""

    def __init__(self, samples: Iterable[float]) -> None:
        self._samples = array("d", samples)
        self._samples.append(self._samples[0])
        steps = ((a + b) / 2 * STEP_HOURS for a, b in pairwise(self._samples))
        self._integrals = array("d", accumulate(chain((0.0,), steps)))
        self._common_year = self._integrals[_COMMON_YEAR_STEPS]
        self._leap_day = self._integrals[-1] - self._common_year

    def value(self, at: LocalYear) -> float:
        """Return the value at a moment."""
        index = int(at.step)
        before = self._samples[index]
        return before + (self._samples[index + 1] - before) * (at.step - index)

    def integral(self, at: LocalYear) -> float:
        """Return the integral over hours from the start of 1970 to a moment; only differences mean something."""
        index = int(at.step)
        part = at.step - index
        before = self._samples[index]
        within = (before + (self._samples[index + 1] - before) * part / 2) * part * STEP_HOURS
        years = (at.year - EPOCH_YEAR) * self._common_year + leapdays(EPOCH_YEAR, at.year) * self._leap_day
        return years + self._integrals[index] + within

    def day(self, at: LocalYear) -> "array[float]":
        """Return the samples of the day of a moment, from midnight to midnight."""
        first = int(at.step) // STEPS_PER_DAY * STEPS_PER_DAY
        return self._samples[first : first + STEPS_PER_DAY + 1]
