"""The newest answers of one account, each until its time to live ends.

The refresher writes, scrapes read: both take the lock for a moment, neither while it talks or renders. A snapshot is
immutable and made anew only when something changed or expired, so expiry shows without a new answer.
"""

import math
import threading
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from fusionsolar_exporter.cache.alarms import AlarmAnswers, AlarmWindow
from fusionsolar_exporter.cache.answer_groups import AnswerGroups
from fusionsolar_exporter.cache.freshness import Freshness
from fusionsolar_exporter.cache.published import PublishedDict
from fusionsolar_exporter.cache.reports import ReportPeriod, Reports
from fusionsolar_exporter.cache.snapshot import Snapshot
from fusionsolar_exporter.northbound.model import Alarm, DatedReading, Device, Plant, Reading
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.status import DEVICE_REPORTS, PLANT_REPORTS, REPORTS, CollectorName


class Cache:
    """The newest answers of one account. Every method is safe from any thread and quick."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # not even reading a cachetools cache is safe without it: a look may expire entries and moves what it finds
        self._lock = threading.Lock()
        self._plants: Mapping[str, Plant] = {}
        self._devices: Mapping[str, Device] = {}
        self._listed_plants: AnswerGroups[str, None] = AnswerGroups(clock.now)
        self._listed_devices: AnswerGroups[str, None] = AnswerGroups(clock.now)
        self._plant_readings: AnswerGroups[str, Reading] = AnswerGroups(clock.now)
        self._device_readings: AnswerGroups[str, Reading] = AnswerGroups(clock.now)
        self._alarms = AlarmAnswers(clock.now)
        self._convergence: AnswerGroups[str, Reading] = AnswerGroups(clock.now)
        self._convergence_fetched: PublishedDict[str, float] = PublishedDict()
        self._reports: Mapping[CollectorName, Reports] = {name: Reports(clock.now) for name in REPORTS}
        self._plant_fetched: Mapping[CollectorName, PublishedDict[str, float]] = {
            name: PublishedDict() for name in CollectorName
        }
        self._plant_fetched_at: Mapping[CollectorName, Mapping[str, float]] = {}
        self._device_fetched: PublishedDict[str, float] = PublishedDict()
        self._groups: Mapping[CollectorName, tuple[AnswerGroups[Any, Any], ...]] = {
            CollectorName.PLANT_LIST: (self._listed_plants,),
            CollectorName.DEVICE_LIST: (self._listed_devices,),
            CollectorName.PLANT_REALTIME: (self._plant_readings,),
            CollectorName.DEVICE_REALTIME: (self._device_readings,),
            CollectorName.ALARMS: (self._alarms.parts, self._alarms.alarms),
            CollectorName.INVERTER_CONVERGENCE: (self._convergence,),
            **{name: tuple(reports.periods.values()) for name, reports in self._reports.items()},
        }
        self._disabled: frozenset[CollectorName] = frozenset()
        self._device_types: frozenset[int] | None = None
        self._snapshot: Snapshot | None = None
        self._expires_at = math.inf  # when the snapshot is not true any more

    def snapshot(self) -> Snapshot:
        """What may be served now."""
        with self._lock:
            return self._current()

    def next_expiry(self) -> float:
        """The moment at which something expires though nothing arrives; infinite where nothing can."""
        with self._lock:
            self._current()
            return self._expires_at

    def know(self, plants: Mapping[str, Plant], devices: Mapping[str, Device]) -> None:
        """Take these as the plants and devices there are; whatever belongs to others is dropped at once."""
        with self._lock:
            # looking through everything is for lists that say something new
            if plants is not self._plants:
                self._plants = plants
                self._listed_plants.retain(plants.__contains__)
                self._plant_readings.retain(plants.__contains__)
                self._alarms.keep_plants(plants.keys())
                for name in PLANT_REPORTS:
                    self._reports[name].keep(plants.keys())
                for fetched in self._plant_fetched.values():
                    fetched.remove(fetched.other_than(plants.__contains__))
                self._snapshot = None
            if devices is not self._devices:
                self._devices = devices
                self._listed_devices.retain(devices.__contains__)
                self._device_readings.retain(devices.__contains__)
                self._device_fetched.remove(self._device_fetched.other_than(devices.__contains__))
                self._convergence.retain(devices.__contains__)
                self._convergence_fetched.remove(self._convergence_fetched.other_than(devices.__contains__))
                for name in DEVICE_REPORTS:
                    self._reports[name].keep(devices.keys())
                self._snapshot = None

    def list_plants(self, codes: Iterable[str], freshness: Freshness) -> None:
        """A plant list named these plants."""
        with self._lock:
            if CollectorName.PLANT_LIST not in self._disabled:
                known = [code for code in codes if code in self._plants]
                self._listed_plants.put(dict.fromkeys(known), freshness.expires_at)
                self._fetched(CollectorName.PLANT_LIST, known, freshness)

    def list_devices(self, plant_codes: Iterable[str], device_ids: Iterable[str], freshness: Freshness) -> None:
        """A device list of these plants named these devices."""
        with self._lock:
            if CollectorName.DEVICE_LIST not in self._disabled:
                known = [device_id for device_id in device_ids if device_id in self._devices]
                self._listed_devices.put(dict.fromkeys(known), freshness.expires_at)
                self._fetched(CollectorName.DEVICE_LIST, plant_codes, freshness)

    def read_plants(self, readings: Iterable[Reading], freshness: Freshness) -> None:
        """Real-time values of plants."""
        with self._lock:
            if CollectorName.PLANT_REALTIME not in self._disabled:
                known = {reading.id: reading for reading in readings if reading.id in self._plants}
                self._plant_readings.put(known, freshness.expires_at)
                self._fetched(CollectorName.PLANT_REALTIME, known, freshness)

    def read_devices(self, readings: Iterable[Reading], freshness: Freshness) -> None:
        """Real-time values of devices."""
        with self._lock:
            if CollectorName.DEVICE_REALTIME not in self._disabled:
                known = {reading.id: reading for reading in readings if self._is_read(reading.id)}
                self._device_readings.put(known, freshness.expires_at)
                self._device_fetched.update(dict.fromkeys(known, freshness.fetched_at))
                self._snapshot = None

    def read_convergence(self, asked: Iterable[str], readings: Iterable[Reading], freshness: Freshness) -> None:
        """Values of inverters by serial number; ``asked`` and the readings go by device id."""
        with self._lock:
            if CollectorName.INVERTER_CONVERGENCE not in self._disabled:
                known = {reading.id: reading for reading in readings if reading.id in self._devices}
                self._convergence.put(known, freshness.expires_at)
                self._convergence_fetched.update({key: freshness.fetched_at for key in asked if key in self._devices})
                self._snapshot = None

    def read_reports(
        self, name: CollectorName, period: ReportPeriod, rows: Iterable[DatedReading], expires_at: float
    ) -> None:
        """Periods of plants or devices; of two that are complete the later one stays."""
        with self._lock:
            if name not in self._disabled:
                wanted = self._plants.__contains__ if name in PLANT_REPORTS else self._is_read
                groups = self._reports[name].periods[period]
                known = {row.id: row for row in rows if wanted(row.id)}
                if period is ReportPeriod.LAST:
                    held = groups.values
                    known = {key: row for key, row in known.items() if key not in held or held[key].begin <= row.begin}
                groups.put(known, expires_at)
                self._snapshot = None

    def drop_reports(self, name: CollectorName, period: ReportPeriod, ids: Collection[str]) -> None:
        """These have no such period any more."""
        with self._lock:
            self._reports[name].periods[period].discard(ids)
            self._snapshot = None

    def fetched_reports(self, name: CollectorName, ids: Iterable[str], freshness: Freshness) -> None:
        """These were answered about their running day, month or year."""
        with self._lock:
            if name not in self._disabled:
                known: Collection[str] = self._plants if name in PLANT_REPORTS else self._devices
                self._reports[name].fetched_at.update({key: freshness.fetched_at for key in ids if key in known})
                if name in PLANT_REPORTS:
                    self._fetched(name, ids, freshness)
                self._snapshot = None

    def replace_alarms(
        self, plant_codes: Collection[str], alarms: Iterable[Alarm], window: AlarmWindow, freshness: Freshness
    ) -> None:
        """The active alarms of these plants that were raised within the window."""
        with self._lock:
            if CollectorName.ALARMS not in self._disabled:
                asked = {code for code in plant_codes if code in self._plants}
                self._alarms.replace(asked, alarms, window, freshness.expires_at)
                self._fetched(CollectorName.ALARMS, asked, freshness)

    def enable_only(self, enabled: Collection[CollectorName], device_types: frozenset[int] | None = None) -> None:
        """Drop what other collectors brought, or was read of devices of other types, and take no more of it."""
        with self._lock:
            if device_types != self._device_types:
                self._device_types = device_types
                self._device_readings.retain(self._is_read)
                self._device_fetched.remove(self._device_fetched.other_than(self._is_read))
                for name in DEVICE_REPORTS:
                    self._reports[name].keep({key for key in self._devices if self._is_read(key)})
            self._disabled = frozenset(CollectorName) - frozenset(enabled)
            for name in self._disabled:
                for groups in self._groups[name]:
                    groups.discard(groups.ids)
                self._plant_fetched[name].remove(self._plant_fetched[name].keys)
                if name in self._reports:
                    fetched = self._reports[name].fetched_at
                    fetched.remove(fetched.keys)
            if CollectorName.DEVICE_REALTIME in self._disabled:
                self._device_fetched.remove(self._device_fetched.keys)
            if CollectorName.INVERTER_CONVERGENCE in self._disabled:
                self._convergence_fetched.remove(self._convergence_fetched.keys)
            self._snapshot = None

    def _is_read(self, device_id: str) -> bool:
        device = self._devices.get(device_id)
        return device is not None and (self._device_types is None or device.type_id in self._device_types)

    def _current(self) -> Snapshot:
        # every change takes the snapshot away: while it is there, only time can make it another one
        if self._snapshot is None or self._clock.now() >= self._expires_at:
            every = [groups for some in self._groups.values() for groups in some]
            for groups in every:
                groups.expire()
            self._snapshot = self._build()
            self._expires_at = min(groups.next_expiry for groups in every)
        return self._snapshot

    def _fetched(self, name: CollectorName, codes: Iterable[str], freshness: Freshness) -> None:
        known = (code for code in codes if code in self._plants)
        self._plant_fetched[name].update(dict.fromkeys(known, freshness.fetched_at))
        self._snapshot = None

    def _build(self) -> Snapshot:
        enabled = {name: groups for name, groups in self._groups.items() if name not in self._disabled}
        return Snapshot(
            plants=self._plants,
            devices=self._devices,
            listed_plants=self._listed_plants.ids,
            listed_devices=self._listed_devices.ids,
            plant_readings=self._plant_readings.values,
            device_readings=self._device_readings.values,
            convergence_readings=self._convergence.values,
            reports={name: reports.values for name, reports in self._reports.items() if name in enabled},
            report_fetched_at={
                CollectorName.INVERTER_CONVERGENCE: self._convergence_fetched.copy,
                **{name: reports.fetched_at.copy for name, reports in self._reports.items()},
            },
            alarms=self._alarms.by_plant(),
            plant_fetched_at=self._plants_fetched_at(),
            device_fetched_at=self._device_fetched.copy,
            entries={name: len(groups[0]) for name, groups in enabled.items()},
            expired={name: sum(one.expired for one in groups) for name, groups in enabled.items()},
        )

    def _plants_fetched_at(self) -> Mapping[CollectorName, Mapping[str, float]]:
        fetched_at = {name: fetched.copy for name, fetched in self._plant_fetched.items()}
        if any(fetched is not self._plant_fetched_at.get(name) for name, fetched in fetched_at.items()):
            self._plant_fetched_at = fetched_at
        return self._plant_fetched_at
