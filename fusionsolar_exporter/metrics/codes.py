"""Codes of states and what they mean (reference 9.2 and Table 9-1; ``tables/codes.tsv``)."""

from collections.abc import Mapping
from enum import StrEnum

from fusionsolar_exporter.metrics.tables import rows

UNKNOWN = "unknown"


class CodeTable(StrEnum):
    """The tables of codes; also the label that carries the code."""

    HEALTH_STATE = "health_state"
    INVERTER_STATE = "inverter_state"
    BATTERY_STATUS = "battery_status"
    CHARGE_DISCHARGE_MODE = "charge_discharge_mode"


def _tables() -> Mapping[CodeTable, Mapping[str, str]]:
    tables: dict[CodeTable, dict[str, str]] = {table: {} for table in CodeTable}
    for row in rows("codes"):
        tables[CodeTable(row["table"])][row["code"]] = row["description"]
    return tables


DESCRIPTIONS: Mapping[CodeTable, Mapping[str, str]] = _tables()


def code_labels(table: CodeTable, value: float) -> dict[str, str]:
    """The labels of a code: the code as a plain integer (512.0 is ``512``), and its description."""
    code = str(int(value)) if value.is_integer() else str(value)
    return {table.value: code, "description": DESCRIPTIONS[table].get(code, UNKNOWN)}
