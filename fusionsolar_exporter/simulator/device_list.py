"""The device list (reference 9.1.5)."""

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.device_types import INVERTERS
from fusionsolar_exporter.simulator.parameters import required_plant_codes
from fusionsolar_exporter.simulator.plants import SimulatedDevice


def device_list(call: Call) -> Reply:
    """Answer with every device of 1 to 100 plants."""
    plants = call.plants(required_plant_codes(call.parameters))
    item = _newer_item if call.rules.quirks else _item
    return Reply(data=[item(device) for plant in plants for device in plant.devices], params=call.echo("stationCodes"))


def _item(device: SimulatedDevice) -> dict[str, object]:
    return {
        "id": int(device.id),
        "devName": device.name,
        "stationCode": device.plant.code,
        "esnCode": device.serial_number,
        "devTypeId": device.type_id,
        "softwareVersion": device.software_version,
        "invType": device.model if device.type_id in INVERTERS else "",
        "longitude": device.plant.longitude,
        "latitude": device.plant.latitude,
    }


def _newer_item(device: SimulatedDevice) -> dict[str, object]:
    """Return the item of newer servers: more keys, and null for what is empty."""
    item = _item(device) | {
        "devDn": f"NE={abs(int(device.id)) % 10**9}",
        "model": device.model,
        "longitude": None,
        "latitude": None,
    }
    return {key: None if value == "" else value for key, value in item.items()}
