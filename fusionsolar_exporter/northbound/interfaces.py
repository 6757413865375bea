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
HISTORY_IDS_PER_CALL = 10
"""Devices of one call of getDevHistoryKpi (9.1.6.2)."""


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
    GET_KPI_STATION_HOUR = "getKpiStationHour"
    GET_KPI_STATION_DAY = "getKpiStationDay"
    GET_KPI_STATION_MONTH = "getKpiStationMonth"
    GET_KPI_STATION_YEAR = "getKpiStationYear"
    GET_DEV_KPI_DAY = "getDevKpiDay"
    GET_DEV_KPI_MONTH = "getDevKpiMonth"
    GET_DEV_KPI_YEAR = "getDevKpiYear"
    GET_DEV_HISTORY_KPI = "getDevHistoryKpi"
    GET_DEV_FIVE_MINUTES = "getDevFiveMinutes"
    GET_INVENTER_REAL_KPI = "cs/getInventerRealKpi"
    TOKEN = "token"  # noqa: S105 - the token address of OAuth Connect


ASKED_BY_ALL = (
    Interface.LOGIN,
    Interface.LOGOUT,
    Interface.STATIONS,
    Interface.GET_STATION_LIST,
    Interface.GET_DEV_LIST,
    Interface.GET_STATION_REAL_KPI,
    Interface.GET_DEV_REAL_KPI,
    Interface.GET_ALARM_LIST,
)
"""What any account may be asked for; the others only where somebody wants reports, history or OAuth."""
DATA_INTERFACES = frozenset(Interface) - {Interface.LOGIN, Interface.LOGOUT, Interface.TOKEN}
"""What brings data, and so counts against an owner's budget of a day."""
REAL_TIME_TYPES = frozenset({1, 10, 17, 38, 39, 41, 47})
"""Device types that getDevRealKpi documents (9.1.6.1)."""
ALARM_TYPES = frozenset({1, 2, 8, 10, 13, 16, 17, 22, 37, 38, 39, 40, 45, 46, 47, 62, 63, 70})
"""Device types that getAlarmList documents (9.1.7)."""
DOCUMENTED_TYPES = ALARM_TYPES | {41}
"""Every device type that getDevList documents (9.1.5)."""
INVERTER_TYPES = frozenset({1, 38})
REPORT_TYPES = frozenset({1, 38, 39, 41})
"""Device types that have daily, monthly and yearly data (9.1.6.3 to 9.1.6.5)."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """How much the far side counts: every plant listed, and every device listed by type."""

    plants: int = 0
    devices: Mapping[int, int] = field(default_factory=dict)

    def plant_calls(self) -> int:
        """Calls that ask every plant once."""
        return ceil(self.plants / IDS_PER_CALL)

    def device_calls(self, types: frozenset[int], ids_per_call: int = IDS_PER_CALL) -> int:
        """Calls that ask every device of these types once, each call for one type."""
        return sum(ceil(count / ids_per_call) for type_id, count in self.devices.items() if type_id in types)


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


def _plant_report(name: str) -> InterfaceFacts:
    return InterfaceFacts(name, DAY, MINUTE, lambda fleet: fleet.plant_calls() + 24)


def _device_report(name: str) -> InterfaceFacts:
    return InterfaceFacts(name, DAY, MINUTE, lambda fleet: fleet.device_calls(REPORT_TYPES) + 24)


def _history_calls(fleet: Fleet) -> int:
    return fleet.device_calls(REAL_TIME_TYPES, HISTORY_IDS_PER_CALL) + 24


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
    Interface.GET_KPI_STATION_HOUR: _plant_report("getKpiStationHour"),
    Interface.GET_KPI_STATION_DAY: _plant_report("getKpiStationDay"),
    Interface.GET_KPI_STATION_MONTH: _plant_report("getKpiStationMonth"),
    Interface.GET_KPI_STATION_YEAR: _plant_report("getKpiStationYear"),
    Interface.GET_DEV_KPI_DAY: _device_report("getDevKpiDay"),
    Interface.GET_DEV_KPI_MONTH: _device_report("getDevKpiMonth"),
    Interface.GET_DEV_KPI_YEAR: _device_report("getDevKpiYear"),
    Interface.GET_DEV_HISTORY_KPI: InterfaceFacts("getDevHistoryKpi", DAY, MINUTE, _history_calls),
    Interface.GET_DEV_FIVE_MINUTES: InterfaceFacts("getDevFiveMinutes", DAY, 0, _history_calls),
    Interface.GET_INVENTER_REAL_KPI: InterfaceFacts("cs/getInventerRealKpi", HOUR, 0, lambda _: 1),
    # no limit is known: once an hour is enough, and this only keeps mistakes from becoming a loop
    Interface.TOKEN: InterfaceFacts("token", 10 * MINUTE, 0, lambda _: 5),
}
