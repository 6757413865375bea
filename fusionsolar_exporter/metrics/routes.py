"""The way from a key of a device type to its samples, found once a scrape and taken by every device of the type."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.factor import multiplier_and_divisor
from fusionsolar_exporter.metrics.kpis import device_target
from fusionsolar_exporter.metrics.sample_buffer import SampleBuffer


class Route(NamedTuple):
    """Where the values of one key go."""

    add: Callable[[Sample], None]
    metric: str
    label: str
    """Extra label; empty where the metric has none."""
    label_value: str
    multiplier: float
    divisor: float
    string: str
    """Number of the PV string; empty for everything else."""


class Routes(dict[str, Route | None]):
    """The routes of one device type by key, made when first asked for; None where no table knows the key."""

    def __init__(self, type_id: int, buffer: SampleBuffer, scale_overrides: Mapping[tuple[int, str], float]) -> None:
        super().__init__()
        self._type_id = type_id
        self._buffer = buffer
        self._scale_overrides = scale_overrides

    def __missing__(self, key: str) -> Route | None:
        target = device_target(self._type_id, key)
        self[key] = route = (
            None
            if target is None
            else Route(
                self._buffer.adder(target.metric),
                target.metric,
                target.label,
                target.label_value,
                *self.scale(key, target.factor),
                target.string,
            )
        )
        return route

    def scale(self, key: str, factor: float) -> tuple[float, float]:
        """Multiplier and divisor of a key; a configured factor takes the place of the one given."""
        return multiplier_and_divisor(self._scale_overrides.get((self._type_id, key), factor))
