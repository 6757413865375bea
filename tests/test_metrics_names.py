"""The names and labels that a version promises (``tables/names.tsv``): what was released goes only with an entry."""

from pathlib import Path

import pytest

from fusionsolar_exporter import __version__
from fusionsolar_exporter.metrics.families import FAMILIES
from fusionsolar_exporter.metrics.tables import rows

ROWS = list(rows("names"))
CHANGELOG = (Path(__file__).parents[1] / "CHANGELOG.md").read_text(encoding="utf-8")


def version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def test_every_metric_is_promised_with_its_labels() -> None:
    promised = {row["name"]: tuple(filter(None, row["labels"].split(","))) for row in ROWS if not row["until"]}

    assert promised == {name: family.all_labels for name, family in FAMILIES.items()}, (
        "a metric is new, gone, or has other labels: write it into names.tsv. What was released keeps its row and gets "
        "the version that is the first without it in the column until; other labels are another row"
    )


def test_no_row_stands_twice() -> None:
    present = [row["name"] for row in ROWS if not row["until"]]
    every = [(row["name"], row["labels"]) for row in ROWS]

    assert len(present) == len(set(present))
    assert len(every) == len(set(every))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_versions_are_in_order(row: dict[str, str]) -> None:
    assert version(row["since"]) <= version(__version__)
    if row["until"]:
        assert version(row["since"]) < version(row["until"]) <= version(__version__)


def test_what_went_is_in_the_changelog() -> None:
    assert not [row["name"] for row in ROWS if row["until"] and f"`{row['name']}`" not in CHANGELOG]


def test_openmetrics_tells_the_units_that_names_end_in() -> None:
    units = {family.openmetrics_unit for family in FAMILIES.values()}
    told = {name for name, family in FAMILIES.items() if family.openmetrics_unit}

    assert {"watts", "watthours", "meters_per_second", "watthours_per_square_meter", "seconds", "ratio"} <= units
    assert {name for name, family in FAMILIES.items() if family.unit} - told == {
        "fusionsolar_plant_day_income",
        "fusionsolar_plant_total_income",
    }
