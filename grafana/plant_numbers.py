"""Numbers of one plant."""

from fusionsolar_exporter.metrics.codes import CodeTable
from grafana.panels import TILE, AnyPanel, Frame, Steps, number
from grafana.queries import PLANT, Query, age, series
from grafana.states import GREEN, RED, YELLOW, code_words

_POWER = series("fusionsolar_plant_active_power_watts", PLANT)
_CAPACITY = series("fusionsolar_plant_capacity_watts", PLANT)
_DAY = series("fusionsolar_plant_day_yield_watthours", PLANT)
_CHARGE = series("fusionsolar_device_state_of_charge_ratio", PLANT)
_LOW: Steps = ((None, RED), (0.15, YELLOW), (0.3, GREEN))


def plant_numbers() -> list[AnyPanel]:
    """What is now and today."""
    return [
        number(
            Frame(
                "Health",
                "What the management system thinks of the plant.",
                TILE,
                "none",
                mappings=code_words(CodeTable.HEALTH_STATE),
                empty="unknown",
            ),
            Query(series("fusionsolar_plant_health_state_code", PLANT)),
        ),
        number(
            Frame("Power now", "Sum of the connected inverters.", TILE, "watt", 1, empty="none"),
            Query(_POWER),
        ),
        number(
            Frame(
                "Share of capacity", "Power against capacity.", TILE, "percentunit", 0, least=0, most=1, empty="none"
            ),
            Query(f"{_POWER} / ({_CAPACITY} > 0)"),
        ),
        number(
            Frame("Yield today", "Keeps yesterday's until the inverters wake.", TILE, "watth", 1),
            Query(_DAY),
        ),
        number(
            Frame(
                "kWh/kWp today", "Yield today for each kWp of capacity, to compare with other plants.", TILE, "none", 2
            ),
            Query(f"{_DAY} / ({_CAPACITY} > 0)"),
        ),
        number(
            Frame(
                "Income today",
                "In the currency of the management system. None where no tariff is set there.",
                TILE,
                "none",
                2,
                empty="no tariff",
            ),
            Query(series("fusionsolar_plant_day_income", PLANT)),
        ),
        number(
            Frame(
                "State of charge",
                "Mean of the plant's batteries.",
                TILE,
                "percentunit",
                0,
                least=0,
                most=1,
                steps=_LOW,
                empty="no battery",
            ),
            Query(f"avg({_CHARGE})"),
        ),
        number(
            Frame("Age of data", "Since the plant's data was last fetched.", TILE, "s", 0, empty="not read"),
            Query(age("fusionsolar_plant_last_success_timestamp_seconds", PLANT, 'collector="plant_realtime"')),
        ),
    ]


def lifetime() -> list[AnyPanel]:
    """What was so far."""
    return [
        number(
            Frame("Yield this month", "Since the first of the month.", (6, 3), "watth", 1),
            Query(series("fusionsolar_plant_month_yield_watthours", PLANT)),
        ),
        number(
            Frame("Yield in all", "Since the plant was built.", (6, 3), "watth", 1),
            Query(series("fusionsolar_plant_total_yield_watthours", PLANT)),
        ),
        number(
            Frame(
                "Income in all",
                "Since the plant was built, in the currency of the management system.",
                (6, 3),
                "none",
                0,
                empty="no tariff",
            ),
            Query(series("fusionsolar_plant_total_income", PLANT)),
        ),
        number(
            Frame("On the grid since", "Day of the connection to the grid.", (6, 3), "time:YYYY-MM-DD"),
            Query(f"{series('fusionsolar_plant_grid_connection_timestamp_seconds', PLANT)} * 1000"),
        ),
    ]
