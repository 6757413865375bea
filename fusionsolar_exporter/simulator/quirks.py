"""Values as real servers send them, where they differ from the reference."""

from fusionsolar_exporter.simulator.device_types import INVERTERS, METERS, DeviceType
from fusionsolar_exporter.simulator.plants import SimulatedDevice
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.readings.inverters import extra_strings, silent_values
from fusionsolar_exporter.simulator.readings.plant import newer_plant_values
from fusionsolar_exporter.simulator.scene import Scene

NOT_AVAILABLE = "N/A"
_CODES = ("inverter_state", "run_state", "battery_status", "ch_discharge_model", "meter_status")
_FIRST_NEWER_MODE, _NEWER_MODES = 5, 6


def documented_plant(values: Values) -> Values:
    """Return plant values as the reference shows them: texts, with three places."""
    return {key: str(value) if isinstance(value, int) else f"{value:.3f}" for key, value in values.items()}


def real_plant(values: Values, scene: Scene) -> Values:
    """Return plant values as numbers, with newer keys, and without income where no tariff is set."""
    if not scene.plant.tariff:
        values = {key: value for key, value in values.items() if not key.endswith("_income")}
    return values | newer_plant_values(scene)


def real_device(values: Values, device: SimulatedDevice, scene: Scene) -> Values:
    """Return device values with whole numbers as 512.0, texts among numbers, and nulls where a device is silent."""
    if device.type_id in INVERTERS:
        values = _real_inverter(values, device, scene)
    elif device.type_id in METERS:
        _blur_meter(values, device)
    elif device.type_id == DeviceType.BATTERY:
        _blur_battery(values, device)
    for key in _CODES:
        code = values.get(key)
        if isinstance(code, int):
            values[key] = float(code)
    return values


def _real_inverter(values: Values, device: SimulatedDevice, scene: Scene) -> Values:
    if device.type_id == DeviceType.STRING_INVERTER and device.chance > 1 / 2:
        extra_strings(values)
    if not scene.connected(device) or (scene.asleep and device.outage_at(scene.at) is None):
        return silent_values(values)
    if scene.works(device):
        values["close_time"] = NOT_AVAILABLE
    return values


def _blur_meter(values: Values, device: SimulatedDevice) -> None:
    if device.chance > 1 / 2:
        values["power_factor"] = NOT_AVAILABLE
        values["reactive_power_c"] = None


def _blur_battery(values: Values, device: SimulatedDevice) -> None:
    if device.chance > 1 / 2:
        values["battery_soh"] = 0.0
        values["ch_discharge_model"] = _FIRST_NEWER_MODE + int(device.chance * 100) % _NEWER_MODES
