"""What a plant's energy came to between two moments, as the management system accounts for it."""

from dataclasses import dataclass

from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.registers import Registers


@dataclass(frozen=True, slots=True)
class EnergyAccount:
    """Energies in kWh to a hundredth; the equations between them hold to the last digit."""

    inverter_yield: float
    """AC side."""
    charged: float
    discharged: float
    fed_in: float
    purchased: float

    @property
    def pv_yield(self) -> float:
        """What the sun gave, before the battery."""
        return round(self.inverter_yield + self.charged - self.discharged, 2)

    @property
    def used(self) -> float:
        """Consumption, with whatever a battery that is not listed takes and gives."""
        return round(self.inverter_yield - self.fed_in + self.purchased, 2)

    @property
    def self_used(self) -> float:
        """What of the sun's yield stayed."""
        return round(self.pv_yield - self.fed_in, 2)

    @property
    def self_provided(self) -> float:
        """What of the consumption was not bought."""
        return round(self.used - self.purchased, 2)


def account(registers: Registers, begin: float, end: float) -> EnergyAccount:
    """Return the account of a plant from ``begin`` to ``end`` (Unix seconds)."""
    plant = registers.plant
    yielded = sum(registers.yielded(inverter, end) - registers.yielded(inverter, begin) for inverter in plant.inverters)
    charged = discharged = on_ac = 0.0
    for type_id in (DeviceType.BATTERY, DeviceType.ESS):
        count = plant.count(type_id)
        taken = count * (registers.charged(type_id, end) - registers.charged(type_id, begin)) if count else 0.0
        given = count * (registers.discharged(type_id, end) - registers.discharged(type_id, begin)) if count else 0.0
        charged, discharged = charged + taken, discharged + given
        on_ac += taken - given if type_id == DeviceType.ESS else 0.0
    return EnergyAccount(
        inverter_yield=round(yielded - on_ac, 2),
        charged=round(charged, 2),
        discharged=round(discharged, 2),
        fed_in=round(registers.fed_in(end) - registers.fed_in(begin), 2),
        purchased=round(registers.drawn(end) - registers.drawn(begin), 2),
    )
