"""Alarms: the kinds there are, those that come and go by themselves, and those that the fleet's owner raises."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from fusionsolar_exporter.simulator.device_types import INVERTERS, STORAGE, DeviceType


class AlarmLevel(IntEnum):
    """Severity, ``lev`` of the alarm interface (9.1.7)."""

    CRITICAL = 1
    MAJOR = 2
    MINOR = 3
    WARNING = 4


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """What an alarm says. ``types`` are the device types that raise it; empty means any."""

    alarm_id: int
    name: str
    cause_id: int
    cause: str
    level: AlarmLevel
    alarm_type: int
    suggestion: str
    types: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class AlarmCycle:
    """An alarm that a device raises every ``period`` seconds for ``duration`` seconds, from ``phase`` on."""

    kind: AlarmKind
    period: float
    duration: float
    phase: float

    def raised_at(self, at: float) -> float | None:
        """Return when the alarm that is active ``at`` was raised; None where none is."""
        age = (at - self.phase) % self.period
        return at - age if age < self.duration else None


@dataclass(frozen=True, slots=True)
class RaisedAlarm:
    """An alarm that stays until the fleet's owner clears it."""

    kind: AlarmKind
    raised_at: float


DEVICE_FAULT = AlarmKind(
    2064,
    "Device Fault",
    1,
    "An unrecoverable fault has occurred in the internal circuit of the device.",
    AlarmLevel.MAJOR,
    2,
    "Turn off the AC and DC switches, wait for 5 minutes, and turn them on again.",
    INVERTERS,
)
ALARM_KINDS = (
    DEVICE_FAULT,
    AlarmKind(
        2032,
        "Grid Loss",
        1,
        "The power grid is down or the AC circuit is disconnected.",
        AlarmLevel.MAJOR,
        2,
        "Check the AC voltage and the AC circuit breaker.",
        INVERTERS,
    ),
    AlarmKind(
        2062,
        "Low Insulation Resistance",
        1,
        "A PV string is short-circuited to ground.",
        AlarmLevel.MAJOR,
        3,
        "Check the impedance between the PV strings and ground.",
        INVERTERS,
    ),
    AlarmKind(
        3011,
        "Battery Expansion Module Undervoltage",
        2,
        "The voltage of a battery expansion module is low.",
        AlarmLevel.WARNING,
        2,
        "Charge the battery while sunlight is sufficient.",
        STORAGE,
    ),
    AlarmKind(
        2080,
        "Abnormal PV Module Configuration",
        3,
        "The number of optimizers in a string is out of range.",
        AlarmLevel.MINOR,
        5,
        "Check the string and the optimizers.",
        frozenset({DeviceType.OPTIMIZER}),
    ),
    AlarmKind(
        1103,
        "Abnormal Device Communication",
        1,
        "The communication cable is loose or the device is off.",
        AlarmLevel.MINOR,
        2,
        "Check the cable and the power supply of the device.",
    ),
    AlarmKind(
        1104,
        "Address Conflict",
        -1,
        "Two devices on one bus have the same address.",
        AlarmLevel.WARNING,
        0,
        "Give each device an address of its own.",
    ),
    AlarmKind(
        1119,
        "Active Schedule Abnormal",
        1,
        "The grid operator's command cannot be carried out.",
        AlarmLevel.CRITICAL,
        4,
        "Check the settings of active power control.",
        frozenset({DeviceType.SMARTLOGGER, DeviceType.DISTRIBUTED_SMARTLOGGER, DeviceType.DONGLE}),
    ),
)
"""Kinds of alarm; alarm type 0 and cause -1 are outside the reference's lists, as on real servers."""


def kinds_for(type_id: int, *, quirks: bool) -> Iterator[AlarmKind]:
    """Yield the kinds that a device type raises; under ``quirks`` also those that the reference does not allow."""
    fitting = (kind for kind in ALARM_KINDS if not kind.types or type_id in kind.types)
    return (kind for kind in fitting if quirks or kind.alarm_type > 0)
