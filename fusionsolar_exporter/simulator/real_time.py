"""Real-time data of plants (reference 9.1.4.1) and devices (9.1.6.1)."""

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.device_types import ALARMED, REAL_TIME, UNDOCUMENTED_ANSWERING
from fusionsolar_exporter.simulator.parameters import (
    MAX_IDS,
    listed,
    required_number,
    required_plant_codes,
)
from fusionsolar_exporter.simulator.plants import SimulatedDevice, SimulatedPlant
from fusionsolar_exporter.simulator.quirks import documented_plant, real_device, real_plant
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.readings.devices import READERS
from fusionsolar_exporter.simulator.readings.plant import plant_values
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal
from fusionsolar_exporter.simulator.scene import Scene

_WITHOUT_DATA = ALARMED - REAL_TIME


def plant_real_time(call: Call) -> Reply:
    """Answer with the values of 1 to 100 plants."""
    plants = call.plants(required_plant_codes(call.parameters))
    items = [] if call.rules.constant_bodies else [_plant_item(call, plant) for plant in plants]
    return Reply(data=items, params=call.echo("stationCodes"))


def device_real_time(call: Call) -> Reply:
    """Answer with the values of 1 to 100 devices of one type, named by id or by serial number."""
    type_id = required_number(call.parameters, "devTypeId", FailCode.TYPE_NOT_SUPPORTED)
    devices = named_devices(call)
    if type_id in _WITHOUT_DATA:
        raise Refusal(FailCode.TYPE_NOT_SUPPORTED)
    answering = type_id in REAL_TIME or type_id in UNDOCUMENTED_ANSWERING
    if not answering or {device.type_id for device in devices} != {type_id}:
        raise Refusal(FailCode.TYPE_MISMATCH)
    items = [] if call.rules.constant_bodies else [_device_item(call, device) for device in devices]
    return Reply(data=items, params=call.echo("devIds", "sns", "devTypeId"))


def named_devices(
    call: Call, limit: int = MAX_IDS, too_many: FailCode = FailCode.TOO_MANY_DEVICES
) -> list[SimulatedDevice]:
    """Return the devices that a call names by id or by serial number; refuses none, unknown ones and too many."""
    ids = listed(call.parameters, "devIds", limit, too_many)
    if ids:
        return call.devices(ids, call.fleet.devices)
    numbers = listed(call.parameters, "sns", limit, too_many)
    if numbers:
        return call.devices(numbers, call.fleet.serial_numbers)
    raise Refusal(FailCode.DEVICE_ID_EMPTY if "devIds" in call.parameters else FailCode.DEVICE_LIST_EMPTY)


def shown_values(device: SimulatedDevice, scene: Scene, *, quirks: bool) -> Values:
    """Return what a device says at a moment, as the reference or as real servers show it."""
    values: Values = READERS[device.type_id](device, scene)
    return real_device(values, device, scene) if quirks else values


def _plant_item(call: Call, plant: SimulatedPlant) -> dict[str, object]:
    scene = call.scene(plant)
    values = plant_values(scene)
    shown = real_plant(values, scene) if call.rules.quirks else documented_plant(values)
    return {"stationCode": plant.code, "dataItemMap": shown}


def _device_item(call: Call, device: SimulatedDevice) -> dict[str, object]:
    shown = shown_values(device, call.scene(device.plant), quirks=call.rules.quirks)
    return {"devId": int(device.id), "sn": device.serial_number or None, "dataItemMap": shown}
