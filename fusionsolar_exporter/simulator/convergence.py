"""Running and alarm data of inverters by serial number (reference 9.3.1); restricted on real servers."""

from fusionsolar_exporter.simulator.active_alarms import device_alarms
from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.device_types import INVERTERS, DeviceType
from fusionsolar_exporter.simulator.parameters import serial_numbers
from fusionsolar_exporter.simulator.plants import SimulatedDevice
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.readings.inverters import inverter_values
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal

_STRINGS = {DeviceType.STRING_INVERTER: 24, DeviceType.RESIDENTIAL_INVERTER: 8}
_ALARM, _NO_ALARM = 0, 1
_STEP_SECONDS = 300


def convergence(call: Call) -> Reply:
    """Answer with the newest five-minute values of 1 to 100 inverters."""
    numbers = serial_numbers(call.parameters)
    if not numbers:
        raise Refusal(FailCode.DEVICE_LIST_EMPTY)
    inverters = call.devices(numbers, call.fleet.serial_numbers)
    if any(device.type_id not in INVERTERS for device in inverters):
        raise Refusal(FailCode.TYPE_MISMATCH)
    items = [_item(call, device) for device in inverters]
    return Reply(data=items, params=call.echo("sns"))


def _item(call: Call, device: SimulatedDevice) -> dict[str, object]:
    """Return one inverter: ``kpis`` is a list in the reference's example, and a map in its table."""
    kpis = _kpis(call, device)
    return {"sn": device.serial_number, "kpis": kpis if call.rules.quirks else [kpis]}


def _kpis(call: Call, device: SimulatedDevice) -> Values:
    at = call.at // _STEP_SECONDS * _STEP_SECONDS
    scene = call.scene(device.plant, at)
    values = inverter_values(device, scene)
    power = scene.power(device)
    alarms = [alarm.kind.alarm_id for alarm in device_alarms(device, at)]
    collector = next((other for other in device.plant.devices if other.type_id == DeviceType.SMARTLOGGER), None)
    kpis: Values = {
        "activePower": round(power, 3),
        "collectorSN": "" if collector is None else collector.serial_number,
        "controlVersion": device.software_version,
        "createTime": int(at),
        "eDay": values["day_cap"],
        "eMonth": scene.month_energy(device),
        "eTotal": values["total_cap"],
        "errorCode": ",".join(map(str, alarms)),
        "fac": values["elec_freq"],
        "inventerSN": device.serial_number,
        "inverterManufacturer": "Huawei",
        "ipvs": _strings(device, values, "i"),
        "vpvs": _strings(device, values, "u"),
        "nationalStandard": "NB32004",
        "pac": round(power, 3),
        "powerFactor": values["power_factor"],
        "reactivePower": values["reactive_power"],
        "status": _ALARM if alarms else _NO_ALARM,
        "temperature": values["temperature"],
    }
    for number, phase in enumerate("abc", 1):
        kpis[f"iac{number}"], kpis[f"vac{number}"] = values[f"{phase}_i"], values[f"{phase}_u"]
    return kpis


def _strings(device: SimulatedDevice, values: Values, quantity: str) -> list[object]:
    """Return the fitted strings in sequence, and null for each place without one."""
    fitted = [values[f"pv{number}_{quantity}"] for number in range(1, device.strings + 1)]
    places = _STRINGS[DeviceType(device.type_id)]
    return [*fitted, *[None] * (places - len(fitted))]
