"""Real-time data of plants (reference 9.1.4.1) and devices (9.1.6.1)."""

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.device_types import ALARMED, REAL_TIME, UNDOCUMENTED_ANSWERING
from fusionsolar_exporter.simulator.parameters import (
    MAX_IDS,
    listed,
    required_number,
    required_plant_codes,
    serial_numbers,
)
from fusionsolar_exporter.simulator.plants import SimulatedDevice, SimulatedPlant
from fusionsolar_exporter.simulator.quirks import documented_plant, real_device, real_plant
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.readings.devices import READERS
from fusionsolar_exporter.simulator.readings.plant import plant_values
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal

_WITHOUT_DATA = ALARMED - REAL_TIME


def plant_real_time(call: Call) -> Reply:
    """Answer with the values of 1 to 100 plants."""
    plants = call.plants(required_plant_codes(call.parameters))
    items = [] if call.rules.constant_bodies else [_plant_item(call, plant) for plant in plants]
    return Reply(data=items, params=call.echo("stationCodes"))


def device_real_time(call: Call) -> Reply:
    """Answer with the values of 1 to 100 devices of one type, named by id or by serial number."""
    type_id = required_number(call.parameters, "devTypeId", FailCode.TYPE_NOT_SUPPORTED)
    devices = _devices(call)
    if type_id in _WITHOUT_DATA:
        raise Refusal(FailCode.TYPE_NOT_SUPPORTED)
    answering = type_id in REAL_TIME or type_id in UNDOCUMENTED_ANSWERING
    if not answering or {device.type_id for device in devices} != {type_id}:
        raise Refusal(FailCode.TYPE_MISMATCH)
    items = [] if call.rules.constant_bodies else [_device_item(call, device) for device in devices]
    return Reply(data=items, params=call.echo("devIds", "sns", "devTypeId"))


def _devices(call: Call) -> list[SimulatedDevice]:
    ids = listed(call.parameters, "devIds", MAX_IDS, FailCode.TOO_MANY_DEVICES)
    if ids:
        return call.devices(ids, call.fleet.devices)
    numbers = serial_numbers(call.parameters)
    if numbers:
        return call.devices(numbers, call.fleet.serial_numbers)
    raise Refusal(FailCode.DEVICE_ID_EMPTY if "devIds" in call.parameters else FailCode.DEVICE_LIST_EMPTY)


def _plant_item(call: Call, plant: SimulatedPlant) -> dict[str, object]:
    scene = call.scene(plant)
    values = plant_values(scene)
    shown = real_plant(values, scene) if call.rules.quirks else documented_plant(values)
    return {"stationCode": plant.code, "dataItemMap": shown}


def _device_item(call: Call, device: SimulatedDevice) -> dict[str, object]:
    scene = call.scene(device.plant)
    values: Values = READERS[device.type_id](device, scene)
    shown = real_device(values, device, scene) if call.rules.quirks else values
    return {"devId": int(device.id), "sn": device.serial_number or None, "dataItemMap": shown}
