"""Values of devices every five minutes (reference 9.1.6.2, 9.4.1): what the real-time interface said at that time."""

from collections.abc import Iterator
from datetime import timedelta

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.device_types import REAL_TIME, DeviceType
from fusionsolar_exporter.simulator.parameters import MAX_IDS, listed, required_number
from fusionsolar_exporter.simulator.plants import SimulatedDevice
from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.real_time import named_devices, shown_values
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal
from fusionsolar_exporter.simulator.reports.rows import asked_moment, in_any_order

STEP_SECONDS = 300
_DAY = 86400.0
_MAX_DEVICES = 10
_LONGEST_DAYS = 3
_LONGEST_OF_ANY_DAYS = 31
_OLDEST_DAYS = 365
_RETIRED_KEYS = frozenset({"run_state"})
_RETIRED_STORAGE_KEYS = _RETIRED_KEYS | {"battery_soh"}
_OLD_SENSOR_KEYS = frozenset(
    {
        "meter_status",
        "meter_u",
        "meter_i",
        "active_power",
        "reactive_power",
        "power_factor",
        "grid_frequency",
        "active_cap",
        "reverse_active_cap",
    }
)


def device_history(call: Call) -> Reply:
    """Answer with the values of 1 to 10 devices of one type over at most three days of the last 365."""
    type_id = required_number(call.parameters, "devTypeId", FailCode.TYPE_NOT_SUPPORTED)
    devices = named_devices(call, _MAX_DEVICES, FailCode.OVER_TEN_DEVICES)
    _check_types(type_id, devices)
    begin = required_number(call.parameters, "startTime", FailCode.TIME_EMPTY) / 1000
    end = required_number(call.parameters, "endTime", FailCode.TIME_EMPTY) / 1000
    _check_times(call, begin, end)
    rows = [_row(call, device, at) for device in devices for at in _moments(call, device, begin, end)]
    return Reply(data=in_any_order(call, rows), params=call.echo("devIds", "sns", "devTypeId", "startTime", "endTime"))


def five_minutes(call: Call) -> Reply:
    """Answer with the values of 1 to 100 devices of one type on the day of ``collectTime``."""
    type_id = required_number(call.parameters, "devTypeId", FailCode.TYPE_NOT_SUPPORTED)
    ids = listed(call.parameters, "devIds", MAX_IDS, FailCode.TOO_MANY_DEVICES)
    if not ids:
        raise Refusal(FailCode.DEVICE_ID_EMPTY)
    devices = call.devices(ids, call.fleet.devices)
    _check_types(type_id, devices)
    asked = asked_moment(call)
    rows = [_row(call, device, at) for device in devices for at in _moments(call, device, *_day(device, asked))]
    return Reply(data=in_any_order(call, rows), params=call.echo("devIds", "devTypeId", "collectTime"))


def _check_types(type_id: int, devices: list[SimulatedDevice]) -> None:
    if type_id not in REAL_TIME:
        raise Refusal(FailCode.TYPE_NOT_SUPPORTED)
    if {device.type_id for device in devices} != {type_id}:
        raise Refusal(FailCode.TYPE_MISMATCH)


def _check_times(call: Call, begin: float, end: float) -> None:
    if min(begin, end) < 0:
        raise Refusal(FailCode.NEGATIVE_TIME)
    if begin >= end:
        raise Refusal(FailCode.START_NOT_BEFORE_END)
    if begin < call.at - _OLDEST_DAYS * _DAY:
        raise Refusal(FailCode.OVER_A_YEAR_AGO)
    if end - begin > _LONGEST_OF_ANY_DAYS * _DAY:
        raise Refusal(FailCode.SPAN_OVER_31_DAYS)
    if end - begin > _LONGEST_DAYS * _DAY:
        raise Refusal(FailCode.OUT_OF_RANGE)


def _day(device: SimulatedDevice, moment: float) -> tuple[float, float]:
    calendar = device.plant.site.calendar
    today = calendar.today(moment)
    return calendar.start(today), calendar.start(today + timedelta(days=1)) - 1


def _moments(call: Call, device: SimulatedDevice, begin: float, end: float) -> Iterator[float]:
    """Yield every five minutes from ``begin`` to ``end``, both included, once the device was there."""
    first = -(-int(max(begin, device.installed_at)) // STEP_SECONDS)
    last = int(min(end, call.at)) // STEP_SECONDS
    return (float(step * STEP_SECONDS) for step in range(first, last + 1))


def _row(call: Call, device: SimulatedDevice, at: float) -> dict[str, object]:
    values = shown_values(device, call.scene(device.plant, at), quirks=call.rules.quirks)
    return {
        "devId": int(device.id),
        "sn": device.serial_number or None,
        "collectTime": int(at * 1000),
        "dataItemMap": _kept(call, device.type_id, values),
    }


def _kept(call: Call, type_id: int, values: Values) -> Values:
    """Return what of the real-time keys is in history."""
    if "startTime" not in call.parameters and type_id == DeviceType.POWER_SENSOR:
        return {key: value for key, value in values.items() if key in _OLD_SENSOR_KEYS}
    gone = _RETIRED_STORAGE_KEYS if type_id == DeviceType.ESS else _RETIRED_KEYS
    return {key: value for key, value in values.items() if key not in gone}
