"""Where accepted answers go: into the cache, which serves them, and into the journal, from which state keeps them."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from fusionsolar_exporter.cache import AlarmWindow, Cache, Freshness, ReportPeriod
from fusionsolar_exporter.northbound.model import Alarm, DatedReading, Device, Reading
from fusionsolar_exporter.pacing.clock import Clock, moment_of
from fusionsolar_exporter.refresh.energy_counting import EnergyCounting
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.persistence.journal import Journal
from fusionsolar_exporter.refresh.reports.choice import Chosen
from fusionsolar_exporter.refresh.units import UnitsByEvidence
from fusionsolar_exporter.status import CollectorName


@dataclass(slots=True)
class AcceptedAnswers:
    """One account's answers. Moments are in the pacing clock's seconds."""

    cache: Cache
    journal: Journal
    counting: EnergyCounting
    units: UnitsByEvidence
    _data_at: float = -math.inf

    def data_since(self, moment: float) -> bool:
        """Whether values of any plant or device have been asked after a moment, and answered."""
        return self._data_at > moment

    def lists_changed(self, inventory: Inventory) -> None:
        """The plants and devices are these now; whatever is known of others goes at once."""
        self.cache.know(inventory.plants, inventory.devices)

    def lists_wanted_again(
        self, inventory: Inventory, plants: Callable[[float], Freshness], devices: Callable[[float], Freshness]
    ) -> None:
        """Other settings: what the lists have said is served, though nobody wanted it before; as old as it is."""
        served = self.cache.snapshot()
        if inventory.plants_listed_at is not None:
            codes = [code for code in inventory.plants if code not in served.listed_plants]
            self.cache.list_plants(codes, plants(inventory.plants_listed_at))
        for moment, of_plants, listed in inventory.device_lists():
            ids = [device.id for device in listed if device.id not in served.listed_devices]
            self.cache.list_devices(of_plants, ids, devices(moment))

    def plant_page(self, codes: Sequence[str], freshness: Freshness) -> None:
        """A page of the plant list named these: served at once, kept when the list is complete."""
        self.cache.list_plants(codes, freshness)

    def plant_list(self, inventory: Inventory, freshness: Freshness) -> None:
        """The plant list is complete."""
        self.journal.plant_list(inventory.listed, freshness)

    def device_list(self, plant_codes: Sequence[str], devices: Collection[Device], freshness: Freshness) -> None:
        """The device lists of these plants."""
        self.cache.list_devices(plant_codes, [device.id for device in devices], freshness)
        self.journal.device_list(plant_codes, devices, freshness)

    def plant_readings(self, asked: Sequence[str], readings: Sequence[Reading], freshness: Freshness) -> None:
        """Real-time values of plants."""
        name = CollectorName.PLANT_REALTIME
        self._readings(name, asked, self.counting.count_plants(readings, freshness.fetched_at), freshness)

    def device_readings(self, asked: Sequence[str], readings: Sequence[Reading], freshness: Freshness) -> None:
        """Real-time values of devices."""
        name = CollectorName.DEVICE_REALTIME
        judged = self.units.apply(readings)
        self._readings(name, asked, self.counting.count_devices(judged, freshness.fetched_at), freshness)

    def _readings(
        self, name: CollectorName, asked: Sequence[str], readings: Sequence[Reading], freshness: Freshness
    ) -> None:
        self._note_data(readings, freshness)
        read = self.cache.read_plants if name is CollectorName.PLANT_REALTIME else self.cache.read_devices
        read(readings, freshness)
        self.journal.readings(name, asked, readings, freshness)
        self.journal.counters(name, asked, self.counting.kept(name, asked))

    def alarms(
        self, plant_codes: Sequence[str], alarms: Sequence[Alarm], window: AlarmWindow, freshness: Freshness
    ) -> None:
        """The active alarms of these plants that were raised within the window."""
        self.cache.replace_alarms(plant_codes, alarms, window, freshness)
        self.journal.alarms(plant_codes, alarms, window, freshness)

    def convergence(self, asked: Sequence[str], readings: Sequence[Reading], freshness: Freshness) -> None:
        """Values of inverters by serial number; ids are those of the devices."""
        self.cache.read_convergence(asked, readings, freshness)
        self.journal.readings(CollectorName.INVERTER_CONVERGENCE, asked, readings, freshness)

    def reports(
        self, name: CollectorName, chosen: Mapping[str, Chosen], freshness: Freshness, *, running: bool, clock: Clock
    ) -> None:
        """Periods of plants or devices by id; ``running`` where the answer was about the running day, month or year."""
        if running:
            self.cache.drop_reports(name, ReportPeriod.CURRENT, [key for key, one in chosen.items() if not one.current])
            self.cache.fetched_reports(name, chosen, freshness)
        last = [one.last for one in chosen.values() if one.last is not None]
        self._periods(name, ReportPeriod.LAST, last, freshness, running=running)
        ends: dict[float, list[DatedReading]] = {}
        for one in chosen.values():
            if one.current is not None:
                ends.setdefault(one.current_ends, []).append(one.current)
        for end, rows in ends.items():
            # whatever its time to live: a period that is over is not the running one
            left = moment_of(clock, end) - freshness.fetched_at
            until = replace(freshness, ttl=min(freshness.ttl, left))
            self._periods(name, ReportPeriod.CURRENT, rows, until, running=running)

    def _periods(
        self,
        name: CollectorName,
        period: ReportPeriod,
        rows: Sequence[DatedReading],
        freshness: Freshness,
        *,
        running: bool,
    ) -> None:
        if rows:
            self.cache.read_reports(name, period, rows, freshness.expires_at)
            self.journal.reports(name, period, rows, freshness, running=running)

    def last_reports(self, name: CollectorName) -> Mapping[str, DatedReading]:
        """The newest complete periods by id."""
        return self.cache.snapshot().reports.get(name, {}).get(ReportPeriod.LAST, {})

    def reports_fetched_at(self, name: CollectorName) -> Mapping[str, float]:
        """When each plant's or device's data of such a collector was last fetched."""
        return self.cache.snapshot().report_fetched_at[name]

    def plants_fetched_at(self, name: CollectorName) -> Mapping[str, float]:
        """When each plant's data of a collector was last fetched, by plant code."""
        return self.cache.snapshot().plant_fetched_at[name]

    def devices_fetched_at(self) -> Mapping[str, float]:
        """When each device's real-time data was last fetched, by id."""
        return self.cache.snapshot().device_fetched_at

    def _note_data(self, readings: Sequence[Reading], freshness: Freshness) -> None:
        if readings:
            self._data_at = max(self._data_at, freshness.fetched_at)
