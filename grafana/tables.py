"""Tables: a row for each set of labels, a column for each label and each query."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, ValueMap

from fusionsolar_exporter.metrics.families import FAMILIES
from grafana.panels import PLAIN, Frame, Steps, ask, framed, prop
from grafana.queries import Query

_LABELS = frozenset(label for family in FAMILIES.values() for label in family.all_labels)
_PERCENT_BAR = {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: of a label, or of the query ``expr``. A column with ``hidden`` is there for links only."""

    title: str
    label: str = ""
    expr: str = ""
    unit: str = ""
    decimals: int | None = None
    steps: Steps = PLAIN
    mappings: Sequence[ValueMap] = field(default_factory=tuple)
    link: tuple[str, str] | None = None
    """Title and address."""
    width: int = 0
    bar: float = 0
    """Draw a bar up to this value."""
    hidden: bool = False

    def field_in(self, values: Sequence["Column"]) -> str:
        """The name that Grafana gives the column."""
        if self.label:
            return self.label
        return f"Value #{ascii_uppercase[values.index(self)]}" if len(values) > 1 else "Value"

    def properties(self) -> list[Any]:
        """What an override has to say."""
        said = [prop("displayName", self.title)]
        if self.label:
            said.append(prop("unit", "string"))  # else numbers of alarms are shortened to 2.06 K
        elif self.unit:
            said.append(prop("unit", self.unit))
        if self.decimals is not None:
            said.append(prop("decimals", self.decimals))
        if self.mappings:
            said.append(prop("mappings", list(self.mappings)))
        if self.steps is not PLAIN or self.mappings:
            said.append(prop("custom.cellOptions", {"type": "color-text"}))
            said.append(prop("color", {"mode": "thresholds"}))
            steps = [{"value": value, "color": colour} for value, colour in self.steps]
            said.append(prop("thresholds", {"mode": "absolute", "steps": steps}))
        if self.bar:
            said += [prop("custom.cellOptions", _PERCENT_BAR), prop("min", 0), prop("max", self.bar)]
        if self.link:
            title, url = self.link
            said.append(prop("links", [{"title": title, "url": url}]))
        if self.width:
            said.append(prop("custom.width", self.width))
        if self.hidden:
            said.append(prop("custom.hidden", value=True))
        return said


def _unnamed(columns: Sequence[Column], values: Sequence[Column]) -> list[str]:
    """Labels that the queries bring and no column names."""
    words = {word for column in values for word in re.findall(r"\w+", column.expr)}
    return sorted(words & _LABELS - {column.label for column in columns})


def rows(frame: Frame, *columns: Column, sort: str = "", descending: bool = False) -> table.Panel:
    """A table of what is now; ``sort`` is a column's title. Labels that no column names are left out."""
    values = [column for column in columns if column.expr]
    panel = ask(framed(table.Panel(), frame), [Query(column.expr) for column in values], instant=True, as_table=True)
    names = [column.field_in(values) for column in columns]
    if len(values) > 1:
        panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    panel.with_transformation(
        DataTransformerConfig(
            id_val="organize",
            options={
                "excludeByName": {"Time": True} | dict.fromkeys(_unnamed(columns, values), True),
                "indexByName": {name: place for place, name in enumerate(names)},
                "renameByName": {},
            },
        )
    )
    for name, column in zip(names, columns, strict=True):
        panel.override_by_name(name, column.properties())
    if sort:
        panel.sort_by([common.TableSortByFieldState().display_name(sort).desc(descending)])
    return panel.show_header(True)
