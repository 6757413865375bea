"""How plants do by weeks and months: against themselves, against their region, their strings, limits and batteries."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from grafana import links
from grafana.frame import dashboard
from grafana.panels import HALF, AnyPanel, Frame, lines
from grafana.queries import BY_DEVICE, PLANT, Query
from grafana.recorded import SELDOM, recorded
from grafana.states import GREEN, ORANGE, RED
from grafana.tables import Column, rows
from grafana.variables import account, plant

_YIELD = 'energy="yield"'
_CAPACITY = recorded("plant_capacity:kilowatts", PLANT)
_CHANGED = ((None, RED), (0.95, ORANGE), (0.98, GREEN))
_NEEDS_RULES = "Needs the recording rules of deploy/prometheus."


def _energies() -> list[AnyPanel]:
    days = recorded("plant_energy_day:kilowatthours", PLANT, _YIELD)
    specific, before = f"sum_over_time({days}[30d])", f"sum_over_time({days}[30d] offset 364d)"
    month = recorded("plant_energy_month:kilowatthours", PLANT, _YIELD)
    months = lines(
        Frame(
            "Yield by month",
            f"Whole months by the clock of each plant, a bar when the month is over. {_NEEDS_RULES}",
            HALF,
            "kwatth",
            least=0,
        ),
        Query(f"sum by (plant) (sum_over_time({month}[1d]))", "{{plant}}"),
        bars=True,
    )
    months.interval("1d")
    return [
        months,
        lines(
            Frame(
                "Specific yield of 30 days, against the year before",
                "kWh for each kWp within 30 days, and the same 52 weeks before: a plant against itself, whatever the "
                "season.",
                HALF,
                "none",
                1,
                least=0,
            ),
            Query(
                f"max by (plant) ({specific} / on (account, plant_code) group_left () ({_CAPACITY} > 0))", "{{plant}}"
            ),
            Query(
                f"max by (plant) ({before} / on (account, plant_code) group_left () ({_CAPACITY} > 0))",
                "{{plant}}, a year before",
            ),
        ),
        lines(
            Frame(
                "Against the region",
                "What the modules gave today for each kWp, batteries included, as a share of the median of the plants "
                "within the same degree of latitude and longitude, from three plants on.",
                HALF,
                "percentunit",
                0,
                least=0,
            ),
            Query(recorded("plant_day_sun_yield:region_ratio", PLANT), "{{plant}}"),
        ),
        lines(
            Frame(
                "Performance ratio of 30 days",
                "IEC 61724-1, of plants with a sensor in the plane of their modules. Hours of limits by the grid lower "
                "it.",
                HALF,
                "percentunit",
                0,
                least=0,
            ),
            Query(recorded("plant_performance_ratio_month:ratio", PLANT, within="2h"), "{{plant}}"),
        ),
    ]


def _running() -> list[AnyPanel]:
    return [
        lines(
            Frame(
                "Availability over 30 days",
                "Share of daylight in which the listed inverters were heard and not shut down. Lack of sun and limits "
                "count as available.",
                HALF,
                "percentunit",
                1,
                most=1,
            ),
            Query(recorded("plant_availability_month:ratio", PLANT, within="2h"), "{{plant}}"),
        ),
        lines(
            Frame(
                "Hours of limits within a day",
                "For how long the grid or their own protection limited the inverters (states 513 and 514) within 24 "
                "hours; half of the inverters count half.",
                HALF,
                "h",
                1,
                least=0,
            ),
            Query(recorded("plant_curtailed_day:hours", PLANT, within="15m"), "{{plant}}"),
        ),
    ]


def _each(expr: str, *labels: str) -> str:
    """Says of which labels there is one series each."""
    return f"max by ({', '.join(labels)}) ({expr})"


def _weak(title: str, series: str, label: str, word: str) -> AnyPanel:
    change = _each(recorded(f"{series}_change:ratio", PLANT, within=SELDOM), *BY_DEVICE, label)
    apart = _each(recorded(f"{series}:apart", PLANT, within=SELDOM), *BY_DEVICE, label)
    return rows(
        Frame(
            title,
            f"Share of each {word} in the energy of its inverter within seven days, over that of the four weeks "
            "before; the thirty that have lost most. Apart: no other one of the inverter has changed alike, so it is "
            "neither the weather nor the season.",
            (12, 10),
            empty="",
        ),
        *links.PLANT_COLUMNS,
        Column("Device", label="device", link=links.TO_DEVICE),
        Column("Id", label="device_id", hidden=True),
        Column("Type", label="device_type", hidden=True),
        Column(word.capitalize(), label=label, width=90),
        Column("Change", expr=f"bottomk(30, {change})", unit="percentunit", decimals=1, steps=_CHANGED, width=110),
        Column("Apart", expr=f"{apart} and bottomk(30, {change})", decimals=0, width=90),
        sort="Change",
    )


def _battery(name: str) -> str:
    return _each(recorded(name, PLANT, within="2h"), *BY_DEVICE)


def _batteries() -> AnyPanel:
    return rows(
        Frame(
            "Batteries within 30 days",
            "What each battery took and gave, and the share that came back. Equivalent full cycles of a plant need a "
            "rule that gives the capacity of its batteries.",
            (24, 8),
            empty="",
        ),
        *links.PLANT_COLUMNS,
        Column("Device", label="device", link=links.TO_DEVICE),
        Column("Id", label="device_id", hidden=True),
        Column("Type", label="device_type"),
        Column(
            "Charged",
            expr=_battery("battery_month_charged:kilowatthours"),
            unit="kwatth",
            decimals=1,
        ),
        Column(
            "Discharged",
            expr=_battery("battery_month_discharged:kilowatthours"),
            unit="kwatth",
            decimals=1,
        ),
        Column(
            "Came back",
            expr=_battery("battery_month_efficiency:ratio"),
            unit="percentunit",
            decimals=1,
        ),
        Column(
            "Cycles of the plant",
            expr=f"{_battery('battery_month_efficiency:ratio')} * 0 + on (account, plant_code) "
            f"group_left () {recorded('plant_battery_month:cycles', PLANT, within='2h')}",
            decimals=1,
        ),
        sort="Came back",
    )


def performance_board() -> Dashboard:
    """The dashboard of weeks and months."""
    return dashboard(
        links.PERFORMANCE,
        "FusionSolar / Performance",
        "Plants against themselves and their region, by month; strings that have become weaker; limits, availability, "
        "batteries.",
        (account(many=True), plant(many=True)),
        (
            ("", _energies()),
            ("Availability and limits", _running()),
            (
                "Strings and trackers, batteries",
                [
                    _weak("Strings, most lost first", "pv_string", "pv", "string"),
                    _weak("Trackers, most lost first", "mppt", "mppt", "tracker"),
                    _batteries(),
                ],
            ),
        ),
        since="now-90d",
    )
