"""Which metric each key of the real-time interfaces becomes (reference section 9.2; ``tables/kpis.tsv``).

A key with ``{n}`` is a pattern: PV strings and MPP trackers follow it for any number.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from fusionsolar_exporter.metrics.tables import rows

PLANT = "plant"  # in the column of device types: the key is a plant's
NUMBER = "{n}"


@dataclass(frozen=True, slots=True)
class Kpi:
    """One row of the table."""

    device_types: tuple[int, ...]
    """Types whose key it is; empty where it is a plant's."""
    key: str
    metric: str
    label: str
    """Extra label; empty where the metric has none."""
    label_value: str
    factor: float
    """From the unit of the interface to the bare unit; under 1 it is a division."""
    unit: str
    """Unit of the interface; empty where the value has none."""
    item: str
    counter: str
    """The metric that counts its energy; empty where nothing is counted."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the values of one key go: metric and extra label, and the factor from unit to bare unit."""

    metric: str
    label: str
    label_value: str
    factor: float
    string: str = ""
    """Number of the PV string that it belongs to; empty for everything else."""


def _kpi(row: Mapping[str, str]) -> Kpi:
    return Kpi(
        () if row["device_types"] == PLANT else tuple(map(int, row["device_types"].split(","))),
        row["key"],
        row["metric"],
        row["label"],
        row["label_value"],
        float(row["factor"]),
        row["unit"],
        row["item"],
        row.get("counter", ""),
    )


KPIS: tuple[Kpi, ...] = tuple(map(_kpi, rows("kpis")))
_CONVERGENCE_KPIS = tuple(map(_kpi, rows("convergence")))
"""What the interface by serial number has beyond real-time data (reference 9.3.1)."""

COUNTERS: Mapping[tuple[int | None, str], str] = {
    (type_id, kpi.key): kpi.counter for kpi in KPIS if kpi.counter for type_id in kpi.device_types or (None,)
}
"""The counter of each counted key, by device type id; None is a plant's."""

_PLANT_KPIS = {kpi.key: kpi for kpi in KPIS if not kpi.device_types}
_DEVICE_KPIS = {(type_id, kpi.key): kpi for kpi in (*KPIS, *_CONVERGENCE_KPIS) for type_id in kpi.device_types}
_NUMBERED = re.compile(r"(?P<before>[a-z_]+)(?P<n>[1-9][0-9]*)(?P<after>[a-z_]+)")
_STRING_LABEL = "pv"


def plant_target(key: str) -> Target | None:
    """Where a plant's key goes; None where no table knows it (reference 9.1.4.1)."""
    return _PLANT_TARGETS.get(key)


@lru_cache(maxsize=4096)  # a fleet asks for the same few hundred keys again and again
def device_target(type_id: int, key: str) -> Target | None:
    """Where a key of a device type goes; None where no table knows it for that type (reference 9.1.6.1)."""
    kpi = _DEVICE_KPIS.get((type_id, key))
    if kpi is not None or (match := _NUMBERED.fullmatch(key)) is None:
        return _target(kpi, "")
    return _target(_DEVICE_KPIS.get((type_id, f"{match['before']}{NUMBER}{match['after']}")), match["n"])


def _target(kpi: Kpi | None, number: str) -> Target | None:
    if kpi is None:
        return None
    string = number if kpi.label == _STRING_LABEL else ""
    return Target(kpi.metric, kpi.label, kpi.label_value.replace(NUMBER, number), kpi.factor, string)


_PLANT_TARGETS = {key: _target(kpi, "") for key, kpi in _PLANT_KPIS.items()}
