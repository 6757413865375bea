"""The state's metrics are rendered when they change, though no account has anything to publish."""

from prometheus_client import CollectorRegistry

from fusionsolar_exporter.metrics.own import StateInstruments
from fusionsolar_exporter.reports import ShownState


def test_what_changes_is_rendered() -> None:
    registry = CollectorRegistry()
    rendered: list[tuple[float | None, float | None]] = []

    def changed() -> None:
        names = ("fusionsolar_state_up", "fusionsolar_state_errors_total")
        up, errors = map(registry.get_sample_value, names)
        rendered.append((up, errors))

    state = ShownState(StateInstruments(registry), changed)
    state.working(True)
    state.working(True)
    state.operation(0.5)
    state.failed()
    state.working(False)
    state.working(False)
    assert rendered == [(1, 0), (1, 1), (0, 1)]
    assert registry.get_sample_value("fusionsolar_state_operation_duration_seconds_sum") == 0.5
