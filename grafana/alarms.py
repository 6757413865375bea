"""Active alarms of the management system."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from fusionsolar_exporter.northbound.model import Severity
from grafana import links
from grafana.alarm_panels import alarm_table, alarm_timeline, raised
from grafana.frame import dashboard
from grafana.panels import HALF, TILE, AnyPanel, Frame, coloured, lines, number, ranking
from grafana.queries import DEVICE, Query, none_is_zero, series
from grafana.states import GREEN, SEVERITY_COLOURS, severity_words
from grafana.tables import Column
from grafana.variables import account, device, plant, severity

_CHOSEN = (DEVICE, 'severity=~"$severity"')
_ALARM = series("fusionsolar_alarm", *_CHOSEN)
_DAY = 86400


def _numbers() -> list[AnyPanel]:
    counts = [
        number(
            Frame(
                f"{level.value.capitalize()}",
                f"Active alarms of the severity {level.value}.",
                TILE,
                "none",
                0,
                steps=((None, GREEN), (1, colour)),
            ),
            Query(none_is_zero(f"count({series('fusionsolar_alarm', DEVICE, _is(level))})")),
        )
        for level, colour in SEVERITY_COLOURS.items()
        if level is not Severity.UNKNOWN
    ]
    return [
        *counts,
        number(
            Frame("Plants with alarms", "Plants with an active alarm of the chosen severities.", (4, 4), "none", 0),
            Query(none_is_zero(f"count(count by (account, plant_code) ({_ALARM}))")),
        ),
        number(
            Frame("Raised within a day", "Active alarms that are younger than a day.", (4, 4), "none", 0),
            Query(none_is_zero(f"count(time() - {raised(*_CHOSEN)} < {_DAY})")),
        ),
        number(
            Frame("Oldest", "For how long the oldest alarm has been active.", (4, 4), "s", 0, empty="none"),
            Query(f"max(time() - {raised(*_CHOSEN)})"),
        ),
    ]


def _is(level: Severity) -> str:
    return f'severity="{level.value}"'


def _rankings() -> list[AnyPanel]:
    history = lines(
        Frame("Active alarms over time", "By severity, of the chosen plants and devices.", HALF, "none", 0, least=0),
        Query(f"count by (severity) ({_ALARM})", "{{severity}}"),
        stacked=True,
    )
    return [
        coloured(history, {level.value: colour for level, colour in SEVERITY_COLOURS.items()}),
        ranking(
            Frame("Most frequent alarms", "Active alarms by name, the ten most frequent.", (6, 8), "none", 0, least=0),
            Query(f"sort_desc(topk(10, count by (alarm_name) ({_ALARM})))", "{{alarm_name}}"),
        ),
        ranking(
            Frame("Plants with most alarms", "Active alarms by plant, the ten with most.", (6, 8), "none", 0, least=0),
            Query(f"sort_desc(topk(10, count by (account, plant_code, plant) ({_ALARM})))", "{{plant}}"),
        ),
    ]


def alarm_board() -> Dashboard:
    """The dashboard of alarms."""
    columns = (
        *links.PLANT_COLUMNS,
        Column("Device", label="device", link=links.TO_DEVICE),
        Column("Type", label="device_type"),
        Column("Device id", label="device_id", hidden=True),
    )
    listed = alarm_table(
        Frame(
            "Active alarms, newest first",
            "Every active alarm of the chosen severities. Plant and device lead to their pages. An alarm whose serial "
            "number is in no list of devices has no device id, and its link shows no device.",
            (24, 12),
        ),
        columns,
        *_CHOSEN,
    )
    history = alarm_timeline(
        Frame(
            "When alarms were active",
            "One row for each device and alarm, coloured by severity.",
            (24, 12),
            mappings=severity_words(),
        ),
        "{{plant}} / {{device}}: {{alarm_name}}",
        *_CHOSEN,
    )
    return dashboard(
        links.ALARMS,
        "FusionSolar / Alarms",
        "Active alarms of the management system: how many, since when, at which plants and devices.",
        (account(many=True), plant(many=True), device(many=True), severity()),
        (("", [*_numbers(), *_rankings(), listed, history]),),
        since="now-24h",
    )
