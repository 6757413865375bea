"""A battery over a year: what it takes and gives, step by step, from what is left over and what is missing."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from fusionsolar_exporter.simulator.local_year import STEP_HOURS, STEPS_PER_DAY

STORAGE_KWH = 1.0
"""Capacity, per kWp."""
STORAGE_FLOOR = 0.2
"""State of charge that is never gone below."""
STORAGE_EFFICIENCY = 0.95
"""Energy given for energy taken: what is lost is lost inside."""
STORAGE_KW = 0.4
"""Largest charge and discharge power, per kWp."""
_GRID_KW = 0.2
_GRID_STEPS = range(STEPS_PER_DAY // 24, STEPS_PER_DAY * 4 // 24)
"""Charging from the grid: from one to four in the morning."""


@dataclass(frozen=True, slots=True)
class StorageYear:
    """Powers in kW per kWp and the state of charge (0 to 1), on the grid of the year."""

    charge: "array[float]"
    discharge: "array[float]"
    level: "array[float]"


def storage_year(outputs: Sequence[float], demands: Sequence[float], *, from_grid: bool) -> StorageYear:
    """Return what a battery does when it takes every surplus and gives whatever is missing, as far as it can.

    The year is run twice, so that it begins as full as it ends.
    """
    first = _run(outputs, demands, STORAGE_FLOOR * STORAGE_KWH, from_grid=from_grid)
    return _run(outputs, demands, first.level[-1] * STORAGE_KWH, from_grid=from_grid)


def _run(outputs: Sequence[float], demands: Sequence[float], stored: float, *, from_grid: bool) -> StorageYear:
    year = StorageYear(array("d"), array("d"), array("d"))
    charge = discharge = 0.0
    for step, (output, demand) in enumerate(zip(outputs, demands, strict=True)):
        before = charge, discharge
        # Powers are lines between steps: half of one still flows while the next is already nothing.
        room = (STORAGE_KWH - stored) / STEP_HOURS - charge / 2
        reserve = (stored - STORAGE_FLOOR * STORAGE_KWH) * STORAGE_EFFICIENCY / STEP_HOURS - discharge / 2
        surplus = output - demand
        charge = discharge = 0.0
        if surplus > 0:
            charge = max(min(surplus, STORAGE_KW, room), 0.0)
        elif from_grid and step % STEPS_PER_DAY in _GRID_STEPS:
            charge = max(min(_GRID_KW, room), 0.0)
        else:
            discharge = max(min(-surplus, STORAGE_KW, reserve), 0.0)
        taken, given = before[0] + charge, before[1] + discharge
        stored += (taken - given / STORAGE_EFFICIENCY) / 2 * STEP_HOURS
        year.charge.append(charge)
        year.discharge.append(discharge)
        year.level.append(stored / STORAGE_KWH)
    return year
