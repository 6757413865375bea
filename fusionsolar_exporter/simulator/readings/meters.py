"""Grid meters and power sensors (reference 9.2.6, types 17 and 47): sensors are positive while the plant feeds in."""

from fusionsolar_exporter.simulator.balance import power_balance
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.readings.inverters import SQRT3
from fusionsolar_exporter.simulator.scene import Scene

_POWER_FACTOR = 0.98
_REACTIVE_SHARE = 0.203  # tan(acos(0.98))
_TARIFFS = {"peak": 0.3, "power": 0.4, "valley": 0.2, "top": 0.1}
"""Share of each tariff in a meter's energy; ``power`` in a key means the shoulder tariff."""


def grid_meter_values(scene: Scene) -> Values:
    """Return every key of type 17: powers in kW, kvar, kVA; energies in kWh and kvarh. The sign is the plant's own."""
    power = scene.plant.installation.meter_sign * power_balance(scene).net / scene.plant.meters
    phase = scene.grid_voltage
    current = round(abs(power) * 1000 / (3 * phase * _POWER_FACTOR), 3)
    return _common(scene, power, scene.plant.installation.meter_sign) | {"a_u": round(phase, 1), "a_i": current}


def power_sensor_values(scene: Scene) -> Values:
    """Return every key of type 47: powers in W and var (also of the phases), the apparent power in kVA."""
    power = power_balance(scene).net / scene.plant.meters
    phase = scene.grid_voltage
    values = _common(scene, power, 1)
    for key in ("active_power", "reactive_power"):
        for suffix in ("", "_a", "_b", "_c"):
            values[key + suffix] = round(_signed(power, key) * 1000 / (3 if suffix else 1), 1)
    return values | {
        "meter_status": 1,
        "run_state": 1,
        "meter_u": round(phase, 1),
        "meter_i": round(abs(power) * 1000 / (3 * phase * _POWER_FACTOR), 3),
    }


def _signed(power: float, key: str) -> float:
    return power if key == "active_power" else power * _REACTIVE_SHARE


def _common(scene: Scene, power: float, sign: int) -> Values:
    """Return what both types send. A plant's meters share its balance equally."""
    phase = scene.grid_voltage
    line = round(phase * SQRT3, 1)
    reactive = power * _REACTIVE_SHARE
    current = round(abs(power) * 1000 / (3 * phase * _POWER_FACTOR), 3)
    values: Values = {
        "ab_u": line,
        "bc_u": line,
        "ca_u": line,
        "b_u": round(phase, 1),
        "c_u": round(phase, 1),
        "b_i": current,
        "c_i": current,
        "active_power": round(power, 3),
        "reactive_power": round(reactive, 3),
        "power_factor": _POWER_FACTOR,
        "total_apparent_power": round(abs(power) / _POWER_FACTOR, 3),
        "grid_frequency": scene.frequency,
    }
    for name in "abc":
        values[f"active_power_{name}"] = round(power / 3, 3)
        values[f"reactive_power_{name}"] = round(reactive / 3, 3)
    registers, count = scene.registers, scene.plant.meters
    fed_in, drawn = (energy / count for energy in (registers.fed_in(scene.at), registers.drawn(scene.at))[::sign])
    energies = {
        ("active_cap", "positive_active"): fed_in,
        ("reverse_active_cap", "reverse_active"): drawn,
        ("forward_reactive_cap", "positive_reactive"): fed_in * _REACTIVE_SHARE,
        ("reverse_reactive_cap", "reverse_reactive"): drawn * _REACTIVE_SHARE,
    }
    for (whole, part), energy in energies.items():
        values[whole] = round(energy, 2)
        for tariff, share in _TARIFFS.items():
            values[f"{part}_{tariff}"] = round(energy * share, 2)
    return values
