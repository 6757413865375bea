"""The labels of plants and devices: escaped and joined once, for as long as a plant or device keeps its names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.text import label_value, pair, pairs
from fusionsolar_exporter.northbound.model import Device, Plant

NONE: Mapping[str, str] = {}


class Labels:
    """The labels that all series of one plant or device have in common. Compared by identity."""

    __slots__ = ("pairs", "text", "values")

    def __init__(self, values: dict[str, str]) -> None:
        self.values = values
        self.pairs = pairs(values)
        self.text = ",".join(self.pairs)

    def joined(self, extra: Mapping[str, str]) -> str:
        """These labels and others as the formats write them, in the order of the names."""
        if not extra:
            return self.text
        # in pairs the names decide: they differ, and "=" comes before every letter and the underscore
        return ",".join(sorted((*self.pairs, *(pair(name, value) for name, value in extra.items()))))


class DeviceLabels(Labels):
    """Cut in two where most labels of readings belong, so that they are put between by joining."""

    __slots__ = ("head", "tail")

    LAST_OF_HEAD = "device_type"
    LAST_OF_TAIL = "plant_code"

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        cut = sorted(values).index(self.LAST_OF_HEAD) + 1
        self.head = ",".join(self.pairs[:cut]) + ","
        self.tail = ",".join(self.pairs[cut:])


@dataclass(frozen=True, slots=True)
class AccountLabels:
    """Labels by plant code and by device id; what has no entry has no name, and so no series."""

    plants: Mapping[str, Labels]
    devices: Mapping[str, DeviceLabels]
    known_plants: Mapping[str, Plant]
    """The plants that the labels were made of."""
    known_devices: Mapping[str, Device]

    def still_of(self, snapshot: Snapshot) -> bool:
        """Whether the lists are those that the labels were made of."""
        return snapshot.plants is self.known_plants and snapshot.devices is self.known_devices


def account_labels(account: str, snapshot: Snapshot, before: AccountLabels | None = None) -> AccountLabels:
    """The labels of every plant, and of every device of a known plant; those ``before`` are kept where they fit."""
    made = _Maker(label_value(account), before)
    plants: dict[str, Labels] = {}
    taken: set[str] = set()  # codes or ids that differ in lone surrogates only would give one series twice
    for code, plant in snapshot.plants.items():
        label = label_value(code)
        if label not in taken:
            taken.add(label)
            plants[code] = made.plant(label, plant)
    devices: dict[str, DeviceLabels] = {}
    taken = set()
    for device_id, device in snapshot.devices.items():
        plant_labels = plants.get(device.plant_code)
        label = label_value(device_id)
        if plant_labels is not None and label not in taken:
            taken.add(label)
            devices[device_id] = made.device(label, device, plant_labels)
    return AccountLabels(plants, devices, snapshot.plants, snapshot.devices)


class _Maker:
    def __init__(self, account: str, before: AccountLabels | None) -> None:
        self._account = account
        self._plants = before.plants if before else {}
        self._devices = before.devices if before else {}

    def plant(self, label: str, plant: Plant) -> Labels:
        values = {"account": self._account, "plant_code": label, "plant": label_value(plant.name)}
        old = self._plants.get(plant.code)
        return old if old is not None and old.values == values else Labels(values)

    def device(self, label: str, device: Device, plant_labels: Labels) -> DeviceLabels:
        values = {
            **plant_labels.values,
            "device_id": label,
            "device": label_value(device.name),
            "device_type": device_type_label(device.type_id),
        }
        old = self._devices.get(device.id)
        return old if old is not None and old.values == values else DeviceLabels(values)


def chunks(ids: Sequence[str], size: int) -> Sequence[tuple[str, ...]]:
    """The ids in order, so many at a time."""
    return [tuple(ids[start : start + size]) for start in range(0, len(ids), size)]
