"""What all dashboards have in common."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders.dashboard import (
    CustomVariable,
    Dashboard,
    DatasourceVariable,
    QueryVariable,
    Row,
)
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync

from grafana.links import TAG, menu
from grafana.panels import AnyPanel
from grafana.variables import datasource

Variable = QueryVariable | CustomVariable | DatasourceVariable


def dashboard(
    uid: str,
    title: str,
    description: str,
    variables: Sequence[Variable],
    rows: Sequence[tuple[str, Sequence[AnyPanel]]],
    *,
    since: str = "now-24h",
) -> Dashboard:
    """A dashboard of rows; the first has no heading where its title is empty."""
    board = Dashboard(title).uid(uid).description(description).tags([TAG]).timezone("browser")
    board.time(since, "now").refresh("1m").tooltip(DashboardCursorSync.CROSSHAIR)
    for link in menu(uid):
        board.link(link)
    for variable in (datasource(), *variables):
        board.with_variable(variable)
    number = 0
    for heading, panels in rows:
        if heading:
            number += 1
            board.with_row(Row(heading).id(number))
        for panel in panels:
            number += 1
            board.with_panel(panel.id(number))
    return board
