"""The tool behind ``scripts/mutate``: what it changes, what it draws, and what it says of a tree of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from mutation.mutators import KINDS, mutants
from mutation.sample import LOOSE, draw, package_of, packages

ROOT = Path(__file__).parents[1]

SNIPPETS = [
    ("comparison", "x = a < b", {"x = (a <= b)", "x = (a >= b)"}),
    ("comparison", "x = a is None", {"x = (a is not None)"}),
    ("comparison", "x = 0 < a <= b", {"x = (0 <= a <= b)", "x = (0 >= a <= b)", "x = (0 < a < b)", "x = (0 < a > b)"}),
    ("and/or", "x = a and b", {"x = (a or b)"}),
    ("negation", "if a:  # why\n    b()", {"if (not a):  # why\n    b()"}),
    ("negation", "x = not a", {"x = (a)"}),
    ("negation", "x = b if a else c", {"x = (b if not a else c)"}),
    ("constant", "x = 1.5", {"x = (2.5)"}),
    ("constant", "def f(a=True): pass", {"def f(a=(False)): pass"}),
    ("arithmetic", "x = a + b", {"x = (a - b)"}),
    ("arithmetic", "x += 'ä'; y -= 1", {"x -= 'ä'; y -= 1", "x += 'ä'; y += 1"}),
    ("returned", "def f():\n    return a", {"def f():\n    return None"}),
    ("removed", "a.b()", {"pass"}),
    ("removed", "a.b = c", {"pass"}),
    ("removed", "raise A", {"pass"}),
    ("loop", "for a in b:\n    continue", {"for a in b:\n    break"}),
    ("loop", "for a in b:\n    break", {"for a in b:\n    continue"}),
    ("default", "x = a or b", {"x = (a)"}),
]


@pytest.mark.parametrize(("kind", "text", "changed"), SNIPPETS)
def test_a_mistake_changes_its_place_and_nothing_else(kind: str, text: str, changed: set[str]) -> None:
    assert {mutant.text for mutant in mutants(text) if mutant.kind == kind} == changed


def test_every_kind_has_a_snippet() -> None:
    assert {kind for kind, *_ in SNIPPETS} == set(KINDS)


@pytest.mark.parametrize(
    "text",
    [
        '"""Text."""',
        "import a",
        "x: Literal[1]",
        "def f() -> Literal[1]: ...",
        "@dataclass(frozen=True)\nclass A: ...",
        "if TYPE_CHECKING:\n    a()",
        "x = f'{a + 1}'",
        "def f():\n    return None",
        "x = a",
    ],
)
def test_what_changes_nothing_or_only_types_is_left_alone(text: str) -> None:
    assert list(mutants(text)) == []


def test_a_mistake_knows_its_lines_and_shows_what_it_changed() -> None:
    text = "a = 0\nif b(\n    c == 1\n):\n    d()\n"
    (found,) = (mutant for mutant in mutants(text) if mutant.kind == "comparison")
    assert (found.first, found.last) == (3, 3)
    assert found.diff(text) == "-    c == 1\n+    (c != 1)"


def test_every_mistake_in_a_module_can_be_compiled() -> None:
    text = (ROOT / "fusionsolar_exporter/counters/registers.py").read_text(encoding="utf-8")
    found = list(mutants(text))
    assert len({mutant.text for mutant in found}) > 30
    for mutant in found:
        compile(mutant.text, "mutant", "exec")


def test_packages() -> None:
    assert package_of("fusionsolar_exporter/cli.py") == LOOSE
    assert package_of("fusionsolar_exporter/refresh/session/session.py") == "refresh"
    assert {LOOSE, "cache", "doctor", "rendering", "state", "simulator"} < packages(ROOT).keys()


def test_a_sample_takes_turns_and_depends_on_its_seed_alone() -> None:
    chosen = ("cache", "counters")
    sample = draw(ROOT, chosen, 10, 3)
    assert [drawn.package for drawn in sample] == [*chosen] * 5
    assert sample == draw(ROOT, chosen, 20, 3)[:10] != draw(ROOT, chosen, 10, 4)


# a tree with a package that has a mistake's place which its tests look at, and one which they do not
FILES = {
    "fusionsolar_exporter/__init__.py": "",
    "fusionsolar_exporter/part.py": (
        "MOST = 2\n\n\ndef double(x):\n    return x * 2\n\n\ndef large(x):\n    return x > MOST\n"
    ),
    "tests/test_part.py": (
        "from fusionsolar_exporter.part import double, large\n\n\n"
        "def test_double():\n    assert double(3) == 6\n\n\n"
        "def test_large():\n    assert large(3)\n\n\n"
        "def test_broken():\n    assert double(3) == 7\n"
    ),
}


TRIAL = """
import json, sys
from pathlib import Path
from mutation.line_map import LineMap, record
from mutation.sample import LOOSE, draw
from mutation.trial import Copy
root, folder = Path.cwd(), Path(sys.argv[1])
for line in record(root, folder / "lines", [root / "tests/test_part.py"], anew=False):
    print(line, file=sys.stderr)
lines, copy = LineMap(folder / "lines"), Copy(root, folder / "copy")
for drawn in draw(root, [LOOSE], 100, 1):
    tests = lines.tests(drawn.name, drawn.mutant.first, drawn.mutant.last)
    print(json.dumps([copy.catches(drawn, tests, 1), drawn.mutant.diff((root / drawn.name).read_text()), tests]))
"""


def test_what_tests_look_at_is_caught_and_what_they_do_not_survives(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for name, text in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tree, check=True)
    command = [sys.executable, "-c", TRIAL, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    said = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
    tried = [json.loads(line) for line in said.stdout.splitlines()]
    survived = [diff for caught, diff, _ in tried if not caught]
    assert survived == ["-    return x > MOST\n+    return (x >= MOST)"]
    assert len(tried) == 7
    double, large = (f"tests/test_part.py::test_{name}" for name in ("double", "large"))
    assert {frozenset(tests) for *_, tests in tried} == {
        frozenset({double}),
        frozenset({large}),
        frozenset({double, large}),  # of what the import runs
    }
    assert (tree / "fusionsolar_exporter/part.py").read_text() == FILES["fusionsolar_exporter/part.py"]
