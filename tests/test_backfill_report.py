"""How long a backfill says that it will take."""

import pytest

from fusionsolar_exporter.backfill.report import Allowance


@pytest.mark.parametrize(
    ("calls", "seconds"),
    [(1, 5), (9, 45), (10, 50), (11, 65), (20, 110), (21, 125), (100, 9 * 60 + 50)],
)
def test_the_calls_of_a_window_are_free_at_its_beginning(calls: int, seconds: float) -> None:
    assert Allowance(calls=10, window=60.0, spacing=5.0).seconds(calls) == seconds
