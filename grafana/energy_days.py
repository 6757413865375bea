"""Bars of energy per day, from the counters: no rule is needed."""

from collections.abc import Mapping

from grafana_foundation_sdk.builders.timeseries import Panel

from fusionsolar_exporter.metrics.families import FAMILIES
from grafana.panels import Frame, coloured, lines
from grafana.queries import PLANT, Query
from grafana.states import ORANGE, PURPLE, YELLOW

_COUNTERS: Mapping[str, str] = {
    "yield": "fusionsolar_plant_yield_watthours_total",
    "fed in": "fusionsolar_plant_feed_in_energy_watthours_total",
    "consumed": "fusionsolar_plant_consumption_watthours_total",
}


def energy_days(of: str) -> Panel:
    """Energy of each 24 hours of the plants that are chosen; ``of`` says which those are."""
    panel = lines(
        Frame(
            "Energy per day",
            f"What {of} yielded, fed in and consumed within 24 hours, a bar a day: choose a week or a month. The last "
            "two come from newer systems only.",
            (24, 8),
            "watth",
            least=0,
        ),
        *(Query(_day(name), legend) for legend, name in _COUNTERS.items()),
        bars=True,
    )
    panel.interval("1d")
    return coloured(panel, {"yield": YELLOW, "fed in": PURPLE, "consumed": ORANGE})


def _day(name: str) -> str:
    labels = ", ".join(FAMILIES[name].all_labels)
    # replicas count the same, so the larger one of their increases is that of the plant
    return f"sum(max by ({labels}) (increase({name}{{{PLANT}}}[1d])))"
