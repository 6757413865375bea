"""The newest answers of one account, each until its time to live ends.

The refresher writes, scrapes read: both take the lock for a moment, neither while it talks or renders. A snapshot is
immutable and made anew only when something changed or expired, so expiry shows without a new answer.
"""

import threading
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fusionsolar_exporter.northbound.model import Alarm, Device, Plant, Reading
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.ttl_map import TtlMap


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


@dataclass(frozen=True, slots=True)
class Freshness:
    """When the request that brought an answer started, and for how many seconds from then it may be served."""

    fetched_at: float
    ttl: float

    @property
    def expires_at(self) -> float:
        """The moment from which the answer is not served any more."""
        return self.fetched_at + self.ttl


@dataclass(frozen=True, slots=True)
class AlarmWindow:
    """The part of the time that one alarm request covers: ``index`` of ``count`` parts, Unix seconds."""

    begin: float
    end: float
    index: int = 0
    count: int = 1

    def covers(self, alarm: Alarm) -> bool:
        """Whether an answer for this window would name the alarm if it were still active."""
        return alarm.raised_at is None or self.begin <= alarm.raised_at <= self.end


class Cache:
    """The newest answers of one account. Every method is safe from any thread and quick."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._plants: Mapping[str, Plant] = {}
        self._devices: Mapping[str, Device] = {}
        self._listed_plants: TtlMap[str, None] = TtlMap(clock.now)
        self._listed_devices: TtlMap[str, None] = TtlMap(clock.now)
        self._plant_readings: TtlMap[str, Reading] = TtlMap(clock.now)
        self._device_readings: TtlMap[str, Reading] = TtlMap(clock.now)
        self._alarms: TtlMap[tuple[str, Alarm], None] = TtlMap(clock.now)
        self._alarm_parts: TtlMap[tuple[str, int], int] = TtlMap(clock.now)
        self._plant_fetched: dict[CollectorName, dict[str, float]] = {name: {} for name in CollectorName}
        self._device_fetched: dict[str, float] = {}
        self._maps: Mapping[CollectorName, tuple[TtlMap[Any, Any], ...]] = {
            CollectorName.PLANT_LIST: (self._listed_plants,),
            CollectorName.DEVICE_LIST: (self._listed_devices,),
            CollectorName.PLANT_REALTIME: (self._plant_readings,),
            CollectorName.DEVICE_REALTIME: (self._device_readings,),
            CollectorName.ALARMS: (self._alarm_parts, self._alarms),
        }
        self._disabled: frozenset[CollectorName] = frozenset()
        self._snapshot: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """What may be served now."""
        with self._lock:
            expired = [ttl_map.expire() for maps in self._maps.values() for ttl_map in maps]
            if self._snapshot is None or any(expired):
                self._snapshot = self._build()
            return self._snapshot

    def next_expiry(self) -> float:
        """The moment at which something expires though nothing arrives; infinite where nothing can."""
        with self._lock:
            return min(ttl_map.next_expiry for maps in self._maps.values() for ttl_map in maps)

    def know(self, plants: Mapping[str, Plant], devices: Mapping[str, Device]) -> None:
        """Take these as the plants and devices there are; whatever belongs to others is dropped at once."""
        with self._lock:
            self._plants = plants
            self._devices = devices
            self._listed_plants.retain(plants.__contains__)
            self._plant_readings.retain(plants.__contains__)
            self._listed_devices.retain(devices.__contains__)
            self._device_readings.retain(devices.__contains__)
            self._alarms.retain(lambda key: key[0] in plants)
            self._alarm_parts.retain(lambda key: key[0] in plants)
            for name, fetched in self._plant_fetched.items():
                self._plant_fetched[name] = {code: at for code, at in fetched.items() if code in plants}
            self._device_fetched = {key: at for key, at in self._device_fetched.items() if key in devices}
            self._snapshot = None

    def list_plants(self, codes: Iterable[str], freshness: Freshness) -> None:
        """A plant list named these plants."""
        with self._lock:
            if CollectorName.PLANT_LIST not in self._disabled:
                self._fetched(CollectorName.PLANT_LIST, codes := list(codes), freshness)
                listed = ((code, None) for code in codes if code in self._plants)
                self._listed_plants.put_all(listed, freshness.expires_at)

    def list_devices(self, plant_codes: Iterable[str], device_ids: Iterable[str], freshness: Freshness) -> None:
        """A device list of these plants named these devices."""
        with self._lock:
            if CollectorName.DEVICE_LIST not in self._disabled:
                self._fetched(CollectorName.DEVICE_LIST, plant_codes, freshness)
                listed = ((device_id, None) for device_id in device_ids if device_id in self._devices)
                self._listed_devices.put_all(listed, freshness.expires_at)

    def read_plants(self, readings: Iterable[Reading], freshness: Freshness) -> None:
        """Real-time values of plants."""
        with self._lock:
            if CollectorName.PLANT_REALTIME not in self._disabled:
                known = {reading.id: reading for reading in readings if reading.id in self._plants}
                self._plant_readings.put_all(known.items(), freshness.expires_at)
                self._plant_fetched[CollectorName.PLANT_REALTIME].update(dict.fromkeys(known, freshness.fetched_at))
                self._snapshot = None

    def read_devices(self, readings: Iterable[Reading], freshness: Freshness) -> None:
        """Real-time values of devices."""
        with self._lock:
            if CollectorName.DEVICE_REALTIME not in self._disabled:
                known = {reading.id: reading for reading in readings if reading.id in self._devices}
                self._device_readings.put_all(known.items(), freshness.expires_at)
                self._device_fetched.update(dict.fromkeys(known, freshness.fetched_at))
                self._snapshot = None

    def replace_alarms(
        self, plant_codes: Collection[str], alarms: Iterable[Alarm], window: AlarmWindow, freshness: Freshness
    ) -> None:
        """The active alarms of these plants that were raised within the window."""
        with self._lock:
            if CollectorName.ALARMS in self._disabled:
                return
            asked = {code for code in plant_codes if code in self._plants}
            self._alarms.retain(lambda key: key[0] not in asked or not window.covers(key[1]))
            for alarm in alarms:
                if alarm.plant_code in asked:
                    self._alarms.put((alarm.plant_code, alarm), None, freshness.expires_at)
            for code in asked:
                self._alarm_parts.put((code, window.index), window.count, freshness.expires_at)
            self._fetched(CollectorName.ALARMS, asked, freshness)

    def enable_only(self, enabled: Collection[CollectorName]) -> None:
        """Drop what the other collectors brought, and take no more of it."""
        with self._lock:
            self._disabled = frozenset(CollectorName) - frozenset(enabled)
            for name in self._disabled:
                for ttl_map in self._maps[name]:
                    ttl_map.clear()
                self._plant_fetched[name] = {}
            if CollectorName.DEVICE_REALTIME in self._disabled:
                self._device_fetched = {}
            self._snapshot = None

    def _fetched(self, name: CollectorName, codes: Iterable[str], freshness: Freshness) -> None:
        known = self._plant_fetched[name]
        known.update((code, freshness.fetched_at) for code in codes if code in self._plants)
        self._snapshot = None

    def _build(self) -> Snapshot:
        by_plant: dict[str, list[Alarm]] = {}
        for code, alarm in self._alarms:
            by_plant.setdefault(code, []).append(alarm)
        parts: dict[str, list[int]] = {}
        for (code, _), count in self._alarm_parts.items():
            parts.setdefault(code, []).append(count)
        return Snapshot(
            plants=self._plants,
            devices=self._devices,
            listed_plants=frozenset(self._listed_plants),
            listed_devices=frozenset(self._listed_devices),
            plant_readings=dict(self._plant_readings.items()),
            device_readings=dict(self._device_readings.items()),
            alarms={
                code: PlantAlarms(tuple(by_plant.get(code, ())), len(counts) >= max(counts))
                for code, counts in parts.items()
            },
            plant_fetched_at={name: dict(fetched) for name, fetched in self._plant_fetched.items()},
            device_fetched_at=dict(self._device_fetched),
            entries={name: len(maps[0]) for name, maps in self._maps.items() if name not in self._disabled},
            expired={
                name: sum(ttl_map.expired for ttl_map in maps)
                for name, maps in self._maps.items()
                if name not in self._disabled
            },
        )
