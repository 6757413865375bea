"""States of plants and inverters over time."""

from fusionsolar_exporter.metrics.codes import DESCRIPTIONS, CodeTable
from grafana.panels import AnyPanel, Frame, coloured, lines
from grafana.queries import PLANT, Query, series, total, with_codes
from grafana.states import (
    KIND_COLOURS,
    SEVERITY_COLOURS,
    colour_of,
    inverter_kinds,
)

_HEALTH = series("fusionsolar_plant_health_state_code", PLANT)


def fleet_states() -> list[AnyPanel]:
    """How many plants and inverters are in which state, and how many alarms are active."""
    texts = DESCRIPTIONS[CodeTable.HEALTH_STATE]
    health = lines(
        Frame("Plants by health", "How many plants are healthy, faulty, disconnected.", (8, 8), "none", 0, least=0),
        *(Query(f"count({_HEALTH} == {code})", text) for code, text in reversed(list(texts.items()))),
        stacked=True,
    )
    states = series("fusionsolar_device_inverter_state_code", PLANT)
    inverters = lines(
        Frame(
            "Inverters by state",
            "How many inverters are in which kind of state. Grey at night and green by day is as it should be; limited "
            "are those that the grid or their own temperature holds back.",
            (8, 8),
            "none",
            0,
            least=0,
        ),
        *(Query(f"count({with_codes(states, codes)})", kind) for kind, codes in inverter_kinds().items()),
        stacked=True,
    )
    alarms = lines(
        Frame("Active alarms", "Active alarms of the chosen plants by severity.", (8, 8), "none", 0, least=0),
        Query(total(series("fusionsolar_plant_alarms", PLANT), "severity"), "{{severity}}"),
        stacked=True,
    )
    return [
        coloured(health, {text: colour_of(CodeTable.HEALTH_STATE, text) for text in texts.values()}),
        coloured(inverters, KIND_COLOURS),
        coloured(alarms, {severity.value: colour for severity, colour in SEVERITY_COLOURS.items()}),
    ]
