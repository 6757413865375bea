"""What the status page knows beside the accounts' own views: facts of plants, and their power of the last day."""

from collections.abc import Mapping, Sequence

from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.status.account_charts import AccountCharts
from fusionsolar_exporter.web.status.account_plants import PlantsOfAccounts
from fusionsolar_exporter.web.status.day_chart import day_chart
from fusionsolar_exporter.web.status.markup import Markup
from fusionsolar_exporter.web.status.page import DayCharts

_NOTE_SECONDS = 120.0  # accounts publish with every answer, and a point stands for ten minutes


class PlantOverview:
    """Fed whenever an account has news, read by pages. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.plants = PlantsOfAccounts(clock)
        self._charts: Mapping[str, AccountCharts] = {}

    def note(self, view: AccountView) -> None:
        """Take the present powers of an account's plants into their curves, where they are not of just now."""
        facts = self.plants.of(view).facts  # here, so that whoever opens the page waits for nothing
        now = self._clock.wall(self._clock.now())
        plants = view.snapshot.plants
        if abs(now - view.power_curves.recorded_at) < _NOTE_SECONDS or not plants:
            return
        labels = {code: label_value(code) for code in plants}
        powers = {code: facts[label].power_watts if label in facts else None for code, label in labels.items()}
        view.power_curves.record(now, powers)
        if view.name in self._charts:
            self._charts[view.name].redraw(view.power_curves, now)

    def charts(self, views: Sequence[AccountView]) -> DayCharts:
        """The charts of these accounts' plants, and of all of them together."""
        now = self._clock.wall(self._clock.now())
        curves = {view.name: view.power_curves for view in views}
        self._charts = charts = {name: self._charts.get(name) or AccountCharts() for name in curves}

        def of_plant(account: str, code: str) -> Markup:
            return charts[account].of(curves[account], code, now)

        return DayCharts(of_plant, day_chart(_added([found.total(now) for found in curves.values()]), large=True))


def _added(totals: Sequence[Sequence[float | None]]) -> Sequence[float | None]:
    columns = zip(*totals, strict=True)
    return [
        None if all(value is None for value in column) else sum(value or 0.0 for value in column) for column in columns
    ]
