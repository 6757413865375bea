"""The newest answers of one account, each until its time to live ends.

The refresher writes, scrapes read: both take the lock for a moment, neither while it talks or renders. A snapshot is
immutable and made anew only when something changed or expired, so expiry shows without a new answer.
"""

import math
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Generic, TypeVar

from cachetools import TLRUCache

from fusionsolar_exporter.northbound.model import Alarm, Device, Plant, Reading
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.status import CollectorName

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """A value, when the request that brought it started, and until when it may be served."""

    value: T
    fetched_at: float
    expires_at: float


@dataclass(frozen=True, slots=True)
class PlantAlarms:
    """The active alarms of one plant; ``complete`` once every part of the time has been answered."""

    alarms: tuple[Alarm, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an account serves at one moment. Moments are in the pacing clock's seconds."""

    plants: Mapping[str, Plant] = field(default_factory=dict)
    """By code: every plant known, for names; a complete list that no longer names one removes it."""
    devices: Mapping[str, Device] = field(default_factory=dict)
    """By id: every device known, for names; likewise."""
    listed_plants: frozenset[str] = frozenset()
    """Codes whose list entry is within its time to live: info, capacity and place come from these alone."""
    listed_devices: frozenset[str] = frozenset()
    """Ids whose list entry is within its time to live: info and counts come from these alone."""
    plant_readings: Mapping[str, Reading] = field(default_factory=dict)
    device_readings: Mapping[str, Reading] = field(default_factory=dict)
    alarms: Mapping[str, PlantAlarms] = field(default_factory=dict)
    """By plant code."""
    plant_fetched_at: Mapping[CollectorName, Mapping[str, float]] = field(default_factory=dict)
    """When each plant's data was last fetched, by collector and plant code; outlives the data."""
    device_fetched_at: Mapping[str, float] = field(default_factory=dict)
    """When each device's real-time data was last fetched; outlives the data."""
    entries: Mapping[CollectorName, int] = field(default_factory=dict)
    expired: Mapping[CollectorName, int] = field(default_factory=dict)
    """How many entries have expired since the start."""
