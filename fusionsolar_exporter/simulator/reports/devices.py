"""Daily, monthly and yearly data of inverters and storage (reference 9.1.6.3 to 9.1.6.5)."""

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.device_types import INVERTERS, REPORTED, DeviceType
from fusionsolar_exporter.simulator.parameters import required_number
from fusionsolar_exporter.simulator.periods import Period, begun
from fusionsolar_exporter.simulator.plants import SimulatedDevice
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.real_time import named_devices
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal
from fusionsolar_exporter.simulator.reports.rows import asked_moment, in_any_order


def device_report(call: Call) -> Reply:
    """Answer with the periods of 1 to 100 devices of one type, named by id or by serial number."""
    type_id = required_number(call.parameters, "devTypeId", FailCode.TYPE_NOT_SUPPORTED)
    devices = named_devices(call)
    if type_id not in REPORTED:
        raise Refusal(FailCode.TYPE_NOT_SUPPORTED)
    if {device.type_id for device in devices} != {type_id}:
        raise Refusal(FailCode.TYPE_MISMATCH)
    asked = asked_moment(call)
    rows: list[dict[str, object]] = [
        {
            "devId": int(device.id),
            "sn": device.serial_number or None,
            "collectTime": int(period.begin * 1000),
            "dataItemMap": _values(call, device, period),
        }
        for device in devices
        for period in begun(call.interface, device.plant.site.calendar, asked, call.at, device.installed_at)
    ]
    return Reply(data=in_any_order(call, rows), params=call.echo("devIds", "sns", "devTypeId", "collectTime"))


def _values(call: Call, device: SimulatedDevice, period: Period) -> Values:
    end = min(period.end, call.at)
    if device.type_id in INVERTERS:
        return _inverter(call, device, period.begin, end)
    registers, type_id = call.registers(device.plant), device.type_id
    values: Values = {
        "charge_cap": round(registers.charged(type_id, end) - registers.charged(type_id, period.begin), 2),
        "discharge_cap": round(registers.discharged(type_id, end) - registers.discharged(type_id, period.begin), 2),
    }
    if type_id == DeviceType.BATTERY:
        begin = max(period.begin, device.installed_at)
        values["charge_time"] = registers.hours(registers.flows.charging, begin, end)
        values["discharge_time"] = registers.hours(registers.flows.discharging, begin, end)
    return values


def _inverter(call: Call, device: SimulatedDevice, begin: float, end: float) -> Values:
    registers = call.registers(device.plant)
    product = round(registers.yielded(device, end) - registers.yielded(device, begin), 2)
    return {
        "installed_capacity": device.capacity_kw,
        "product_power": product,
        "perpower_ratio": round(product / device.capacity_kw, 3),
    }
