"""String and residential inverters (reference 9.2.6, types 1 and 38)."""

from dataclasses import dataclass

from fusionsolar_exporter.simulator.device_types import DeviceType
from fusionsolar_exporter.simulator.flows import CONVERSION
from fusionsolar_exporter.simulator.plants import SimulatedDevice
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.scene import Scene

SQRT3 = 3**0.5
_POWER_FACTOR = 0.99
_REACTIVE_SHARE = 0.1425  # tan(acos(0.99))
_STRING_KEYS = tuple((f"pv{string}_u", f"pv{string}_i") for string in range(1, 29))


@dataclass(frozen=True, slots=True)
class _Shape:
    """How many string and MPPT keys a type always sends, fitted or not."""

    strings: int
    mppts: int
    has_mppt_total: bool

    def blank(self) -> Values:
        """Return every key of the type, at rest."""
        keys = [f"pv{n}_{q}" for q in "ui" for n in range(1, self.strings + 1)]
        keys += [f"mppt_{n}_cap" for n in range(1, self.mppts + 1)]
        return dict.fromkeys([*keys, *(["mppt_total_cap"] if self.has_mppt_total else [])], 0.0)


_SHAPES = {
    DeviceType.STRING_INVERTER: _Shape(strings=28, mppts=10, has_mppt_total=True),
    DeviceType.RESIDENTIAL_INVERTER: _Shape(strings=8, mppts=4, has_mppt_total=False),
}
_BLANKS = {type_id: shape.blank() for type_id, shape in _SHAPES.items()}


def inverter_values(device: SimulatedDevice, scene: Scene) -> Values:
    """Return every key of the reference. Strings add up to the input power, MPPTs to the total, days to the total."""
    kind = DeviceType(device.type_id)
    values = dict(_BLANKS[kind])
    power, sun = scene.power(device), scene.input_power(device)
    opened, closed = scene.running_hours
    values.update(_grid_side(device, scene, power))
    values |= {
        "inverter_state": int(scene.state(device)),
        "run_state": int(scene.connected(device)),
        "efficiency": round(100 * CONVERSION, 2) if sun else 0.0,
        "temperature": round(scene.ambient + 25 * scene.output, 1),
        "day_cap": scene.day_energy(device),
        "total_cap": scene.total_energy(device),
        "mppt_power": round(sun, 3),
        "open_time": int(opened * 1000),
        "close_time": int(closed * 1000),
    }
    if sun:
        _add_strings(values, device, sun)
    _add_mppts(values, device, _SHAPES[kind], scene.registers.sunned(device, scene.at))
    return values


def _grid_side(device: SimulatedDevice, scene: Scene, power: float) -> Values:
    awake = not scene.asleep or device.outage_at(scene.at) is not None
    phase = scene.grid_voltage if awake else 0.0
    current = round(abs(power) * 1000 / (3 * phase * _POWER_FACTOR), 3) if power else 0.0
    line = round(phase * SQRT3, 1)
    return {
        "ab_u": line,
        "bc_u": line,
        "ca_u": line,
        "a_u": round(phase, 1),
        "b_u": round(phase, 1),
        "c_u": round(phase, 1),
        "a_i": current,
        "b_i": current,
        "c_i": current,
        "power_factor": _POWER_FACTOR if power else 0.0,
        "elec_freq": scene.frequency if awake else 0.0,
        "active_power": round(power, 3),
        "reactive_power": round(power * _REACTIVE_SHARE, 3),
    }


def _add_strings(values: Values, device: SimulatedDevice, input_kw: float) -> None:
    """Share the input power out to the fitted strings; each has a voltage of its own."""
    share = input_kw * 1000 / device.strings
    decivolts = 6000 + int(200 * device.chance - share / 100)
    for voltage_key, current_key in _STRING_KEYS[: device.strings]:
        decivolts += 40
        values[voltage_key] = decivolts / 10
        values[current_key] = round(share * 10 / decivolts, 3)


def _add_mppts(values: Values, device: SimulatedDevice, shape: _Shape, total: float) -> None:
    """Share the lifetime energy out to the MPPTs, two strings each."""
    used = min((device.strings + 1) // 2, shape.mppts)
    share = round(total / used, 2)
    for mppt in range(1, used + 1):
        values[f"mppt_{mppt}_cap"] = share
    if shape.has_mppt_total:
        values["mppt_total_cap"] = round(share * used, 2)


def silent_values(values: Values) -> Values:
    """Return the values of an inverter that is not heard: every key, all null, ``run_state`` 0."""
    return dict.fromkeys(values) | {"run_state": 0}


def extra_strings(values: Values) -> None:
    """Add the strings 29 to 36 that some servers send as well."""
    values |= dict.fromkeys((f"pv{n}_{q}" for n in range(29, 37) for q in "ui"), 0.0)
