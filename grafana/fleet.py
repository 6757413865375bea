"""The fleet: how much it produces, which plants need a person, where they are."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from fusionsolar_exporter.metrics.codes import CodeTable
from grafana import links
from grafana.energy_periods import energy_days, energy_months, energy_years
from grafana.exporter_freshness import LATE
from grafana.fleet_numbers import (
    ANY_IS_BAD,
    CAPACITY,
    DAY,
    GRAVE,
    GRAVE_ONLY,
    HEALTH,
    POWER,
    STOPPED_INVERTERS,
    fleet_numbers,
)
from grafana.fleet_states import fleet_states
from grafana.frame import dashboard
from grafana.geomap import LATITUDE, LONGITUDE, plants_map
from grafana.panels import AnyPanel, Frame, dashed, lines
from grafana.queries import ACCOUNT, BY_PLANT, PLANT, Query, age, series, total
from grafana.states import (
    GREEN,
    ORANGE,
    RED,
    code_words,
    severity_words,
)
from grafana.tables import Column, rows
from grafana.variables import account, plant

_THIRD = (8, 8)
_TOGETHER = "all chosen plants together"
_TOTAL = series("fusionsolar_plant_total_yield_watthours", PLANT)
_TOTAL_BEFORE = series("fusionsolar_plant_total_yield_watthours", PLANT, offset="1d")
_COLLECTOR = 'collector="plant_realtime"'
_AGE = age("fusionsolar_plant_last_success_timestamp_seconds", PLANT, _COLLECTOR, by=BY_PLANT)
_INTERVAL = total(series("fusionsolar_collector_interval_seconds", ACCOUNT, _COLLECTOR), "account")
_LATE = f"({_AGE}) / on (account) group_left () ({_INTERVAL} > 0)"
_SPECIFIC = f"({_TOTAL} - {_TOTAL_BEFORE}) / ({CAPACITY} > 0)"


def _power() -> AnyPanel:
    panel = lines(
        Frame(
            "Power by account",
            "Power of the chosen plants, by account; dashed all together a day before.",
            (14, 9),
            "watt",
            least=0,
        ),
        Query(total(POWER, "account"), "{{account}}"),
        Query(total(series("fusionsolar_plant_active_power_watts", PLANT, offset="1d")), "a day before"),
        stacked=True,
    )
    return dashed(panel, "a day before", "text")


def _map() -> AnyPanel:
    columns = (
        Column("Plant", label="plant"),
        Column("Health", expr=HEALTH, mappings=code_words(CodeTable.HEALTH_STATE)),
        Column(LATITUDE, expr=series("fusionsolar_plant_latitude_degrees", PLANT), unit="degree"),
        Column(LONGITUDE, expr=series("fusionsolar_plant_longitude_degrees", PLANT), unit="degree"),
        Column("Power", expr=POWER, unit="watt"),
        Column("kWh/kWp in 24 h", expr=_SPECIFIC, decimals=2),
    )
    return plants_map(
        Frame("Where", "Plants with coordinates, coloured by health. Plants without are only in the table.", (10, 9)),
        "Health",
        columns,
    )


def _worst() -> AnyPanel:
    return rows(
        Frame(
            "Plants, least yield first",
            "Yield of the last 24 hours for each kWp of capacity, so that plants of any size and time zone compare. "
            "Against the median of those chosen, under 70 % deserves a look. Data that is older than three of its "
            "intervals expires.",
            (24, 12),
            empty="",
        ),
        *links.PLANT_COLUMNS,
        Column("Health", expr=HEALTH, mappings=code_words(CodeTable.HEALTH_STATE), width=110),
        Column("Power", expr=POWER, unit="watt", decimals=1, width=100),
        Column(
            "Share of capacity", expr=f"{POWER} / ({CAPACITY} > 0)", unit="percentunit", decimals=0, bar=1, width=145
        ),
        Column("Yield today", expr=DAY, unit="watth", decimals=1, width=110),
        Column("kWh/kWp in 24 h", expr=_SPECIFIC, decimals=2, width=140),
        Column(
            "Against median",
            expr=f"{_SPECIFIC} / on () group_left quantile(0.5, {_SPECIFIC})",
            unit="percentunit",
            decimals=0,
            steps=((None, RED), (0.7, ORANGE), (0.85, GREEN)),
        ),
        Column("Inverters stopped", expr=STOPPED_INVERTERS, steps=ANY_IS_BAD, width=150),
        Column("Grave alarms", expr=total(GRAVE, *BY_PLANT), steps=ANY_IS_BAD, link=links.TO_PLANT_ALARMS, width=110),
        Column("Age of data", expr=_AGE, unit="s", decimals=0, width=110),
        Column("In intervals", expr=_LATE, decimals=1, steps=LATE, width=100),
        sort="kWh/kWp in 24 h",
    )


def _alarms() -> AnyPanel:
    return rows(
        Frame("Critical and major alarms, newest first", "Active alarms that should not wait.", (24, 7)),
        *links.PLANT_COLUMNS,
        Column("Device", label="device", link=links.TO_DEVICE),
        Column("Device id", label="device_id", hidden=True),
        Column("Severity", label="severity", mappings=severity_words(), width=100),
        Column("Alarm", label="alarm_name"),
        Column(
            "Active for",
            expr="time() - min by (account, plant_code, plant, device_id, device, severity, alarm_name) "
            f"({series('fusionsolar_alarm_raised_timestamp_seconds', PLANT, GRAVE_ONLY)})",
            unit="s",
            decimals=0,
            width=140,
        ),
        sort="Active for",
    )


def fleet_board() -> Dashboard:
    """The overview of all accounts."""
    return dashboard(
        links.FLEET,
        "FusionSolar / Fleet",
        "Power, yield, states and alarms of all plants; the plants that need a person first.",
        (account(many=True), plant(many=True)),
        (
            ("", [*fleet_numbers(), _power(), _map()]),
            ("Plants", [_worst(), *(bars(_TOGETHER, _THIRD) for bars in (energy_days, energy_months, energy_years))]),
            ("States and alarms", [*fleet_states(), _alarms()]),
        ),
    )
