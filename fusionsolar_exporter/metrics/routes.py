"""Where the values of each key of a device go."""

from collections.abc import Mapping
from typing import NamedTuple

from fusionsolar_exporter.metrics.factor import multiplier_and_divisor
from fusionsolar_exporter.metrics.kpis import device_target
from fusionsolar_exporter.northbound.model import Device, Plant
from fusionsolar_exporter.scales import ScaleOverrides, Scales


class KeyRoute(NamedTuple):
    """The way of one key."""

    metric: str
    label: str
    """Extra label; empty where the metric has none."""
    label_value: str
    multiplier: float
    divisor: float
    string: str
    """Number of the PV string; empty for everything else."""


class Routes(dict[str, KeyRoute | None]):
    """The routes of one device type by key, made when first asked for; None where no table knows the key."""

    def __init__(self, type_id: int, scales: Scales) -> None:
        super().__init__()
        self.type_id = type_id
        self.identity = (type_id, scales.identity)
        """Equal where all routes are."""
        self._scales = scales.by_key

    def __missing__(self, key: str) -> KeyRoute | None:
        target = device_target(self.type_id, key)
        if target is None:
            return None  # not remembered: the far side may make up any number of keys
        scale = self.scale(key, target.factor)
        self[key] = route = KeyRoute(target.metric, target.label, target.label_value, *scale, target.string)
        return route

    def scale(self, key: str, factor: float) -> tuple[float, float]:
        """Multiplier and divisor of a key; a configured factor takes the place of the one given."""
        return multiplier_and_divisor(self._scales.get(key, factor))


class AccountRoutes:
    """The routes of every device of an account."""

    def __init__(self, overrides: ScaleOverrides) -> None:
        self.overrides = overrides
        self._routes: dict[tuple[int, tuple[tuple[str, float], ...]], Routes] = {}

    def of(self, device: Device, plants: Mapping[str, Plant]) -> Routes:
        """The routes of one device; devices with the same factors share them."""
        scales = self.overrides.of_type(device.type_id)
        if scales is None:
            scales = self.overrides.of(plants.get(device.plant_code), device)
        identity = (device.type_id, scales.identity)
        found = self._routes.get(identity)
        if found is None:
            found = self._routes[identity] = Routes(device.type_id, scales)
        return found
