"""The device types of the reference (9.1.5), and types met beyond it."""

from collections.abc import Mapping
from enum import IntEnum


class DeviceType(IntEnum):
    """Device type ids that the reference documents."""

    STRING_INVERTER = 1
    SMARTLOGGER = 2
    STS = 8
    EMI = 10
    PROTOCOL_CONVERTER = 13
    GENERAL_DEVICE = 16
    GRID_METER = 17
    PID = 22
    PINNET_DATA_LOGGER = 37
    RESIDENTIAL_INVERTER = 38
    BATTERY = 39
    BACKUP_BOX = 40
    ESS = 41
    PLC = 45
    OPTIMIZER = 46
    POWER_SENSOR = 47
    DONGLE = 62
    DISTRIBUTED_SMARTLOGGER = 63
    SAFETY_BOX = 70


REAL_TIME = frozenset(
    {
        DeviceType.STRING_INVERTER,
        DeviceType.EMI,
        DeviceType.GRID_METER,
        DeviceType.RESIDENTIAL_INVERTER,
        DeviceType.BATTERY,
        DeviceType.ESS,
        DeviceType.POWER_SENSOR,
    }
)
"""Types that the real-time device data interface documents (9.1.6.1)."""
ALARMED = frozenset(DeviceType) - {DeviceType.ESS}
"""Types that the alarm interface documents (9.1.7)."""
INVERTERS = frozenset({DeviceType.STRING_INVERTER, DeviceType.RESIDENTIAL_INVERTER})
METERS = frozenset({DeviceType.GRID_METER, DeviceType.POWER_SENSOR})
STORAGE = frozenset({DeviceType.BATTERY, DeviceType.ESS})

REPORTED = INVERTERS | STORAGE
"""Types that have daily, monthly and yearly data (9.1.6.3 to 9.1.6.5)."""

UNDOCUMENTED_ANSWERING = frozenset({23070})
"""Types beyond the reference that answer real-time data (an energy manager); all others are refused with 20006."""


_NAMES: Mapping[int, str] = {kind: kind.name.replace("_", "-").title() for kind in DeviceType}


def type_name(type_id: int) -> str:
    """Return a word for a device's name."""
    return _NAMES.get(type_id) or f"Type-{type_id}"
