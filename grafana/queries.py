"""PromQL over the exporter's catalogue.

Replicas export the same series, so each series is first reduced to one by the labels that are its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from fusionsolar_exporter.metrics.families import FAMILIES

ACCOUNT = 'account=~"$account"'
PLANT = f'{ACCOUNT},plant_code=~"$plant"'
DEVICE = f'{PLANT},device_id=~"$device"'

BY_PLANT = ("account", "plant_code", "plant")
BY_DEVICE = (*BY_PLANT, "device_id", "device", "device_type")
ON_PLANT = "on (account, plant_code)"
ON_DEVICE = "on (account, plant_code, device_id)"


@dataclass(frozen=True, slots=True)
class Query:
    """An expression and how its series are named; ``legend`` takes labels as ``{{plant}}``."""

    expr: str
    legend: str = ""


def series(name: str, *where: str, offset: str = "") -> str:
    """A metric with all of its own labels, once, however many replicas are scraped. KeyError for an unknown metric."""
    labels = ", ".join(FAMILIES[name].all_labels)
    shift = f" offset {offset}" if offset else ""
    return f"max by ({labels}) ({name}{{{','.join(where)}}}{shift})"


def total(expr: str, *by: str) -> str:
    """The sum, by labels or of everything."""
    return f"sum by ({', '.join(by)}) ({expr})" if by else f"sum({expr})"


def each_replica(expr: str, *labels: str) -> str:
    """Something that each replica counts itself, once: where Prometheus runs in pairs, both tell it."""
    return f"max by ({', '.join(('instance', *labels))}) ({expr})"


def increase(name: str, by: tuple[str, ...], *where: str, over: str = "$__rate_interval") -> str:
    """How much a counter grew, within the resolution where nothing else is given; all replicas together."""
    family = FAMILIES[name]
    grown = f"increase({family.name}{{{','.join(where)}}}[{over}])"
    return total(each_replica(grown, *family.all_labels), *by)


def age(name: str, *where: str, by: tuple[str, ...] = ()) -> str:
    """Seconds since the moment that a metric tells; the latest one of each group where ``by`` is given."""
    moment = series(name, *where)
    return f"time() - max by ({', '.join(by)}) ({moment})" if by else f"time() - {moment}"


def with_codes(expr: str, codes: Iterable[int]) -> str:
    """What of an expression has one of these values, neighbours as ranges."""
    runs: list[list[int]] = []
    for code in sorted(codes):
        if runs and code == runs[-1][-1] + 1:
            runs[-1].append(code)
        else:
            runs.append([code])
    return " or ".join(f"{expr} == {run[0]}" if len(run) == 1 else f"{expr} >= {run[0]} <= {run[-1]}" for run in runs)


def none_is_zero(expr: str) -> str:
    """A single number that is 0 where nothing matches."""
    return f"({expr}) or vector(0)"
