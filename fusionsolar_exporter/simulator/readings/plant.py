"""Real-time plant data (reference 9.2.1)."""

from enum import IntEnum

from fusionsolar_exporter.simulator.active_alarms import active_alarms
from fusionsolar_exporter.simulator.alarms import AlarmLevel
from fusionsolar_exporter.simulator.energy_account import account
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.scene import Scene


class HealthState(IntEnum):
    """Values of ``real_health_state``."""

    DISCONNECTED = 1
    FAULTY = 2
    HEALTHY = 3


def health(scene: Scene) -> HealthState:
    """Return disconnected where no inverter is heard, faulty with one stopped or a serious alarm, else healthy."""
    inverters = tuple(scene.plant.inverters)
    if inverters and not any(scene.connected(device) for device in inverters):
        return HealthState.DISCONNECTED
    serious = any(alarm.kind.level <= AlarmLevel.MAJOR for alarm in active_alarms(scene.plant, scene.at))
    stopped = any(device.outage_at(scene.at) is not None for device in inverters)
    return HealthState.FAULTY if serious or stopped else HealthState.HEALTHY


def plant_values(scene: Scene) -> Values:
    """Return every key of the reference: the sums of the inverters' own values, in kWh and in the local currency."""
    inverters = tuple(scene.plant.inverters)
    day = sum(scene.day_energy(device) for device in inverters)
    total = sum(scene.total_energy(device) for device in inverters)
    return {
        "day_power": round(day, 2),
        "month_power": round(sum(scene.month_energy(device) for device in inverters), 2),
        "total_power": round(total, 2),
        "day_income": round(day * scene.plant.tariff, 3),
        "total_income": round(total * scene.plant.tariff, 3),
        "real_health_state": int(health(scene)),
    }


def newer_plant_values(scene: Scene) -> Values:
    """Return the keys that newer servers add: energy fed in and consumed today, in kWh."""
    day = account(scene.registers, scene.midnight, scene.at)
    return {"day_on_grid_energy": day.fed_in, "day_use_energy": day.used}
