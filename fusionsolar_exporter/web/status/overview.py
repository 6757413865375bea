"""What the status page knows beside the accounts' own views: facts of plants, and their power of the last day."""

from collections.abc import Collection, Sequence

from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.status.page import DayCurves
from fusionsolar_exporter.web.status.plant_facts import FactsOfPlants
from fusionsolar_exporter.web.status.power_curves import PowerCurves

_NOTE_SECONDS = 120.0  # accounts publish with every answer, and a point stands for ten minutes


class PlantOverview:
    """Fed whenever an account has news, read by pages. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.facts = FactsOfPlants(clock)
        self._curves: dict[str, PowerCurves] = {}

    def note(self, view: AccountView) -> None:
        """Take the present powers of an account's plants into their curves, where they are not of just now."""
        now = self._clock.wall(self._clock.now())
        curves = self._curves.setdefault(view.name, PowerCurves())
        if abs(now - curves.recorded_at) < _NOTE_SECONDS:
            return
        facts = self.facts.of(view)
        labels = {code: label_value(code) for code in view.snapshot.plants}
        curves.record(now, {code: facts[label].power_watts for code, label in labels.items() if label in facts})

    def curves(self, names: Collection[str]) -> DayCurves:
        """The curves of these accounts' plants, and of all of them together."""
        now = self._clock.wall(self._clock.now())
        known = {name: self._curves[name] for name in names if name in self._curves}

        def of_plant(account: str, code: str) -> Sequence[float | None]:
            return known[account].curve(now, code) if account in known else ()

        return DayCurves(of_plant, _added([curves.total(now) for curves in known.values()]))


def _added(totals: Sequence[Sequence[float | None]]) -> Sequence[float | None]:
    columns = zip(*totals, strict=True)
    return [
        None if all(value is None for value in column) else sum(value or 0.0 for value in column) for column in columns
    ]
