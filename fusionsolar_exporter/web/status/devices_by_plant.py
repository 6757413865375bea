"""The devices of an account's plants as the status page tells them: counted, and when their data was fetched."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.northbound.interfaces import INVERTER_TYPES
from fusionsolar_exporter.northbound.model import Device
from fusionsolar_exporter.status import CollectorName


class DevicesByPlant:
    """Used by one thread at a time; worked out anew only where the lists say something new."""

    def __init__(self) -> None:
        self._devices: Mapping[str, Device] = {}
        self._listed: frozenset[str] = frozenset()
        self._inverters: Mapping[str, Sequence[str]] = {}
        self.by_plant: Mapping[str, dict[str, int]] = {}
        """Numbers of the listed ones by plant code and type."""
        self.all: dict[str, int] = {}
        """Numbers of the listed ones by type."""

    def update(self, snapshot: Snapshot) -> None:
        """Take the lists as they are now."""
        if snapshot.devices is not self._devices:
            self._inverters = _inverters(snapshot.devices)
        elif snapshot.listed_devices is self._listed:
            return
        counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for device_id in snapshot.listed_devices & snapshot.devices.keys():
            device = snapshot.devices[device_id]
            counts[device.plant_code][device_type_label(device.type_id)] += 1
        self.by_plant = {code: dict(sorted(some.items())) for code, some in counts.items()}
        self.all = dict(sorted(sum(counts.values(), Counter[str]()).items()))
        self._devices, self._listed = snapshot.devices, snapshot.listed_devices  # last: what fails is done again

    def fetched_at(self, snapshot: Snapshot, codes: Sequence[str]) -> Sequence[float | None]:
        """The oldest of each plant's own data and its inverters', so that no number on its line is older."""
        own = snapshot.plant_fetched_at.get(CollectorName.PLANT_REALTIME, {})
        return [_oldest(own.get(code), self._inverters.get(code, ()), snapshot.device_fetched_at) for code in codes]


def _oldest(own: float | None, ids: Sequence[str], fetched_at: Mapping[str, float]) -> float | None:
    for device_id in ids:
        moment = fetched_at.get(device_id)
        if moment is not None and (own is None or moment < own):
            own = moment
    return own


def _inverters(devices: Mapping[str, Device]) -> Mapping[str, Sequence[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for device in devices.values():
        if device.type_id in INVERTER_TYPES:
            found[device.plant_code].append(device.id)
    return dict(found)
