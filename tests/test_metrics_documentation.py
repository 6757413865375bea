"""The page of metrics, and the tables that it is made from."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fusionsolar_exporter.metrics import documentation
from fusionsolar_exporter.metrics.codes import DESCRIPTIONS, CodeTable
from fusionsolar_exporter.metrics.families import DATA_SCOPES, FAMILIES, Family, MetricType
from fusionsolar_exporter.metrics.kpis import KPIS

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"


def test_the_page_is_that_of_the_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == documentation.page(), (
        "run python -m fusionsolar_exporter.metrics.documentation"
    )


def test_the_command_writes_the_page(tmp_path: Path) -> None:
    path = tmp_path / "metrics.md"

    subprocess.run(
        [sys.executable, "-m", "fusionsolar_exporter.metrics.documentation", str(path)], check=True, timeout=30
    )

    assert path.read_text(encoding="utf-8") == PAGE.read_text(encoding="utf-8")


def test_the_page_goes_to_its_place_when_no_other_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path)

    documentation.main([])

    assert (tmp_path / "docs" / "metrics.md").is_file()


def test_every_table_of_the_page_has_whole_rows() -> None:
    width = 0
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = line.count("|")
        assert cells in {0, width or cells}
        width = cells


def test_every_family_key_and_code_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, family in FAMILIES.items():
        assert f"`{name}`" in text
        assert all(f"`{label}`" in text for label in family.all_labels)
    for kpi in KPIS:
        assert f"`{kpi.key.replace('{n}', 'N')}`" in text
    for table in CodeTable:
        assert len(re.findall(rf"^\| `{table}` \|", text, re.MULTILINE)) == len(DESCRIPTIONS[table]) > 0


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_help(family: Family) -> None:
    assert re.fullmatch(r"[A-Z0-9].*[^.]\.", family.help)
    assert "\n" not in family.help
    assert ("Cached" in family.help) is (family.scope in DATA_SCOPES)
    assert ("Read from" in family.help) is (family.scope in DATA_SCOPES)
    assert (family.type is MetricType.COUNTER) is family.name.endswith("_total")
    assert len(set(family.all_labels)) == len(family.all_labels)
