"""Durations, dates and counts as people say them."""

from collections.abc import Sequence

import pytest

from fusionsolar_exporter.web.formatting import counted, lasting, moment, relative, span, tally

SPANS: Sequence[tuple[float | None, str]] = [
    (None, "-"),
    (0, "0 s"),
    (-5, "0 s"),
    (0.25, "0.25 s"),
    (59.7, "1 min"),
    (90, "1 min 30 s"),
    (3600, "1 h"),
    (3605, "1 h"),
    (86400 + 3600 * 2 + 61, "1 d 2 h"),
]


@pytest.mark.parametrize(("seconds", "text"), SPANS)
def test_spans(seconds: float | None, text: str) -> None:
    assert span(seconds) == text


def test_other_wording() -> None:
    assert lasting(10, 70) == "1 min"
    assert lasting(None, 70) == lasting(80, 70) == ""
    assert relative(None, 10) == "-"
    assert relative(10.5, 10) == "now"
    assert relative(70, 10) == "in 1 min"
    assert relative(10, 70) == "1 min ago"
    assert moment(0) == "1970-01-01 00:00:00 UTC"
    assert moment(1e18) == "beyond the calendar"
    assert counted(1, "plant") == "1 plant"
    assert counted(12000, "plant") == "12,000 plants"
    assert tally({}) == "-"
