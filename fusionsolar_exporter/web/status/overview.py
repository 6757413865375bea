"""What the status page knows beside the accounts' own views: facts of plants, and their power of the last day."""

from collections.abc import Sequence

from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.status.account_charts import AccountCharts
from fusionsolar_exporter.web.status.account_plants import PlantsOfAccounts
from fusionsolar_exporter.web.status.day_chart import day_chart
from fusionsolar_exporter.web.status.markup import Markup
from fusionsolar_exporter.web.status.page import DayCharts
from fusionsolar_exporter.web.status.query import PlantQuery

_NOTE_SECONDS = 120.0  # accounts publish with every answer, and a point stands for ten minutes


class PlantOverview:
    """Fed whenever an account has news, read by pages. Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.plants = PlantsOfAccounts(clock)
        self._charts: dict[str, AccountCharts] = {}

    def note(self, view: AccountView) -> None:
        """Take the present powers of an account's plants into their curves, where they are not of just now."""
        plants = self.plants.of(view)  # here, so that whoever opens the page waits for nothing
        now = self._clock.wall(self._clock.now())
        listed = view.snapshot.plants
        if not listed:
            return
        news = abs(now - view.power_curves.recorded_at) >= _NOTE_SECONDS
        if news:
            known = {code: plants.facts.get(label_value(code)) for code in listed}
            powers = {code: None if facts is None else facts.power_watts for code, facts in known.items()}
            view.power_curves.record(now, powers)
        if news or view.name not in self._charts:
            charts, first_page = self._charts_of(view.name), PlantQuery()
            charts.expect(plant.plant_code for plant in first_page.of_page(first_page.take(plants.plants)))
            charts.redraw(view.power_curves, now)

    def charts(self, views: Sequence[AccountView]) -> DayCharts:
        """The charts of these accounts' plants, and of all of them together."""
        now = self._clock.wall(self._clock.now())
        curves = {view.name: view.power_curves for view in views}
        charts = {name: self._charts_of(name) for name in curves}
        self._charts = dict(charts)  # those of accounts that a reload removed go

        def of_plant(account: str, code: str) -> Markup:
            return charts[account].of(curves[account], code, now)

        return DayCharts(of_plant, day_chart(_added([found.total(now) for found in curves.values()]), large=True))

    def _charts_of(self, account: str) -> AccountCharts:
        return self._charts.setdefault(account, AccountCharts())


def _added(totals: Sequence[Sequence[float | None]]) -> Sequence[float | None]:
    columns = zip(*totals, strict=True)
    return [
        None if all(value is None for value in column) else sum(value or 0.0 for value in column) for column in columns
    ]
