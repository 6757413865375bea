"""Where energy flows at a site of some wiring, per kWp: powers over a year, and their integrals.

A residential battery (39) hangs on the DC side of its inverter: the inverter's output lacks what it takes and holds
what it gives. C&I storage (41) and foreign batteries have an AC side of their own.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from fusionsolar_exporter.simulator.series import YearSeries
from fusionsolar_exporter.simulator.storage import StorageYear

CONVERSION = 0.989
"""AC output for DC input."""


@dataclass(frozen=True, slots=True)
class StorageShares:
    """How a site's storage is split: behind inverters, on the AC side, and unknown to the system; 0 where none is."""

    dc: float = 0.0
    ac: float = 0.0
    foreign: float = 0.0


def inverter_output(sun: float, stored: float) -> float:
    """Return the AC output of an inverter with ``sun`` on its DC side and a battery that takes ``stored`` there.

    Sun that is not stored loses in the conversion; the battery's own losses are in what it gives for what it took.
    """
    passed = sun - max(stored, 0.0)
    given = max(-stored, 0.0)
    return passed + given if passed < 0 else passed * CONVERSION + given


class Flows:
    """Powers in kW per kWp, with integrals in kWh per kWp. What charges and discharges is a whole storage."""

    def __init__(
        self, suns: Sequence[float], demands: Sequence[float], storage: StorageYear, shares: StorageShares
    ) -> None:
        self.shares = shares
        self._suns = suns
        self._demands = demands
        self._storage = storage
        stored = (charge - discharge for charge, discharge in zip(storage.charge, storage.discharge, strict=True))
        self._stored = array("d", stored)
        outputs = (inverter_output(sun, shares.dc * moved) for sun, moved in zip(suns, self._stored, strict=True))
        self._outputs = array("d", outputs)

    @cached_property
    def sun(self) -> YearSeries:
        """DC input of inverters from their strings."""
        return YearSeries(self._suns)

    @cached_property
    def inverters(self) -> YearSeries:
        """AC output of inverters; negative while a battery behind them is charged from the grid."""
        return YearSeries(self._outputs)

    @cached_property
    def demand(self) -> YearSeries:
        """What people at the plant draw."""
        return YearSeries(self._demands)

    @cached_property
    def charge(self) -> YearSeries:
        """Power into the storage."""
        return YearSeries(self._storage.charge)

    @cached_property
    def discharge(self) -> YearSeries:
        """Power out of the storage."""
        return YearSeries(self._storage.discharge)

    @cached_property
    def level(self) -> YearSeries:
        """State of charge, 0 to 1."""
        return YearSeries(self._storage.level)

    @cached_property
    def charging(self) -> YearSeries:
        """1 while the storage takes; its integral is in hours."""
        return YearSeries(_flags(self._storage.charge))

    @cached_property
    def discharging(self) -> YearSeries:
        """1 while the storage gives; its integral is in hours."""
        return YearSeries(_flags(self._storage.discharge))

    @cached_property
    def surplus(self) -> YearSeries:
        """What flows to the grid, never below 0."""
        on_ac = self.shares.ac + self.shares.foreign
        columns = zip(self._outputs, self._demands, self._stored, strict=True)
        return YearSeries(max(output - demand - on_ac * stored, 0.0) for output, demand, stored in columns)


def _flags(powers: Iterable[float]) -> Iterator[float]:
    return (float(power > 0) for power in powers)
