"""Which test runs which lines, recorded once a test file and kept in a folder."""

import json
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from mutation.line_recorder import IMPORTED, RECORD

# what looks at other things than the package, or at nothing but the simulator
_BESIDE = ("test_deploy", "test_grafana", "test_simulator", "test_scripts", "test_packaging", "test_readme")
_BESIDE_FILES = {
    "test_architecture.py",
    "test_recipes.py",
    "test_supply_chain.py",
    "test_mutation.py",
    "test_weak_strings.py",
    "test_chaos.py",
}
_LONGEST = 600  # seconds that a test file may take


def test_files(root: Path) -> list[Path]:
    """The test files that concern the package."""
    found = sorted((root / "tests").glob("test_*.py"))
    return [path for path in found if not path.name.startswith(_BESIDE) and path.name not in _BESIDE_FILES]


def record(root: Path, folder: Path, files: Iterable[Path], *, anew: bool) -> Iterator[str]:
    """Record these test files, where they have changed since or ``anew``; yields a line about each."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        out = folder / f"{path.stem}.json"
        if out.exists() and out.stat().st_mtime > path.stat().st_mtime and not anew:
            continue
        began = time.monotonic()
        command = [sys.executable, "-m", "pytest", "-p", "mutation.line_recorder", "--no-cov", "-q"]
        command += ["-p", "no:cacheprovider", str(path.relative_to(root))]
        paths = os.pathsep.join(filter(None, (str(root / "tests"), os.environ.get("PYTHONPATH"))))
        environment = os.environ | {RECORD: str(out), "PYTHONPATH": paths}
        try:
            done = subprocess.run(
                command, cwd=root, env=environment, capture_output=True, text=True, timeout=_LONGEST, check=False
            )
            last = done.stdout.strip().rpartition("\n")[2]
        except subprocess.TimeoutExpired:
            last = "took too long"
        yield f"{path.name}: {last} ({time.monotonic() - began:.0f} s)"


class LineMap:
    """What was recorded."""

    def __init__(self, folder: Path) -> None:
        self.seconds: dict[str, float] = {}
        self._tests: dict[str, dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
        for path in sorted(folder.glob("*.json")):
            found = json.loads(path.read_text())
            self.seconds |= found["seconds"]
            for name, lines in found["lines"].items():
                for line, tests in lines.items():
                    self._tests[name][int(line)] |= set(tests)

    def tests(self, name: str, first: int, last: int) -> list[str]:
        """The tests that run one of these lines, the quickest first; of what imports run, those of the module."""
        lines = self._tests.get(name, {})
        found = set().union(*(lines.get(line, set()) for line in range(first, last + 1)))
        if not found or IMPORTED in found:  # else it would be those alone that happened to import it
            found = set().union(*lines.values())
        return sorted(found - {IMPORTED}, key=lambda test: (self.seconds.get(test, 0.0), test))
