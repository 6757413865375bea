"""How many of small mistakes in the package the tests notice: ``scripts/mutate``.

Mistakes are drawn by a seed, as many in each package, and put one at a time into a copy of the tree. Each is tried with
the tests that run its line, the quickest first. Which those are is recorded once, test file by test file, which takes
as long as the suite, and kept; changed test files are recorded again, all of them with ``--record anew``, which is for
a package whose lines have moved.
"""

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mutation import line_map
from mutation.line_map import LineMap
from mutation.sample import SIMULATOR, Drawn, draw, packages
from mutation.trial import Copy

_KEPT = Path.home() / ".cache" / "fusionsolar-exporter" / "lines"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _chosen_tests(lines: LineMap, drawn: Drawn, most: float) -> tuple[list[str], float]:
    """The quickest that fit into the time, at least one; what they take."""
    tests: list[str] = []
    seconds = 0.0
    for test in lines.tests(drawn.name, drawn.mutant.first, drawn.mutant.last):
        took = lines.seconds.get(test, 0.0)
        if tests and seconds + took > most:
            break
        tests.append(test)
        seconds += took
    return tests, seconds


def _report(results: Sequence[tuple[Drawn, bool]]) -> None:
    tried = Counter(drawn.package for drawn, _ in results)
    caught = Counter(drawn.package for drawn, found in results if found)
    for package in sorted(tried):
        _say(f"{package:16} {caught[package]:4} of {tried[package]:4} caught, {caught[package] / tried[package]:4.0%}")
    _say(f"{'all':16} {caught.total():4} of {tried.total():4} caught, {caught.total() / max(tried.total(), 1):4.0%}")


def _try(root: Path, lines: LineMap, sample: Sequence[Drawn], options: argparse.Namespace) -> None:
    results = []
    with tempfile.TemporaryDirectory(prefix="mutation-", dir=options.directory) as folder:
        copy = Copy(root, Path(folder))
        for drawn in sample:
            began = time.monotonic()
            tests, seconds = _chosen_tests(lines, drawn, options.most_seconds)
            caught = copy.catches(drawn, tests, seconds)
            results.append((drawn, caught))
            place = f"{drawn.name}:{drawn.mutant.first}"
            took = f"{len(tests)} tests, {time.monotonic() - began:.0f} s"
            _say(f"{'caught' if caught else 'SURVIVED'} {place} {drawn.mutant.kind} ({took})")
            if not caught:
                _say(drawn.mutant.diff((root / drawn.name).read_text(encoding="utf-8")))
            if options.output:
                row = {"caught": caught, "place": place, "kind": drawn.mutant.kind, "tests": len(tests)}
                options.output.write(json.dumps(row) + "\n")
                options.output.flush()
    _report(results)


def main() -> int:
    """Run it."""
    root = Path.cwd()
    every = packages(root)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="*", help=f"of {', '.join(every)}; all but {SIMULATOR} without any")
    parser.add_argument("--count", type=int, default=300, help="mistakes to try")
    parser.add_argument("--skip", type=int, default=0, help="of them that were tried before")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--most-seconds", type=float, default=120, help="of tests for one mistake")
    parser.add_argument("--record", choices=("missing", "anew", "no"), default="missing", help="which test files")
    parser.add_argument("--lines", type=Path, default=_KEPT, help="where that is kept")
    parser.add_argument("--directory", type=Path, help="where the copy of the tree is made")
    parser.add_argument("--output", type=argparse.FileType("w"), help="a line of JSON for each")
    options = parser.parse_args()
    chosen = options.packages or [name for name in every if name != SIMULATOR]
    if unknown := set(chosen) - every.keys():
        parser.error(f"no package: {', '.join(unknown)}")
    files = line_map.test_files(root) if options.record != "no" else []
    for line in line_map.record(root, options.lines, files, anew=options.record == "anew"):
        _say(line)
    _say(f"seed {options.seed}, {options.count} mistakes in {', '.join(chosen)}")
    sample = draw(root, chosen, options.count, options.seed)[options.skip :]
    _try(root, LineMap(options.lines), sample, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
