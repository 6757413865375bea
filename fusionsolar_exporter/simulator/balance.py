"""What a plant gives to the grid, takes from it, and stores: power and energy that always add up."""

from dataclasses import dataclass

from fusionsolar_exporter.simulator.local_year import LocalYear
from fusionsolar_exporter.simulator.scene import Scene
from fusionsolar_exporter.simulator.series import YearSeries


@dataclass(frozen=True, slots=True)
class Balance:
    """Powers in kW at a moment, or energies in kWh over a time."""

    produced: float
    demand: float
    charged: float
    discharged: float

    @property
    def net(self) -> float:
        """To the grid where positive, from it where negative."""
        return self.produced - self.demand - self.charged + self.discharged


def power_balance(scene: Scene) -> Balance:
    """Return the powers of a plant in kW."""
    site, scale = scene.plant.site, scene.effective_kw
    stored = scale if scene.plant.batteries else 0.0
    return Balance(
        produced=sum(scene.power(device) for device in scene.plant.inverters),
        demand=scale * site.demand.value(scene.now),
        charged=stored * site.charge.value(scene.now) if stored else 0.0,
        discharged=stored * site.discharge.value(scene.now) if stored else 0.0,
    )


def energy_balance(scene: Scene, since: float) -> Balance:
    """Return the energies of a plant in kWh from Unix seconds ``since`` to the scene's moment."""
    site, scale = scene.plant.site, scene.effective_kw
    begin = site.at(max(since, scene.plant.connected_at))
    stored = scale if scene.plant.batteries else 0.0
    produced_since = site.output.integral(begin)
    return Balance(
        produced=sum(device.energy(produced_since, scene.total) for device in scene.plant.inverters),
        demand=scale * _between(site.demand, begin, scene.now),
        charged=stored * _between(site.charge, begin, scene.now) if stored else 0.0,
        discharged=stored * _between(site.discharge, begin, scene.now) if stored else 0.0,
    )


def grid_energies(scene: Scene, since: float) -> tuple[float, float]:
    """Return the energy fed in and the energy drawn, in kWh, from Unix seconds ``since`` to the scene's moment.

    What a stopped inverter does not yield is drawn from the grid, so that both counters only ever rise.
    """
    balance = energy_balance(scene, since)
    site = scene.plant.site
    begin = site.at(max(since, scene.plant.connected_at))
    surplus = site.stored_surplus if scene.plant.batteries else site.surplus
    fed_in = scene.effective_kw * _between(surplus, begin, scene.now)
    return fed_in, fed_in - balance.net


def _between(series: YearSeries, begin: LocalYear, end: LocalYear) -> float:
    return series.integral(end) - series.integral(begin)
