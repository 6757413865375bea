"""What the far side knows, in this house's words and in bare units.

The far side's spellings (``stationCode``, ``devTypeId``) end in :mod:`.answers`; ids are texts here, since a device
id arrives as a number from one server and as a text from the next.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """Severity of an alarm (reference 9.1.7, ``lev`` 1 to 4; anything else is ``unknown``)."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"
    UNKNOWN = "unknown"


SEVERITY_OF_LEVEL: Mapping[int, Severity] = {
    1: Severity.CRITICAL,
    2: Severity.MAJOR,
    3: Severity.MINOR,
    4: Severity.WARNING,
}


_NO_TOTALS: Mapping[str, float] = {}


def _no_totals() -> Mapping[str, float]:
    return _NO_TOTALS


@dataclass(frozen=True, slots=True)
class Plant:
    """A plant of a plant list (reference 9.1.3, 9.4.2), without people, phone numbers and street addresses."""

    code: str
    name: str
    capacity_watts: float | None = None
    latitude: float | None = None
    longitude: float | None = None
    grid_connection_date: str = ""
    """As the far side writes it, for example ``2022-11-21T16:23:00+08:00``; empty where it says nothing."""
    grid_connected_at: float | None = None
    """Unix seconds; None where the date is missing or carries no time zone."""
    build_state: str = ""
    """A code of the older list, empty where it gives none: 0 not constructed, 1 under construction, 2 on the grid."""
    combine_type: str = ""
    """1 utility, 2 commercial and industrial, 3 residential."""
    aid_type: str = ""
    """0 a poverty alleviation plant, 1 none."""


class Device(NamedTuple):
    """A device of a device list (reference 9.1.5). Lists make thousands of them, and a dataclass takes longer."""

    id: str
    name: str
    plant_code: str
    type_id: int
    serial_number: str = ""
    model: str = ""
    software_version: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The real-time values of one plant (by code) or device (by id), in the interface's own units.

    ``values`` holds finite numbers only: what was null, missing or no number is not in it.
    """

    id: str
    values: Mapping[str, float]
    totals: Mapping[str, float] = field(default_factory=_no_totals)
    """Watthours counted by now, by key: of those in ``values`` that are counted."""


@dataclass(frozen=True, slots=True)
class DatedReading:
    """The values of one plant or device for a period, or at a moment, in the interface's own units."""

    id: str
    begin: float
    """Unix seconds: where the period starts, or the moment."""
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Alarm:
    """An active alarm (reference 9.1.7). It names its device by serial number only."""

    plant_code: str
    serial_number: str
    device_name: str
    device_type_id: int | None
    alarm_id: str
    name: str
    cause_id: str
    severity: Severity
    alarm_type: str
    """The number as text: 0 and numbers beyond the documented 1 to 5 occur."""
    raised_at: float | None
    """Unix seconds."""
    cause: str = ""
    """What the management system presumes; for pages, not for labels."""
    repair: str = ""
    """What it suggests."""
