"""The lifetime registers of a plant at any moment, in kWh to a hundredth.

What a day, a month or a report says is the difference of two of them, so that hours add up to days, days to months
and months to the total, to the last digit.
"""

from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.plants import SimulatedDevice, SimulatedPlant
from fusionsolar_exporter.simulator.series import YearSeries


class Registers:
    """Registers of one plant; what was worked out for a moment (Unix seconds) is kept."""

    def __init__(self, plant: SimulatedPlant) -> None:
        self.plant = plant
        self.flows = plant.flows
        self._inverters = tuple(plant.inverters)
        self._effective_kw = plant.effective_kw
        self._integrals: dict[tuple[int, float], float] = {}
        self._storages = {
            type_id: (share, plant.count(type_id))
            for type_id, share in (
                (DeviceType.BATTERY, self.flows.shares.dc),
                (DeviceType.ESS, self.flows.shares.ac),
            )
        }

    def yielded(self, inverter: SimulatedDevice, at: float) -> float:
        """Return what an inverter has given: with what a battery behind it gave, without what that took."""
        return round(self._energy(inverter, self.flows.inverters, at), 2)

    def sunned(self, inverter: SimulatedDevice, at: float) -> float:
        """Return what an inverter's strings have given to it."""
        return round(self._energy(inverter, self.flows.sun, at), 2)

    def fed_in(self, at: float) -> float:
        """Return what the plant has fed into the grid."""
        return round(self._working(self.flows.surplus, at), 2)

    def drawn(self, at: float) -> float:
        """Return what the plant has drawn from the grid."""
        stored = self._working(self.flows.charge, at) - self._working(self.flows.discharge, at)
        on_ac = (self.flows.shares.ac + self.flows.shares.foreign) * stored
        demand = self._effective_kw * self._since(self.flows.demand, self.plant.connected_at, at)
        produced = self._working(self.flows.inverters, at)
        return round(self._working(self.flows.surplus, at) - (produced - on_ac - demand), 2)

    def charged(self, type_id: int, at: float) -> float:
        """Return what each storage of a type has taken."""
        return self._stored(type_id, self.flows.charge, at)

    def discharged(self, type_id: int, at: float) -> float:
        """Return what each storage of a type has given."""
        return self._stored(type_id, self.flows.discharge, at)

    def hours(self, series: YearSeries, begin: float, end: float) -> float:
        """Return for how many hours of a time the storage was charging, or discharging."""
        return round(self._since(series, begin, end), 2)

    def _stored(self, type_id: int, series: YearSeries, at: float) -> float:
        share, count = self._storages[DeviceType(type_id)]
        return round(share * self._working(series, at) / count, 2) if share else 0.0

    def _working(self, series: YearSeries, at: float) -> float:
        """Return the energy of the whole plant: storage rests with its inverter."""
        return sum(self._energy(inverter, series, at) for inverter in self._inverters)

    def _energy(self, inverter: SimulatedDevice, series: YearSeries, at: float) -> float:
        whole = self._since(series, inverter.installed_at, at)
        for outage in inverter.outages:
            end = at if outage.until is None else min(outage.until, at)
            whole -= self._since(series, max(outage.since, inverter.installed_at), end)
        return inverter.effective_kw * whole

    def _since(self, series: YearSeries, begin: float, end: float) -> float:
        return self._integral(series, end) - self._integral(series, begin) if end > begin else 0.0

    def _integral(self, series: YearSeries, moment: float) -> float:
        key = id(series), moment
        found = self._integrals.get(key)
        if found is None:
            found = self._integrals[key] = series.integral(self.plant.site.at(moment))
        return found
