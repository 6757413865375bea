"""The labels of plants and devices: one mapping for all samples of a plant or device."""

from dataclasses import dataclass

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.text import label_value


@dataclass(frozen=True, slots=True)
class AccountLabels:
    """Labels by plant code and by device id; what has no entry has no name, and so no series."""

    account: str
    plants: dict[str, dict[str, str]]
    devices: dict[str, dict[str, str]]


def account_labels(account: str, snapshot: Snapshot) -> AccountLabels:
    """The labels of every plant, and of every device of a known plant."""
    account = label_value(account)
    plants: dict[str, dict[str, str]] = {}
    taken: set[str] = set()  # codes or ids that differ in lone surrogates only would give one series twice
    for code, plant in snapshot.plants.items():
        label = label_value(code)
        if label not in taken:
            taken.add(label)
            plants[code] = {"account": account, "plant_code": label, "plant": label_value(plant.name)}
    devices: dict[str, dict[str, str]] = {}
    taken = set()
    for device_id, device in snapshot.devices.items():
        plant_labels = plants.get(device.plant_code)
        label = label_value(device_id)
        if plant_labels is not None and label not in taken:
            taken.add(label)
            devices[device_id] = {
                **plant_labels,
                "device_id": label,
                "device": label_value(device.name),
                "device_type": device_type_label(device.type_id),
            }
    return AccountLabels(account, plants, devices)
