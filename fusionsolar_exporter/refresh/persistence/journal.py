"""The answers that state has still to keep, as they come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fusionsolar_exporter.cache import AlarmWindow, Freshness, ReportPeriod
from fusionsolar_exporter.counters.energy_counters import Counted
from fusionsolar_exporter.northbound.model import Alarm, DatedReading, Device, Plant, Reading
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.pacing.holds import DAY
from fusionsolar_exporter.refresh.persistence.counters_record import COUNTERS_KEY, counters_record
from fusionsolar_exporter.refresh.persistence.records import (
    ALARMS,
    DEVICE_LIST,
    PLANT_LIST,
    REPORTS,
    AlarmsRecord,
    DeviceListRecord,
    PlantListRecord,
    ReportsRecord,
    digest,
    readings_record,
)
from fusionsolar_exporter.state import Entry
from fusionsolar_exporter.status import CollectorName

VERY_LONG = 100 * DAY
"""Counters go on where they were."""
LONG = 30 * DAY
"""Lists are worth keeping for so many seconds: names and what to ask for, long after their time to live."""


class Journal:
    """Entries by key; a newer one replaces an older one that was not kept yet."""

    def __init__(self, clock: Clock, *, keeps: bool) -> None:
        self._clock = clock
        self._keeps = keeps
        self._entries: dict[str, Entry] = {}

    def pending(self) -> Sequence[Entry]:
        """What is to be kept."""
        return tuple(self._entries.values())

    def kept(self) -> None:
        """All of that is kept now."""
        self._entries.clear()

    def again(self, entries: Iterable[Entry]) -> None:
        """The state lacks these; what is newer comes first."""
        self._entries = {entry.key: entry for entry in entries} | self._entries

    def superseded(self, keys: Iterable[str]) -> None:
        """Another process has kept something newer under these keys."""
        for key in keys:
            self._entries.pop(key, None)

    def readings(
        self, name: CollectorName, asked: Sequence[str], readings: Sequence[Reading], freshness: Freshness
    ) -> None:
        """Real-time values of plants or devices; ``asked`` are their ids."""
        if self._keeps:
            record = readings_record(asked, readings, freshness, self._clock.now())
            # an answer without values says when it was asked, and leaves the values of the one before where they are
            kind = "" if readings else "/empty"
            self._put(f"{name}/{digest(asked)}{kind}", record, freshness.ttl)

    def counters(self, name: CollectorName, asked: Sequence[str], counted: Mapping[str, Counted]) -> None:
        """What is counted of the plants or devices of an answer."""
        if self._keeps and counted:
            self._put(f"{COUNTERS_KEY}/{name}/{digest(asked)}", counters_record(counted), VERY_LONG)

    def reports(
        self,
        name: CollectorName,
        period: ReportPeriod,
        rows: Sequence[DatedReading],
        freshness: Freshness,
        *,
        running: bool,
    ) -> None:
        """Periods of plants or devices; ``running`` where the answer was about what is running."""
        if self._keeps:
            kept = tuple(replace(row, values=dict(row.values)) for row in rows)
            record = ReportsRecord(self._clock.now(), freshness.fetched_at, freshness.ttl, period, running, kept)
            key = f"{name}/{period}/{digest(row.id for row in rows)}"
            self._put(key, REPORTS.write(record), freshness.ttl)

    def alarms(
        self, plant_codes: Sequence[str], alarms: Iterable[Alarm], window: AlarmWindow, freshness: Freshness
    ) -> None:
        """The active alarms of some plants that were raised within the window."""
        if self._keeps:
            record = AlarmsRecord(
                self._clock.now(), freshness.fetched_at, freshness.ttl, tuple(plant_codes), window, tuple(alarms)
            )
            key = f"{CollectorName.ALARMS}/{window.index}/{digest(plant_codes)}"
            self._put(key, ALARMS.write(record), freshness.ttl)

    def plant_list(self, plants: Mapping[str, Plant], freshness: Freshness) -> None:
        """The complete plant list."""
        if self._keeps:
            record = PlantListRecord(self._clock.now(), freshness.fetched_at, freshness.ttl, tuple(plants.values()))
            self._put(CollectorName.PLANT_LIST, PLANT_LIST.write(record), LONG)

    def device_list(self, plant_codes: Sequence[str], devices: Iterable[Device], freshness: Freshness) -> None:
        """The device lists of some plants."""
        if self._keeps:
            record = DeviceListRecord(
                self._clock.now(), freshness.fetched_at, freshness.ttl, tuple(plant_codes), tuple(devices)
            )
            self._put(f"{CollectorName.DEVICE_LIST}/{digest(plant_codes)}", DEVICE_LIST.write(record), LONG)

    def _put(self, key: str, record: bytes, keep: float) -> None:
        self._entries[key] = Entry(key, record, self._clock.now(), keep)
