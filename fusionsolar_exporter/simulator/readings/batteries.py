"""Residential batteries and C&I storage (reference 9.2.6, types 39 and 41): positive while charging."""

from enum import IntEnum

from fusionsolar_exporter.simulator.balance import energy_balance, power_balance
from fusionsolar_exporter.simulator.plants import SimulatedDevice
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.scene import Scene
from fusionsolar_exporter.simulator.site import STORAGE_EFFICIENCY, STORAGE_FLOOR, STORAGE_KW, STORAGE_KWH

_AUTOMATIC_MODE = 4


class BatteryStatus(IntEnum):
    """Values of ``battery_status`` that simulated batteries pass through."""

    STANDBY = 1
    RUNNING = 2


def storage_values(device: SimulatedDevice, scene: Scene) -> Values:
    """Return every key of type 41: power in W, energies of the day in kWh. A plant's batteries share equally."""
    count = scene.plant.batteries
    power, energy = power_balance(scene), energy_balance(scene, scene.midnight)
    capacity = scene.effective_kw * STORAGE_KWH
    stored = (energy.charged - energy.discharged / STORAGE_EFFICIENCY) / capacity if capacity else 0.0
    return {
        "ch_discharge_power": round((power.charged - power.discharged) * 1000 / count, 1),
        "battery_soc": round(100 * (STORAGE_FLOOR + stored), 1),
        "battery_soh": round(95 + 5 * device.chance, 1),
        "charge_cap": round(energy.charged / count, 2),
        "discharge_cap": round(energy.discharged / count, 2),
        "run_state": 1,
    }


def battery_values(device: SimulatedDevice, scene: Scene) -> Values:
    """Return every key of type 39: as for type 41, with state, mode and limits (W)."""
    values = storage_values(device, scene)
    limit = round(scene.effective_kw * STORAGE_KW * 1000 / scene.plant.batteries, 1)
    return values | {
        "battery_status": int(BatteryStatus.RUNNING if values["ch_discharge_power"] else BatteryStatus.STANDBY),
        "max_charge_power": limit,
        "max_discharge_power": limit,
        "busbar_u": round(745 + 10 * device.chance, 1),
        "ch_discharge_model": _AUTOMATIC_MODE,
    }
