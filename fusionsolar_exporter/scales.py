"""Configured factors for keys that an installation reports in another unit, or with the other sign, than documented."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fusionsolar_exporter.northbound.model import Device, Plant

Patterns = tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class ScaleOverride:
    """The factor of one key of one device type; where patterns are given, of the plants and devices that they match."""

    device_type_id: int
    key: str
    scale: float
    plants: Patterns = ()
    """Matched against the whole code or name; empty for every plant."""
    devices: Patterns = ()
    """Matched against the whole id, name or serial number; empty for every device."""

    @property
    def for_all(self) -> bool:
        """Whether it holds for every device of its type."""
        return not self.plants and not self.devices

    def fits(self, plant: Plant | None, device: Device) -> bool:
        """Whether it holds for a device of its type."""
        plant_texts = (device.plant_code, plant.name) if plant else (device.plant_code,)
        return _matched(self.plants, *plant_texts) and _matched(
            self.devices, device.id, device.name, device.serial_number
        )


class Scales(NamedTuple):
    """The factors of one device by key. Equal ones are the same for every device that has them."""

    by_key: Mapping[str, float]
    identity: tuple[tuple[str, float], ...]


NO_SCALES = Scales({}, ())


class ScaleOverrides:
    """Every override of an account, the first that fits counts. Compared by content."""

    def __init__(self, overrides: Sequence[ScaleOverride] = ()) -> None:
        self._overrides = tuple(overrides)
        self._of_type: dict[int, list[ScaleOverride]] = {}
        for override in overrides:
            self._of_type.setdefault(override.device_type_id, []).append(override)
        self._alike = {
            type_id: _scales(some) for type_id, some in self._of_type.items() if all(one.for_all for one in some)
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScaleOverrides) and other._overrides == self._overrides

    def __hash__(self) -> int:
        return hash(self._overrides)

    def of_type(self, type_id: int) -> Scales | None:
        """The factors of every device of a type; None where they differ from device to device."""
        return self._alike.get(type_id, None if type_id in self._of_type else NO_SCALES)

    def of(self, plant: Plant | None, device: Device) -> Scales:
        """The factors of one device."""
        alike = self.of_type(device.type_id)
        if alike is not None:
            return alike
        return _scales([one for one in self._of_type[device.type_id] if one.fits(plant, device)])


def _scales(overrides: Sequence[ScaleOverride]) -> Scales:
    by_key: dict[str, float] = {}
    for override in overrides:
        by_key.setdefault(override.key, override.scale)
    return Scales(by_key, tuple(sorted(by_key.items())))


def _matched(patterns: Patterns, *texts: str) -> bool:
    return not patterns or any(pattern.fullmatch(text) for pattern in patterns for text in texts)
