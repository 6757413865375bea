"""What was answered waits in files, of which there may be more than a process may open."""

import resource
from array import array
from pathlib import Path

from fusionsolar_exporter.backfill.columns import ENDS, FIRST_KEY, Columns
from fusionsolar_exporter.backfill.parts import Parts


def numbers(first: float) -> Columns:
    return Columns(
        "a device", ("power",), 2, memoryview(array("d", (first, first + 300, first, first + 300, 1.5, 2.5)))
    )


def test_a_day_may_have_more_parts_than_files_may_be_open(tmp_path: Path) -> None:
    parts, day = Parts(tmp_path), "2026-01-01"
    for number in range(300):
        parts.put("device_5m", day, "home", f"{number:04}", [numbers(number * 1000.0)])
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, before[1]))
    try:
        found = list(parts.of("device_5m", day))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

    assert {account for account, _ in found} == {"home"}
    assert [columns.column(ENDS)[0] for _, columns in found] == [number * 1000.0 for number in range(300)]
    assert all(list(columns.column(FIRST_KEY)) == [1.5, 2.5] for _, columns in found)


def test_a_day_without_an_answer_has_nothing(tmp_path: Path) -> None:
    parts = Parts(tmp_path)
    assert list(parts.of("plant_daily", "2026-01-01")) == []

    parts.put("plant_daily", "2026-01-01", "home", "1", [])
    assert list(parts.of("plant_daily", "2026-01-01")) == []
    assert list(parts.of("plant_daily", "2026-01-02")) == []
