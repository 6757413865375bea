"""Tables and timelines of active alarms, as several dashboards show them."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders.statetimeline import Panel as Timeline
from grafana_foundation_sdk.builders.table import Panel as Table

from grafana.panels import Frame, timeline
from grafana.queries import BY_DEVICE, Query, series
from grafana.states import SEVERITY_NUMBERS, severity_words
from grafana.tables import Column, rows

_SHOWN = (*BY_DEVICE, "severity", "alarm_name", "alarm_id")


def raised(*where: str) -> str:
    """When each alarm was raised, its causes together, the earliest first."""
    return f"min by ({', '.join(_SHOWN)}) ({series('fusionsolar_alarm_raised_timestamp_seconds', *where)})"


def alarm_table(frame: Frame, columns: Sequence[Column], *where: str) -> Table:
    """Active alarms, the newest first; ``columns`` name plant and device."""
    return rows(
        frame,
        Column("Severity", label="severity", mappings=severity_words(), width=100),
        Column("Alarm", label="alarm_name", width=260),
        *columns,
        Column("Number", label="alarm_id", width=90),
        Column("Raised", expr=f"{raised(*where)} * 1000", unit="dateTimeAsLocal", width=200),
        Column("Active for", expr=f"time() - {raised(*where)}", unit="s", decimals=0, width=130),
        sort="Active for",
    )


def alarm_timeline(frame: Frame, legend: str, *where: str) -> Timeline:
    """When alarms were active, coloured by severity."""
    parts = (
        f"""{series("fusionsolar_alarm", f'severity="{severity.value}"', *where)} * {number}"""
        for severity, number in SEVERITY_NUMBERS.items()
    )
    return timeline(frame, Query(f"max by ({', '.join(_SHOWN)}) ({' or '.join(parts)})", legend))
