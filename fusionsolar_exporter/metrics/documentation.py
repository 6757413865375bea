"""Writes the page of all metrics from the tables: ``python -m fusionsolar_exporter.metrics.documentation [FILE]``."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from fusionsolar_exporter.metrics.codes import DESCRIPTIONS
from fusionsolar_exporter.metrics.device_types import DEVICE_TYPES
from fusionsolar_exporter.metrics.families import DATA_SCOPES, FAMILIES, LABELS, Family, Scope
from fusionsolar_exporter.metrics.kpis import KPIS, NUMBER, Kpi

_PAGE = Path("docs/metrics.md")

_INTRODUCTION = """\
# Metrics

<!-- Made by `python -m fusionsolar_exporter.metrics.documentation` from the tables of that package. -->

Every value about plants, devices and alarms comes from a cache: a scrape never asks the management system. A value
that is missing there, null, or not a finite number has no sample, and neither has one that is older than its time to
live. Samples carry no timestamp; `fusionsolar_plant_last_success_timestamp_seconds` and
`fusionsolar_device_last_success_timestamp_seconds` say when the data was fetched.

Units are bare: watts, watthours, volts, amperes, seconds, celsius, ratios from 0 to 1. Where the unit of the interface
differs, the value is converted; `kpi_overrides` in the configuration corrects a unit that an installation reports
otherwise. Plant and device data are gauges: day values start anew and lifetime values can dip around midnight. The
energies that end in `_watthours_total` are counters, which never fall.

`metrics.include` and `metrics.exclude` choose metrics by the names on this page. The metrics of the Python client
library (`process_...`, `python_...`) are always there.
"""

_ENERGY = """\
## Energy per day, week and month

The management system tells energy in two ways, and neither is a counter: a value of the day stands at yesterday's total
until the inverter wakes, and a lifetime value dips by 0.1 kWh or so around midnight, at which `increase()` sees a
counter that began anew. So there are three series of the same energy, and each serves another question:

| question | ask | for example |
| --- | --- | --- |
| what does the portal show now? | the value of the day | `fusionsolar_plant_day_yield_watthours` |
| how much has it been since it was built? | the lifetime value | `fusionsolar_plant_total_yield_watthours` |
| how much was it from here to there? | the counter | `increase(fusionsolar_plant_yield_watthours_total[1d])` |

A counter of a lifetime value starts at its first value and grows with each rise above the highest value seen; a fall to
99 % of it or more is held, a deeper one is a new register once three answers in a row show it. A counter of a day value
starts at 0 and grows by the rises; a fall to less than half is a new day, and so is another date more than six hours
later. Counters are kept in the state, so they go on over restarts and are the same on every replica; they are absent
while their value is. They count in the direction of their register, whatever the sign of `kpi_overrides`.

`increase(...[1d])` is what the last 24 hours brought, at every moment. Days, weeks and months by the clock of the plant
are recorded by `fusionsolar-performance.rules.yml` (see [alerting.md](alerting.md)), which gives each period one sample
when it is over:

| what | query |
| --- | --- |
| bars per day, at a step of a day | `sum_over_time(fusionsolar:plant_energy_day:kilowatthours[1d])` |
| the last seven whole days | `sum_over_time(fusionsolar:plant_energy_day:kilowatthours[7d])` |
| the running day | `fusionsolar:plant_energy_today:kilowatthours` |
| the last whole week, from Monday | `last_over_time(fusionsolar:plant_energy_week:kilowatthours[7d])` |
| the last whole month | `last_over_time(fusionsolar:plant_energy_month:kilowatthours[31d])` |
| twelve months | `sum_over_time(fusionsolar:plant_energy_month:kilowatthours[365d])` |

Each has the label `energy`: `yield`, `feed_in`, or `consumption`.
"""

_TITLES = {
    Scope.PLANT: "Plants",
    Scope.ALARM: "Alarms",
    Scope.DEVICE: "Devices",
    Scope.ACCOUNT: "Accounts: requests, limits, collectors",
    Scope.EXPORTER: "The exporter",
}


def page() -> str:
    """The page as Markdown."""
    sections = chain(map(_families, Scope), (_keys(), _device_types(), _codes()))
    return "\n".join([_INTRODUCTION, _ENERGY, *sections])


def _families(scope: Scope) -> str:
    names = ", ".join(f"`{label}`" for label in LABELS[scope])
    head = f"Each has the labels {names}." if names else "These have no labels but those named."
    columns = ["metric", "type", "further labels", "unit", "meaning"]
    if scope in DATA_SCOPES:
        columns.append("read from")
    rows = (_cells(family)[: len(columns)] for family in FAMILIES.values() if family.scope is scope)
    return f"## {_TITLES[scope]}\n\n{head}\n\n{_table(columns, rows)}"


def _cells(family: Family) -> tuple[str, ...]:
    return (
        f"`{family.name}`",
        family.type.value,
        ", ".join(f"`{label}`" for label in family.labels),
        family.unit,
        _meaning(family),
        family.source,
    )


def _meaning(family: Family) -> str:
    return f"{family.summary}. {family.note}." if family.note else f"{family.summary}."


def _keys() -> str:
    rows = (
        (
            _types(kpi),
            f"`{kpi.key.replace(NUMBER, 'N')}`",
            kpi.item.replace(NUMBER, "N"),
            kpi.unit,
            f"`{kpi.metric}{_label(kpi)}`",
            _conversion(kpi.factor),
        )
        for kpi in KPIS
    )
    columns = ("of", "key", "item", "unit there", "metric", "conversion")
    text = (
        "The keys of `getStationRealKpi` (plants) and `getDevRealKpi` (devices), and the metric that each becomes.\n"
        "N is any number. A numeric key that is not in this table for its device type becomes\n"
        "`fusionsolar_plant_kpi` or `fusionsolar_device_kpi` with the key as the label `key`."
    )
    return f"## Keys of the interfaces\n\n{text}\n\n{_table(columns, rows)}"


def _types(kpi: Kpi) -> str:
    return ", ".join(DEVICE_TYPES[type_id] for type_id in kpi.device_types) or "plant"


def _label(kpi: Kpi) -> str:
    return f'{{{kpi.label}="{kpi.label_value.replace(NUMBER, "N")}"}}' if kpi.label else ""


def _conversion(factor: float) -> str:
    if factor == 1:
        return ""
    return f"x {factor:g}" if factor > 1 else f"/ {1 / factor:g}"


def _device_types() -> str:
    rows = ((str(type_id), f"`{label}`") for type_id, label in DEVICE_TYPES.items())
    text = "The label `device_type`. A type that is not in this table is `type_N`, N being its id."
    return f"## Device types\n\n{text}\n\n{_table(('id', 'device_type'), rows)}"


def _codes() -> str:
    rows = (
        (f"`{table}`", f"`{code}`", description)
        for table, descriptions in DESCRIPTIONS.items()
        for code, description in descriptions.items()
    )
    text = "Codes in labels, and the label `description` beside each. A code that is not in this table is `unknown`."
    return f"## Codes\n\n{text}\n\n{_table(('label', 'code', 'description'), rows)}"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_lines(columns, rows)) + "\n"


def _lines(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    for cells in (columns, ["---"] * len(columns), *rows):
        yield f"| {' | '.join(cells)} |"


def main(arguments: Sequence[str]) -> None:
    """Write the page to the file named, or to its place in the source tree."""
    path = Path(arguments[0]) if arguments else _PAGE
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
