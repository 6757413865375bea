"""Numbers of the fleet."""

from grafana.panels import TILE, AnyPanel, Frame, Steps, number
from grafana.queries import BY_PLANT, PLANT, Query, none_is_zero, series, total
from grafana.states import (
    GREEN,
    RED,
    STOPPED,
    account_state_words,
)
from grafana.status import account_states

POWER = series("fusionsolar_plant_active_power_watts", PLANT)
CAPACITY = series("fusionsolar_plant_capacity_watts", PLANT)
DAY = series("fusionsolar_plant_day_yield_watthours", PLANT)
_MONTH = series("fusionsolar_plant_month_yield_watthours", PLANT)
HEALTH = series("fusionsolar_plant_health_state_code", PLANT)
_IS_STOPPED = f'inverter_state=~"{STOPPED}"'
STOPPED_INVERTERS = f"{total(series('fusionsolar_plant_inverters', PLANT, _IS_STOPPED), *BY_PLANT)} or {CAPACITY} * 0"
GRAVE_ONLY = 'severity=~"critical|major"'
GRAVE = series("fusionsolar_plant_alarms", PLANT, GRAVE_ONLY)
ANY_IS_BAD: Steps = ((None, GREEN), (1, RED))


def fleet_numbers() -> list[AnyPanel]:
    """What is now, today and this month."""
    return [
        number(
            Frame(
                "Power now",
                "What the inverters of the chosen plants deliver together, as of their last answers.",
                TILE,
                "watt",
                1,
                empty="none",
            ),
            Query(total(POWER)),
        ),
        number(
            Frame(
                "Share of capacity",
                "Power now against the capacity of all chosen plants. Clear skies at noon give 70 to 90 %.",
                TILE,
                "percentunit",
                0,
                least=0,
                most=1,
                empty="none",
            ),
            Query(f"{total(POWER)} / {total(CAPACITY)}"),
        ),
        number(
            Frame(
                "Yield today",
                "Energy since midnight at each plant. A plant keeps yesterday's until its inverters wake.",
                TILE,
                "watth",
                1,
            ),
            Query(total(DAY)),
        ),
        number(
            Frame("Yield this month", "Energy since the first of the month.", TILE, "watth", 1),
            Query(total(_MONTH)),
        ),
        number(
            Frame(
                "Plants not healthy",
                "Plants that the management system calls faulty or disconnected, of those chosen.",
                TILE,
                "none",
                0,
                steps=ANY_IS_BAD,
            ),
            Query(none_is_zero(f"count({HEALTH} < 3)")),
        ),
        number(
            Frame(
                "Inverters stopped",
                "Inverters that shut down or lost their connection. Those without sun are not counted.",
                TILE,
                "none",
                0,
                steps=ANY_IS_BAD,
            ),
            Query(none_is_zero(total(STOPPED_INVERTERS))),
        ),
        number(
            Frame("Grave alarms", "Active alarms that are critical or major.", TILE, "none", 0, steps=ANY_IS_BAD),
            Query(total(GRAVE)),
        ),
        number(
            Frame(
                "Accounts",
                "State of each account; what is not ok is explained on the exporter's status page.",
                TILE,
                "none",
                mappings=account_state_words(),
            ),
            Query(account_states(), "{{account}}"),
            names=True,
        ),
    ]
