"""What an account serves at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fusionsolar_exporter.cache.reports import ReportPeriod
from fusionsolar_exporter.northbound.model import Alarm, DatedReading, Device, Plant, Reading
from fusionsolar_exporter.status import CollectorName


@dataclass(frozen=True, slots=True)
class PlantAlarms:
    """The active alarms of one plant; ``complete`` once every part of the time has been answered."""

    alarms: tuple[Alarm, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Moments are in the pacing clock's seconds. What an answer did not change is the same object as before."""

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
    convergence_readings: Mapping[str, Reading] = field(default_factory=dict)
    """By device id, from the interface by serial number: where real-time data has a value, that one counts."""
    reports: Mapping[CollectorName, Mapping[ReportPeriod, Mapping[str, DatedReading]]] = field(default_factory=dict)
    """By collector, period, and plant code or device id."""
    report_fetched_at: Mapping[CollectorName, Mapping[str, float]] = field(default_factory=dict)
    """When each plant or device was last answered by a collector of reports, or of data by serial number."""
    alarms: Mapping[str, PlantAlarms] = field(default_factory=dict)
    """By plant code."""
    plant_fetched_at: Mapping[CollectorName, Mapping[str, float]] = field(default_factory=dict)
    """When each plant's data was last fetched, by collector and plant code; outlives the data."""
    device_fetched_at: Mapping[str, float] = field(default_factory=dict)
    """When each device's real-time data was last fetched; outlives the data."""
    entries: Mapping[CollectorName, int] = field(default_factory=dict)
    expired: Mapping[CollectorName, int] = field(default_factory=dict)
    """How many entries have expired since the start."""
