"""The values of a device of any type that has real-time data."""

from collections.abc import Callable, Mapping

from fusionsolar_exporter.simulator.device_types import UNDOCUMENTED_ANSWERING, DeviceType
from fusionsolar_exporter.simulator.plants import SimulatedDevice
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.readings.batteries import battery_values, storage_values
from fusionsolar_exporter.simulator.readings.inverters import inverter_values
from fusionsolar_exporter.simulator.readings.meters import grid_meter_values, power_sensor_values
from fusionsolar_exporter.simulator.readings.weather import weather_values
from fusionsolar_exporter.simulator.scene import Scene


def _manager_values(device: SimulatedDevice, scene: Scene) -> Values:
    """Return what an undocumented energy manager sends: its keys are in no reference."""
    return {
        "ems_load_ratio": round(40 + 30 * device.chance, 1),
        "ems_output_kw": round(scene.output, 3),
        "run_state": 1,
    }


READERS: Mapping[int, Callable[[SimulatedDevice, Scene], Values]] = {
    DeviceType.STRING_INVERTER: inverter_values,
    DeviceType.RESIDENTIAL_INVERTER: inverter_values,
    DeviceType.EMI: lambda _, scene: weather_values(scene),
    DeviceType.GRID_METER: lambda _, scene: grid_meter_values(scene),
    DeviceType.POWER_SENSOR: lambda _, scene: power_sensor_values(scene),
    DeviceType.BATTERY: battery_values,
    DeviceType.ESS: storage_values,
    **dict.fromkeys(UNDOCUMENTED_ANSWERING, _manager_values),
}
"""By device type id: every type that answers."""
