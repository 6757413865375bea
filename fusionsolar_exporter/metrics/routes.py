"""Where the values of each key of a device type go."""

from collections.abc import Mapping
from typing import NamedTuple

from fusionsolar_exporter.metrics.factor import multiplier_and_divisor
from fusionsolar_exporter.metrics.kpis import device_target


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

    def __init__(self, type_id: int, scale_overrides: Mapping[tuple[int, str], float]) -> None:
        super().__init__()
        self.type_id = type_id
        self._scale_overrides = scale_overrides

    def __missing__(self, key: str) -> KeyRoute | None:
        target = device_target(self.type_id, key)
        if target is None:
            return None  # not remembered: the far side may make up any number of keys
        scale = self.scale(key, target.factor)
        self[key] = route = KeyRoute(target.metric, target.label, target.label_value, *scale, target.string)
        return route

    def scale(self, key: str, factor: float) -> tuple[float, float]:
        """Multiplier and divisor of a key; a configured factor takes the place of the one given."""
        return multiplier_and_divisor(self._scale_overrides.get((self.type_id, key), factor))
