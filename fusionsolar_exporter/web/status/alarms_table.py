"""The active alarms, with cause and repair as the management system tells them."""

from collections.abc import Sequence

from fusionsolar_exporter.web.formatting import NOTHING, counted, relative
from fusionsolar_exporter.web.status.markup import Markup, element, foreign, table
from fusionsolar_exporter.web.status.report import AlarmReport

MOST_ALARMS = 50
"""Shown on the page; the JSON has them all."""

_HEADINGS = ("Severity", "Alarm", "Plant", "Device", "Raised", "Cause", "What to do")
_TONE = {"critical": "bad", "major": "bad", "minor": "wait"}


def alarms_section(alarms: Sequence[AlarmReport], now: float) -> list[Markup]:
    """Nothing where there are none."""
    if not alarms:
        return []
    caption = counted(len(alarms), "active alarm")
    if len(alarms) > MOST_ALARMS:
        caption = f"{caption}, the gravest {MOST_ALARMS}"
    rows = (_row(alarm, now) for alarm in alarms[:MOST_ALARMS])
    return [element("section", element("h2", "Alarms"), table(_HEADINGS, rows, caption=caption, kind="alarms"))]


def _row(alarm: AlarmReport, now: float) -> Sequence[str]:
    return (
        element("span", alarm.severity, class_=_TONE.get(alarm.severity, "dim")),
        foreign(alarm.alarm),
        foreign(alarm.plant),
        foreign(alarm.device),
        relative(alarm.raised_timestamp_seconds, now),
        foreign(alarm.cause) if alarm.cause else NOTHING,
        foreign(alarm.repair) if alarm.repair else NOTHING,
    )
