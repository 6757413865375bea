"""The simulated interfaces: their paths and how often each user may call them (reference 9.1, 9.3, 9.4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fusionsolar_exporter.simulator.device_types import ALARMED, REAL_TIME, REPORTED

_GROUP = 100


class Interface(StrEnum):
    """The last part of an interface's path, under ``/thirdData/``."""

    LOGIN = "login"
    LOGOUT = "logout"
    STATIONS = "stations"
    STATION_LIST = "getStationList"
    DEVICES = "getDevList"
    PLANT_REAL_TIME = "getStationRealKpi"
    DEVICE_REAL_TIME = "getDevRealKpi"
    ALARMS = "getAlarmList"
    PLANT_HOURS = "getKpiStationHour"
    PLANT_DAYS = "getKpiStationDay"
    PLANT_MONTHS = "getKpiStationMonth"
    PLANT_YEARS = "getKpiStationYear"
    DEVICE_DAYS = "getDevKpiDay"
    DEVICE_MONTHS = "getDevKpiMonth"
    DEVICE_YEARS = "getDevKpiYear"
    DEVICE_HISTORY = "getDevHistoryKpi"
    FIVE_MINUTES = "getDevFiveMinutes"
    CONVERGENCE = "cs/getInventerRealKpi"
    CREATE_PLANT = "createStation"


PLANT_REPORTS = (Interface.PLANT_HOURS, Interface.PLANT_DAYS, Interface.PLANT_MONTHS, Interface.PLANT_YEARS)
DEVICE_REPORTS = (Interface.DEVICE_DAYS, Interface.DEVICE_MONTHS, Interface.DEVICE_YEARS)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a user manages: the number of plants, and of devices by type id."""

    plants: int
    devices: Mapping[int, int]

    @property
    def plant_groups(self) -> int:
        """Roundup (number of plants / 100)."""
        return -(-self.plants // _GROUP)

    def device_groups(self, types: frozenset[int], size: int = _GROUP) -> int:
        """Σ Roundup (number of devices of each type / ``size``) over the types that an interface takes."""
        return sum(-(-number // size) for type_id, number in self.devices.items() if type_id in types)


@dataclass(frozen=True, slots=True)
class Limit:
    """``calls`` in any ``window`` seconds; two calls start at least ``spacing`` seconds apart."""

    window: float
    calls: Callable[[Holdings], int]
    spacing: float = 0.0


_REAL_TIME_TYPES = frozenset[int](REAL_TIME)
_ALARMED_TYPES = frozenset[int](ALARMED)
_REPORTED_TYPES = frozenset[int](REPORTED)
_HISTORY_GROUP = 10
_DAY = 86400.0

# 9.1.4.2 to 9.1.4.5: per day, Roundup (plants/100) + 24, one concurrent request a minute
_PLANT_REPORT = Limit(_DAY, lambda held: held.plant_groups + 24, spacing=60)
# 9.1.6.3 to 9.1.6.5: per day, Σ Roundup (devices of each type/100) + 24, one concurrent request a minute
_DEVICE_REPORT = Limit(_DAY, lambda held: held.device_groups(_REPORTED_TYPES) + 24, spacing=60)

LIMITS: Mapping[Interface, Limit] = {
    # 9.1.1, 9.1.2: five times every 10 minutes
    Interface.LOGIN: Limit(600, lambda _: 5),
    Interface.LOGOUT: Limit(600, lambda _: 5),
    # 9.1.3: per day, Roundup (plants/100) x 10 + 24
    Interface.STATIONS: Limit(86400, lambda held: held.plant_groups * 10 + 24),
    # 9.4.2: per day 24, one concurrent request a minute
    Interface.STATION_LIST: Limit(86400, lambda _: 24, spacing=60),
    # 9.1.5: per day, Roundup (plants/100) + 24, one concurrent request a minute
    Interface.DEVICES: Limit(86400, lambda held: held.plant_groups + 24, spacing=60),
    # 9.1.4.1: every 5 minutes, Roundup (plants/100), one concurrent request a minute
    Interface.PLANT_REAL_TIME: Limit(300, lambda held: held.plant_groups, spacing=60),
    # 9.1.6.1: every 5 minutes, Σ Roundup (devices of each type/100)
    Interface.DEVICE_REAL_TIME: Limit(300, lambda held: held.device_groups(_REAL_TIME_TYPES)),
    # 9.1.7: every 30 minutes, MAX (Roundup (plants/100), Σ Roundup (devices of each type/100))
    Interface.ALARMS: Limit(1800, lambda held: max(held.plant_groups, held.device_groups(_ALARMED_TYPES))),
    **dict.fromkeys(PLANT_REPORTS, _PLANT_REPORT),
    **dict.fromkeys(DEVICE_REPORTS, _DEVICE_REPORT),
    # 9.1.6.2: per day, Σ Roundup (devices of each type/10) + 24, one concurrent request a minute
    Interface.DEVICE_HISTORY: Limit(
        _DAY, lambda held: held.device_groups(_REAL_TIME_TYPES, _HISTORY_GROUP) + 24, spacing=60
    ),
    # 9.4.1: the same calls, without the minute
    Interface.FIVE_MINUTES: Limit(_DAY, lambda held: held.device_groups(_REAL_TIME_TYPES, _HISTORY_GROUP) + 24),
    # 9.3.1: once every hour
    Interface.CONVERGENCE: Limit(3600, lambda _: 1),
    # 9.3.2: ten times a minute
    Interface.CREATE_PLANT: Limit(60, lambda _: 10),
}
PATH_PREFIX = "/thirdData/"
