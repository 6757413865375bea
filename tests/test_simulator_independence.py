"""The simulated system shares no code with the exporter, so that one misreading cannot cancel out another."""

import ast
from pathlib import Path

import pytest

import fusionsolar_exporter.simulator

PACKAGE = Path(fusionsolar_exporter.simulator.__file__).parent


def imported(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add("." * node.level + (node.module or ""))
    return names


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_only_the_standard_library_and_the_simulator(path: Path) -> None:
    own = {
        name for name in imported(path.read_text(encoding="utf-8")) if name.startswith((".", "fusionsolar_exporter"))
    }
    assert all(name.startswith("fusionsolar_exporter.simulator") for name in own), own


def test_an_import_of_the_exporter_would_be_found() -> None:
    assert imported("import a.b\nfrom fusionsolar_exporter.northbound import model\nfrom ..cache import x") == {
        "a.b",
        "fusionsolar_exporter.northbound",
        "..cache",
    }
