"""The table of interfaces: path, ids per call, quota formula, window, spacing (reference section 9).

Quotas are the far side's for accounts created after 30 June 2022; ``rate_limits`` in the configuration overrides them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0
IDS_PER_CALL = 100


class Interface(StrEnum):
    """Names of the interfaces, as in the reference and in ``rate_limits.interfaces``; and OAuth's token address."""

    LOGIN = "login"
    LOGOUT = "logout"
    STATIONS = "stations"
    GET_STATION_LIST = "getStationList"
    GET_DEV_LIST = "getDevList"
    GET_STATION_REAL_KPI = "getStationRealKpi"
    GET_DEV_REAL_KPI = "getDevRealKpi"
    GET_ALARM_LIST = "getAlarmList"
    TOKEN = "token"  # noqa: S105 - the token address of OAuth Connect


REAL_TIME_TYPES = frozenset({1, 10, 17, 38, 39, 41, 47})
"""Device types that getDevRealKpi documents (9.1.6.1)."""
ALARM_TYPES = frozenset({1, 2, 8, 10, 13, 16, 17, 22, 37, 38, 39, 40, 45, 46, 47, 62, 63, 70})
"""Device types that getAlarmList documents (9.1.7)."""
DOCUMENTED_TYPES = ALARM_TYPES | {41}
"""Every device type that getDevList documents (9.1.5)."""
INVERTER_TYPES = frozenset({1, 38})


@dataclass(frozen=True, slots=True)
class Fleet:
    """How much the far side counts: every plant listed, and every device listed by type."""

    plants: int = 0
    devices: Mapping[int, int] = field(default_factory=dict)

    def plant_calls(self) -> int:
        """Calls that ask every plant once."""
        return ceil(self.plants / IDS_PER_CALL)

    def device_calls(self, types: frozenset[int]) -> int:
        """Calls that ask every device of these types once, each call for one type."""
        return sum(ceil(count / IDS_PER_CALL) for type_id, count in self.devices.items() if type_id in types)


@dataclass(frozen=True, slots=True)
class InterfaceFacts:
    """One row of the table."""

    path: str
    window: float
    """Seconds over which ``calls`` holds."""
    spacing: float
    """Least seconds between two starts; 0 where the reference names none."""
    calls: Callable[[Fleet], int]
    """Calls that the far side allows in a window for a fleet."""


INTERFACES: Mapping[Interface, InterfaceFacts] = {
    Interface.LOGIN: InterfaceFacts("login", 10 * MINUTE, 0, lambda _: 5),
    Interface.LOGOUT: InterfaceFacts("logout", 10 * MINUTE, 0, lambda _: 5),
    Interface.STATIONS: InterfaceFacts("stations", DAY, 0, lambda fleet: fleet.plant_calls() * 10 + 24),
    Interface.GET_STATION_LIST: InterfaceFacts("getStationList", DAY, MINUTE, lambda _: 24),
    Interface.GET_DEV_LIST: InterfaceFacts("getDevList", DAY, MINUTE, lambda fleet: fleet.plant_calls() + 24),
    Interface.GET_STATION_REAL_KPI: InterfaceFacts(
        "getStationRealKpi", 5 * MINUTE, MINUTE, lambda fleet: fleet.plant_calls()
    ),
    Interface.GET_DEV_REAL_KPI: InterfaceFacts(
        "getDevRealKpi", 5 * MINUTE, 0, lambda fleet: fleet.device_calls(REAL_TIME_TYPES)
    ),
    Interface.GET_ALARM_LIST: InterfaceFacts(
        "getAlarmList",
        30 * MINUTE,
        0,
        lambda fleet: max(fleet.plant_calls(), fleet.device_calls(ALARM_TYPES)),
    ),
    # no limit is known: once an hour is enough, and this only keeps mistakes from becoming a loop
    Interface.TOKEN: InterfaceFacts("token", 10 * MINUTE, 0, lambda _: 5),
}
