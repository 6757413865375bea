"""An exposition makes ready what somebody has asked the one before for."""

import pytest

from fusionsolar_exporter.rendering.exposition import Exposition
from fusionsolar_exporter.rendering.own_metrics import NO_METRICS
from fusionsolar_exporter.rendering.piece import Piece


def test_a_format_is_made_ready_once_somebody_has_asked_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    joined: list[bool] = []
    original = Exposition._joined

    def joins(self: Exposition, *, openmetrics: bool) -> Piece:
        joined.append(openmetrics)
        return original(self, openmetrics=openmetrics)

    monkeypatch.setattr(Exposition, "_joined", joins)
    asked: set[bool] = set()
    first = Exposition({}, (), NO_METRICS, asked)
    assert joined == []
    for _ in range(2):
        first.body(NO_METRICS, openmetrics=True, gzipped=False)
    assert joined == [True]
    second = Exposition({}, (), NO_METRICS, asked)
    assert joined == [True, True]
    second.body(NO_METRICS, openmetrics=True, gzipped=False)
    assert joined == [True, True]
    second.body(NO_METRICS, openmetrics=False, gzipped=False)
    assert joined == [True, True, False]
