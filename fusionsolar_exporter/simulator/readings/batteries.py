"""Residential batteries and C&I storage (reference 9.2.6, types 39 and 41): positive while charging."""

from enum import IntEnum

from fusionsolar_exporter.simulator.balance import power_balance
from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.plants import SimulatedDevice
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.scene import Scene
from fusionsolar_exporter.simulator.storage import STORAGE_KW

_AUTOMATIC_MODE = 4


class BatteryStatus(IntEnum):
    """Values of ``battery_status`` that simulated batteries pass through."""

    STANDBY = 1
    RUNNING = 2


def storage_values(device: SimulatedDevice, scene: Scene) -> Values:
    """Return every key of type 41: power in W, energies of the day in kWh. A plant's storages share equally."""
    return _values(device, scene, scene.plant.installation.storage_sign)


def battery_values(device: SimulatedDevice, scene: Scene) -> Values:
    """Return every key of type 39: as for type 41, with state, mode and limits (W)."""
    values = _values(device, scene, 1)
    limit = round(scene.effective_kw * scene.flows.shares.dc * STORAGE_KW * 1000 / _count(device), 1)
    return values | {
        "battery_status": int(BatteryStatus.RUNNING if values["ch_discharge_power"] else BatteryStatus.STANDBY),
        "max_charge_power": limit,
        "max_discharge_power": limit,
        "busbar_u": round(745 + 10 * device.chance, 1),
        "ch_discharge_model": _AUTOMATIC_MODE,
    }


def _count(device: SimulatedDevice) -> int:
    return device.plant.count(device.type_id)


def _values(device: SimulatedDevice, scene: Scene, sign: int) -> Values:
    balance, registers, type_id = power_balance(scene), scene.registers, device.type_id
    charged = balance.ac_charged if type_id == DeviceType.ESS else balance.dc_charged
    day = scene.midnight
    return {
        "ch_discharge_power": round(sign * charged * 1000 / _count(device), 1) + 0.0,
        "battery_soc": round(100 * scene.flows.level.value(scene.now), 1),
        "battery_soh": round(95 + 5 * device.chance, 1),
        "charge_cap": round(registers.charged(type_id, scene.at) - registers.charged(type_id, day), 2),
        "discharge_cap": round(registers.discharged(type_id, scene.at) - registers.discharged(type_id, day), 2),
        "run_state": 1,
    }
