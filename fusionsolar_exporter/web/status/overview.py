"""What the status page knows beside the accounts' own views: facts of plants, and their power of the last day."""

import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.power_curves import BUCKET_SECONDS, PowerCurves
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.status.account_plants import PlantsOfAccounts
from fusionsolar_exporter.web.status.day_chart import day_chart
from fusionsolar_exporter.web.status.markup import Markup
from fusionsolar_exporter.web.status.page import DayCharts
from fusionsolar_exporter.web.status.plant_facts import FactsOfPlants

_WATCHED_SECONDS = 60.0  # an open page asks every ten
_NOTE_SECONDS = 120.0  # accounts publish with every answer, and a point stands for ten minutes

_Drawn: TypeAlias = tuple[tuple[PowerCurves, int, float], dict[str, Markup]]
"""Of which curves, and the charts by plant code."""


class PlantOverview:
    """Fed whenever an account has news, read by pages. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._facts = FactsOfPlants(clock)
        self.plants = PlantsOfAccounts(clock, self._facts)
        self._drawn: Mapping[str, _Drawn] = {}
        self._watched_until = -math.inf

    def note(self, view: AccountView) -> None:
        """Take the present powers of an account's plants into their curves, where they are not of just now."""
        if self._clock.now() < self._watched_until:
            self.plants.of(view)  # so that whoever watches the page waits for nothing
        now = self._clock.wall(self._clock.now())
        plants = view.snapshot.plants
        if abs(now - view.power_curves.recorded_at) < _NOTE_SECONDS or not plants:
            return
        facts = self._facts.of(view)
        labels = {code: label_value(code) for code in plants}
        powers = {code: facts[label].power_watts if label in facts else None for code, label in labels.items()}
        view.power_curves.record(now, powers)

    def charts(self, views: Sequence[AccountView]) -> DayCharts:
        """The charts of these accounts' plants, and of all of them together."""
        self._watched_until = self._clock.now() + _WATCHED_SECONDS
        now = self._clock.wall(self._clock.now())
        curves = {view.name: view.power_curves for view in views}
        # a plant's chart is drawn when somebody sees it, and again when it has another point or the window moves on
        self._drawn = {name: self._drawn_of(name, found, now) for name, found in curves.items()}
        drawn = self._drawn

        def of_plant(account: str, code: str) -> Markup:
            _, charts = drawn[account]
            if code not in charts:
                charts[code] = day_chart(curves[account].curve(now, code))
            return charts[code]

        return DayCharts(of_plant, day_chart(_added([found.total(now) for found in curves.values()]), large=True))

    def _drawn_of(self, name: str, curves: PowerCurves, now: float) -> _Drawn:
        version = curves, curves.changes, now // BUCKET_SECONDS
        known = self._drawn.get(name)
        return known if known is not None and known[0] == version else (version, {})


def _added(totals: Sequence[Sequence[float | None]]) -> Sequence[float | None]:
    columns = zip(*totals, strict=True)
    return [
        None if all(value is None for value in column) else sum(value or 0.0 for value in column) for column in columns
    ]
