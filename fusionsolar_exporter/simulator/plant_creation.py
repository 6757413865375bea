"""The interface that creates plants (reference 9.3.2); restricted on real servers."""

from collections.abc import Mapping

from fusionsolar_exporter.simulator.answers import Reply
from fusionsolar_exporter.simulator.calls import Call
from fusionsolar_exporter.simulator.plan import usual_devices
from fusionsolar_exporter.simulator.refusals import FailCode, Refusal
from fusionsolar_exporter.simulator.site import Place
from fusionsolar_exporter.simulator.time_zones import UTC_OFFSETS

_LONGEST_NAME, _LONGEST_CONTACT, _LONGEST_INTRODUCTION = 80, 30, 128
_FORBIDDEN = frozenset("'<>,/&")
_RESIDENTIAL, _UTILITY = 1, 3
_MOST_A_DAY = 1000
_DAY = 86400.0
_USUAL_DEVICES = 6
_HIGHEST_AREA = 256
_WEST, _NORTH = 180.0, 90.0

_Config = Mapping[str, object]


def create_plant(call: Call) -> Reply:
    """Create a plant; refuses with 21000 to 26001 what is missing or wrong."""
    basic = _config(call, "basicConfig", FailCode.BASIC_EMPTY)
    name, charger_only = _basic(call, basic)
    numbers = _serial_numbers(call)
    if charger_only:
        raise Refusal(FailCode.NOT_A_CHARGER)
    _capacity(call)
    _prices(call)
    place = _addition(_config(call, "additionConfig", FailCode.ADDITION_EMPTY))
    created = call.fleet.created.setdefault(call.user, [])
    created[:] = [moment for moment in created if moment > call.at - _DAY]
    if len(created) >= _MOST_A_DAY:
        raise Refusal(FailCode.TOO_MANY_CREATED)
    created.append(call.at)
    connected_at = _whole(basic, "connectTime", FailCode.CONNECTION_TIME)
    devices = usual_devices(_whole(basic, "stationType", FailCode.PLANT_TYPE) != _RESIDENTIAL, _USUAL_DEVICES)
    plant = call.fleet.add_plant(name, devices, call.at if connected_at is None else float(connected_at), place)
    call.fleet.change_serial_number(plant.devices[0].id, numbers[0])
    return Reply(data={"dn": plant.code, "name": name, "result": 0}, message="Create station success.")


def _config(call: Call, name: str, empty: FailCode) -> _Config:
    config = call.parameters.get(name)
    if not isinstance(config, dict) or not config:
        raise Refusal(empty)
    return config


def _whole(config: _Config, name: str, wrong: FailCode) -> int | None:
    value = config.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal(wrong)
    return value


def _flag(config: _Config, name: str, default: int, wrong: FailCode) -> int:
    value = _whole(config, name, wrong)
    if value not in {None, 0, 1}:
        raise Refusal(wrong)
    return default if value is None else value


def _basic(call: Call, basic: _Config) -> tuple[str, bool]:
    """Return the plant's name, and whether it has nothing but chargers for cars."""
    name = basic.get("stationName")
    if not isinstance(name, str) or not 0 < len(name.strip()) <= _LONGEST_NAME or _FORBIDDEN & set(name):
        raise Refusal(FailCode.PLANT_NAME)
    if any(plant.name == name for plant in call.fleet.plants.values()):
        raise Refusal(FailCode.PLANT_NAME_EXISTS)
    kind = _whole(basic, "stationType", FailCode.PLANT_TYPE)
    if kind is None or not _RESIDENTIAL <= kind <= _UTILITY:
        raise Refusal(FailCode.PLANT_TYPE)
    charger_only = _flag(basic, "pureChange", 0, FailCode.CHARGER_FLAG) == 1
    connected_at = _whole(basic, "connectTime", FailCode.CONNECTION_TIME)
    if connected_at is not None and connected_at <= 0:
        raise Refusal(FailCode.CONNECTION_TIME)
    if charger_only:
        _charger_only(call, kind, connected_at)
    if _width(basic.get("linkman")) > _LONGEST_CONTACT:
        raise Refusal(FailCode.CONTACT_NAME)
    if not isinstance(basic.get("linkmanPho"), str | int | None):
        raise Refusal(FailCode.CONTACT_INFORMATION)
    return name, charger_only


def _charger_only(call: Call, kind: int, connected_at: int | None) -> None:
    if kind != _RESIDENTIAL:
        raise Refusal(FailCode.NO_CHARGER_ONLY_WORKS)
    if connected_at is not None:
        raise Refusal(FailCode.CHARGER_CONNECTION_TIME)
    if call.parameters.get("storageConfig"):
        raise Refusal(FailCode.CHARGER_CAPACITY)
    if call.parameters.get("priceConfig"):
        raise Refusal(FailCode.CHARGER_PRICE)


def _width(text: object) -> int:
    """Return how long a name is: a Chinese character counts twice."""
    return sum(2 if character > "\u2e80" else 1 for character in str(text or ""))


def _serial_numbers(call: Call) -> list[str]:
    config = call.parameters.get("deviceConfig")
    if not isinstance(config, list) or not config:
        raise Refusal(FailCode.DEVICES_EMPTY)
    numbers = [str(device.get("esn") or "") if isinstance(device, dict) else "" for device in config]
    if not all(numbers):
        raise Refusal(FailCode.SERIAL_NUMBER_EMPTY)
    if any(number in call.fleet.serial_numbers for number in numbers):
        raise Refusal(FailCode.DEVICE_BOUND)
    return numbers


def _capacity(call: Call) -> None:
    config = call.parameters.get("storageConfig")
    if not isinstance(config, dict) or not (config.get("totalStorage") or config.get("PVParams")):
        raise Refusal(FailCode.CAPACITY_EMPTY)
    total = config.get("totalStorage")
    if total is not None and (isinstance(total, bool) or not isinstance(total, int | float) or total <= 0):
        raise Refusal(FailCode.CAPACITY_FORMAT)


def _prices(call: Call) -> None:
    config = call.parameters.get("priceConfig")
    if isinstance(config, dict):
        _flag(config, "useCompanyPrice", 1, FailCode.PRICE_FLAG)


def _addition(addition: _Config) -> Place:
    area = _whole(addition, "areaCode", FailCode.AREA_CODE)
    if area is None or not 1 <= area <= _HIGHEST_AREA:
        raise Refusal(FailCode.AREA_CODE)
    if not addition.get("address"):
        raise Refusal(FailCode.ADDRESS_EMPTY)
    longitude, latitude = (_degrees(addition.get(n), most) for n, most in (("longitude", _WEST), ("latitude", _NORTH)))
    zone = _whole(addition, "timeZoneCode", FailCode.TIME_ZONE)
    if zone is None or zone not in UTC_OFFSETS:
        raise Refusal(FailCode.TIME_ZONE)
    safe_since = _whole(addition, "safeRunningTime", FailCode.SAFE_RUNNING_TIME)
    if safe_since is not None and safe_since <= 0:
        raise Refusal(FailCode.SAFE_RUNNING_TIME)
    _flag(addition, "loadStatus", 1, FailCode.LOAD_FLAG)
    if len(str(addition.get("introduction") or "")) > _LONGEST_INTRODUCTION:
        raise Refusal(FailCode.INTRODUCTION_LENGTH)
    return Place(latitude, longitude, UTC_OFFSETS[zone])


def _degrees(value: object, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
        raise Refusal(FailCode.COORDINATES)
    return float(value)
