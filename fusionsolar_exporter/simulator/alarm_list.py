"""The active alarms of plants or devices (reference 9.1.7)."""

from collections.abc import Callable, Iterable

from fusionsolar_exporter.simulator.active_alarms import ActiveAlarm, active_alarms, device_alarms
from fusionsolar_exporter.simulator.alarms import AlarmLevel
from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.device_types import ALARMED
from fusionsolar_exporter.simulator.parameters import listed, plant_codes, required_number, serial_numbers, text
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal

LANGUAGES = frozenset({"zh_CN", "en_US", "ja_JP", "it_IT", "nl_NL", "pt_BR", "de_DE", "fr_FR", "es_ES", "pl_PL"})
"""Languages that are accepted; the simulated system speaks English in all of them."""
_DAY_MS = 86_400_000
_OLDEST_DAYS = 365
_LONGEST_DAYS = 31
_ACTIVE = 1
_NUMBERS = 100


def alarm_list(call: Call) -> Reply:
    """Answer with what is active and was raised within the time, by plants or else by serial numbers."""
    found = _subjects(call)
    begin, end = _times(call)
    _check_language(call)
    levels = _numbers(call, "levels", frozenset(AlarmLevel), FailCode.OUT_OF_RANGE)
    types = _numbers(call, "devTypes", ALARMED, FailCode.TYPE_NOT_SUPPORTED)
    items = [
        _item(alarm)
        for alarm in ([] if call.rules.constant_bodies else found())
        if begin <= alarm.raised_at * 1000 <= end
        and (not levels or alarm.kind.level in levels)
        and (not types or alarm.device.type_id in types)
    ]
    params = call.echo("stationCodes", "sns", "beginTime", "endTime", "language", "levels", "devTypes")
    return Reply(data=items, params=params)


def _subjects(call: Call) -> Callable[[], Iterable[ActiveAlarm]]:
    """Return what finds the alarms of the plants asked for, or of the devices where there are no plants."""
    codes = plant_codes(call.parameters)
    if codes:
        plants = call.plants(codes)
        return lambda: (alarm for plant in plants for alarm in active_alarms(plant, call.at))
    numbers = serial_numbers(call.parameters)
    if not numbers:
        raise Refusal(FailCode.BOTH_LISTS_EMPTY)
    devices = call.devices(numbers, call.fleet.serial_numbers)
    return lambda: (alarm for device in devices for alarm in device_alarms(device, call.at))


def _times(call: Call) -> tuple[int, int]:
    """Return begin and end in milliseconds."""
    begin = required_number(call.parameters, "beginTime", FailCode.TIME_EMPTY)
    end = required_number(call.parameters, "endTime", FailCode.TIME_EMPTY)
    if min(begin, end) < 0:
        raise Refusal(FailCode.NEGATIVE_TIME)
    if begin > end:
        raise Refusal(FailCode.BEGIN_AFTER_END)
    if call.rules.alarm_time_limits:
        if begin < call.now_ms - _OLDEST_DAYS * _DAY_MS:
            raise Refusal(FailCode.OVER_A_YEAR_AGO)
        if end - begin > _LONGEST_DAYS * _DAY_MS:
            raise Refusal(FailCode.SPAN_OVER_31_DAYS)
    return begin, end


def _check_language(call: Call) -> None:
    language = text(call.parameters, "language")
    if not language:
        raise Refusal(FailCode.LANGUAGE_EMPTY)
    if language not in LANGUAGES:
        raise Refusal(FailCode.LANGUAGE_INCORRECT)


def _numbers(call: Call, name: str, allowed: Iterable[int], wrong: FailCode) -> frozenset[int]:
    """Return an optional list of numbers; empty means all."""
    known = {str(int(number)): int(number) for number in allowed}
    parts = listed(call.parameters, name, _NUMBERS, FailCode.OUT_OF_RANGE)
    if any(part not in known for part in parts):
        raise Refusal(wrong)
    return frozenset(known[part] for part in parts)


def _item(alarm: ActiveAlarm) -> dict[str, object]:
    device, kind = alarm.device, alarm.kind
    return {
        "stationCode": device.plant.code,
        "alarmName": kind.name,
        "devName": device.name,
        "repairSuggestion": kind.suggestion,
        "esnCode": device.serial_number or None,
        "devTypeId": device.type_id,
        "causeId": kind.cause_id,
        "alarmCause": kind.cause,
        "alarmType": kind.alarm_type,
        "raiseTime": int(alarm.raised_at * 1000),
        "alarmId": kind.alarm_id,
        "stationName": device.plant.name,
        "lev": int(kind.level),
        "status": _ACTIVE,
    }
