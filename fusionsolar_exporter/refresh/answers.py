"""Where accepted answers go: into the cache, which serves them, and into the journal, from which state keeps them."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from fusionsolar_exporter.cache import AlarmWindow, Cache, Freshness
from fusionsolar_exporter.northbound.model import Alarm, Device, Reading
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.persistence.journal import Journal
from fusionsolar_exporter.status import CollectorName


@dataclass(slots=True)
class AcceptedAnswers:
    """One account's answers. Moments are in the pacing clock's seconds."""

    cache: Cache
    journal: Journal
    _data_at: float = -math.inf

    def data_since(self, moment: float) -> bool:
        """Whether values of any plant or device have been asked after a moment, and answered."""
        return self._data_at > moment

    def lists_changed(self, inventory: Inventory) -> None:
        """The plants and devices are these now; whatever is known of others goes at once."""
        self.cache.know(inventory.plants, inventory.devices)

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
        self._note_data(readings, freshness)
        self.cache.read_plants(readings, freshness)
        self.journal.readings(CollectorName.PLANT_REALTIME, asked, readings, freshness)

    def device_readings(self, asked: Sequence[str], readings: Sequence[Reading], freshness: Freshness) -> None:
        """Real-time values of devices."""
        self._note_data(readings, freshness)
        self.cache.read_devices(readings, freshness)
        self.journal.readings(CollectorName.DEVICE_REALTIME, asked, readings, freshness)

    def alarms(
        self, plant_codes: Sequence[str], alarms: Sequence[Alarm], window: AlarmWindow, freshness: Freshness
    ) -> None:
        """The active alarms of these plants that were raised within the window."""
        self.cache.replace_alarms(plant_codes, alarms, window, freshness)
        self.journal.alarms(plant_codes, alarms, window, freshness)

    def plants_fetched_at(self, name: CollectorName) -> Mapping[str, float]:
        """When each plant's data of a collector was last fetched, by plant code."""
        return self.cache.snapshot().plant_fetched_at[name]

    def devices_fetched_at(self) -> Mapping[str, float]:
        """When each device's real-time data was last fetched, by id."""
        return self.cache.snapshot().device_fetched_at

    def _note_data(self, readings: Sequence[Reading], freshness: Freshness) -> None:
        if readings:
            self._data_at = max(self._data_at, freshness.fetched_at)
