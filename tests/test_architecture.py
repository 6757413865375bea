"""The package's own rules: imports go one way, each file is short, and no test sleeps."""

import ast
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import fusionsolar_exporter

NAME = fusionsolar_exporter.__name__
PACKAGE = Path(fusionsolar_exporter.__file__).parent
TESTS = Path(__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_FILE = 250

# each part may import what stands before its own line, and nothing else of the package; a new part is added here
LAYERS = (
    {"key_pair", "moments"},
    {"event_log", "flag_parser", "interpreter", "northbound", "printable", "right_of_way"},
    {"secret_text", "signals", "status"},
    {"scales"},
    {"config"},
    {"pacing", "report_interfaces", "supervision"},
    {"counters", "power_curves"},
    {"cache"},
    {"state"},
    {"view", "reload_outcome"},
    {"metrics", "refresh", "logs"},
    {"rendering"},
    {"web", "wiring", "failure_log", "open_files", "quiet_observer"},
    {"backfill"},
    {"reports", "running_accounts", "reload_thread", "check_config", "doctor", "health_asking", "authorize"},
    {"guarded_healthcheck"},
    {"healthcheck"},
    {"exporter"},
    {"building"},
    {"embedding", "serving"},
    {"simulator"},
    {"demo"},
    {"cli"},
    {"start"},
    {"__main__"},
)
NEVER = {
    "northbound": {"prometheus_client", "pydantic", "yaml", "uvicorn"},
    "pacing": {"prometheus_client", "requests", "urllib3"},
    "state": {"prometheus_client", "requests", "urllib3"},
    "refresh": {"prometheus_client", "requests", "urllib3", "uvicorn", "sqlite3", "redis"},
    "metrics": {"requests", "urllib3", "uvicorn"},
    "web": {"requests", "urllib3"},
    "simulator": {"prometheus_client", "requests", "urllib3"},
}
CLOCKS = {"time", "asyncio"}
SIMULATOR_USERS = {"cli", "demo"}


def imports(source: str) -> set[str]:
    """Every module that the source names, relative imports marked by their dots."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == NAME else {module}
    return found


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def own_parts(path: Path) -> set[str]:
    names = imports(path.read_text(encoding="utf-8"))
    parts = {name.split(".")[1] for name in names if name.startswith(f"{NAME}.")}
    return parts - {"__version__", part_of(path)}


def layer_of(part: str) -> int:
    numbers = [number for number, layer in enumerate(LAYERS) if part in layer]
    assert len(numbers) == 1, f"{part} stands in {len(numbers)} layers; give it its place in LAYERS"
    return numbers[0]


def named(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def test_every_part_of_the_package_has_its_layer() -> None:
    parts = {part_of(path) for path in FILES} - {"__init__"}
    assert parts == set().union(*LAYERS)


@pytest.mark.parametrize("path", FILES, ids=named)
def test_imports_go_one_way(path: Path) -> None:
    if path != PACKAGE / "__init__.py":
        higher = {part for part in own_parts(path) if layer_of(part) >= layer_of(part_of(path))}
        assert higher == set()


@pytest.mark.no_cover
def test_no_file_needs_itself_by_way_of_others() -> None:
    """Rooms may look into each other; files go one way inside a part too."""
    modules = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in FILES}
    needs = {name: imports(path.read_text(encoding="utf-8")) & modules.keys() for name, path in modules.items()}
    TopologicalSorter(needs).prepare()  # CycleError names the files


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_part_imports_what_is_not_its_business(path: Path) -> None:
    libraries = {name.split(".")[0] for name in imports(path.read_text(encoding="utf-8"))}
    assert not libraries & NEVER.get(part_of(path), set())
    assert not any(name.startswith(".") for name in libraries)


@pytest.mark.parametrize("path", FILES, ids=named)
def test_the_simulated_system_and_the_exporter_share_nothing(path: Path) -> None:
    if part_of(path) == "simulator":
        assert own_parts(path) == set()
    elif part_of(path) not in SIMULATOR_USERS:
        assert "simulator" not in own_parts(path)


def test_no_docstring_only_points_elsewhere() -> None:
    """An override has its decorator, and a docstring only where it does more than it promises."""
    assert [named(path) for path in FILES if '"""See :' in path.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("path", FILES, ids=named)
def test_no_file_is_long(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def classes(source: str) -> Iterator[str]:
    return (node.name for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))


@pytest.mark.no_cover
def test_one_name_one_thing() -> None:
    """The simulator mirrors the package on purpose: it is written afresh from the reference."""
    files = [path for path in FILES if part_of(path) != "simulator"]
    found = Counter(name for path in files for name in classes(path.read_text(encoding="utf-8")))
    assert [name for name, times in found.items() if times > 1] == []


def sleeps(source: str) -> Iterator[int]:
    """Lines that call ``time.sleep`` or ``asyncio.sleep``, or import either by its name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr == "sleep" and isinstance(node.value, ast.Name):
            if node.value.id in CLOCKS:
                yield node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module in CLOCKS and "sleep" in {a.name for a in node.names}:
            yield node.lineno


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: path.name)
def test_no_test_sleeps(path: Path) -> None:
    assert list(sleeps(path.read_text(encoding="utf-8"))) == []


def test_these_rules_would_notice() -> None:
    source = f"import a.b\nfrom {NAME} import cli, __version__\nfrom {NAME}.web.asgi import x\nfrom ..cache import y"
    assert imports(source) == {"a.b", f"{NAME}.cli", f"{NAME}.__version__", f"{NAME}.web.asgi", "..cache"}
    assert sorted(classes("class A:\n    class B: ...\n\ndef f():\n    class A: ...")) == ["A", "A", "B"]
    assert sorted(sleeps("import time\ntime.sleep(1)\nfrom asyncio import sleep as nap\nfar.sleep(3)")) == [2, 3]
