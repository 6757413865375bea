"""The simulated interfaces: their paths and how often each user may call them (reference 9.1, 9.4.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from fusionsolar_exporter.simulator.device_types import ALARMED, REAL_TIME

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


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a user manages: the number of plants, and of devices by type id."""

    plants: int
    devices: Mapping[int, int]

    @property
    def plant_groups(self) -> int:
        """Roundup (number of plants / 100)."""
        return -(-self.plants // _GROUP)

    def device_groups(self, types: frozenset[int]) -> int:
        """Σ Roundup (number of devices of each type / 100) over the types that an interface takes."""
        return sum(-(-number // _GROUP) for type_id, number in self.devices.items() if type_id in types)


@dataclass(frozen=True, slots=True)
class Limit:
    """``calls`` in any ``window`` seconds; two calls start at least ``spacing`` seconds apart."""

    window: float
    calls: Callable[[Holdings], int]
    spacing: float = 0.0


_REAL_TIME_TYPES = frozenset[int](REAL_TIME)
_ALARMED_TYPES = frozenset[int](ALARMED)

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
}
PATH_PREFIX = "/thirdData/"
