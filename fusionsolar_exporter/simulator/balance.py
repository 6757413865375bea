"""What a plant gives to the grid, takes from it, and stores: powers that always add up."""

from dataclasses import dataclass

from fusionsolar_exporter.simulator.scene import Scene


@dataclass(frozen=True, slots=True)
class Balance:
    """Powers in kW at a moment. ``charged`` is what a whole storage takes less what it gives."""

    sun: float
    """DC input of the inverters."""
    inverters: float
    """Their AC output."""
    demand: float
    dc_charged: float
    """Behind the inverters, whose output has it already."""
    ac_charged: float
    foreign_charged: float

    @property
    def net(self) -> float:
        """To the grid where positive, from it where negative."""
        return self.inverters - self.demand - self.ac_charged - self.foreign_charged


def power_balance(scene: Scene) -> Balance:
    """Return the powers of a plant in kW."""
    flows, working = scene.flows, scene.working_kw
    stored = working * (flows.charge.value(scene.now) - flows.discharge.value(scene.now))
    awake = 1.0 if scene.running else 0.0
    return Balance(
        sun=awake * working * scene.sun,
        inverters=awake * working * scene.inverters,
        demand=scene.effective_kw * flows.demand.value(scene.now),
        dc_charged=awake * flows.shares.dc * stored,
        ac_charged=flows.shares.ac * stored,
        foreign_charged=flows.shares.foreign * stored,
    )
