"""Answers as they are counted: each reading gets the totals of its registers, and state what they rest on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fusionsolar_exporter.counters.counted import DEVICE_KEYS, PLANT_KEYS, WATTHOURS
from fusionsolar_exporter.counters.energy_counters import Answered, Counted, EnergyCounters
from fusionsolar_exporter.counters.local_time import utc_offset
from fusionsolar_exporter.northbound.model import Reading
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.status import CollectorName


class EnergyCounting:
    """Used by the account's own thread."""

    def __init__(self, context: AccountContext, inventory: Inventory) -> None:
        self._context = context
        self._inventory = inventory
        self._counters: Mapping[CollectorName, EnergyCounters] = {
            CollectorName.PLANT_REALTIME: EnergyCounters(),
            CollectorName.DEVICE_REALTIME: EnergyCounters(),
        }

    def count_plants(self, readings: Iterable[Reading], fetched_at: float) -> Sequence[Reading]:
        """The readings of plants with their totals."""
        counters, at = self._counters[CollectorName.PLANT_REALTIME], self._context.clock.wall(fetched_at)
        found = []
        for reading in readings:
            answered = Answered(at, utc_offset(self._inventory.plants.get(reading.id)))
            counters.count(reading.id, PLANT_KEYS, reading.values, lambda _: WATTHOURS, answered)
            found.append(reading)
        return self.with_totals(CollectorName.PLANT_REALTIME, found)

    def count_devices(self, readings: Iterable[Reading], fetched_at: float) -> Sequence[Reading]:
        """The readings of devices with their totals."""
        counters, at = self._counters[CollectorName.DEVICE_REALTIME], self._context.clock.wall(fetched_at)
        overrides = self._context.settings.account.scale_overrides
        found = []
        for reading in readings:
            found.append(reading)
            device = self._inventory.devices.get(reading.id)
            kinds = DEVICE_KEYS.get(device.type_id) if device is not None else None
            if device is None or kinds is None:
                continue
            plant = self._inventory.plants.get(device.plant_code)
            scales = overrides.of(plant, device).by_key
            scale = {key: scales.get(key, WATTHOURS) for key in kinds}
            counters.count(reading.id, kinds, reading.values, scale.__getitem__, Answered(at, utc_offset(plant)))
        return self.with_totals(CollectorName.DEVICE_REALTIME, found)

    def with_totals(self, name: CollectorName, readings: Iterable[Reading]) -> Sequence[Reading]:
        """Readings with what is counted by now of the keys that they have."""
        counters = self._counters[name]
        found = []
        for reading in readings:
            counted = counters.get(reading.id)
            totals = {key: total for key, total in counted.totals.items() if key in reading.values} if counted else {}
            found.append(replace(reading, totals=totals) if totals else reading)
        return found

    def kept(self, name: CollectorName, ids: Iterable[str]) -> Mapping[str, Counted]:
        """What state keeps of these plants or devices."""
        return self._counters[name].of(ids)

    def take_over(self, name: CollectorName, counted: Mapping[str, Counted]) -> None:
        """What another process or an earlier one has counted."""
        for key, some in counted.items():
            self._counters[name].take_over(key, some)
