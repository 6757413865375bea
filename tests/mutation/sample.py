"""Which mistakes are tried: drawn by a seed, as many in each package."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mutation.line_recorder import PACKAGE
from mutation.mutators import Mutant, mutants

LOOSE = "(modules)"
"""The package's own modules, which are in no package below it."""
SIMULATOR = "simulator"


@dataclass(frozen=True)
class Drawn:
    """One mistake to try."""

    name: str
    """The module's path, from the root."""
    mutant: Mutant

    @property
    def package(self) -> str:
        return package_of(self.name)


def package_of(name: str) -> str:
    """``refresh`` of a module anywhere in it."""
    parts = Path(name).parts
    return parts[1] if len(parts) > 2 else LOOSE


def packages(root: Path) -> dict[str, list[str]]:
    """The modules of each package."""
    found: dict[str, list[str]] = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        name = str(path.relative_to(root))
        found.setdefault(package_of(name), []).append(name)
    return found


def draw(root: Path, chosen: Iterable[str], count: int, seed: int) -> list[Drawn]:
    """So many mistakes, in turn from each of these packages; a longer sample begins with a shorter one."""
    modules = packages(root)
    shuffled = [_shuffled(root, modules[package], f"{seed} {package}") for package in chosen]
    turns = range(max(map(len, shuffled), default=0))
    return [some[turn] for turn in turns for some in shuffled if turn < len(some)][:count]


def _shuffled(root: Path, names: Sequence[str], seed: str) -> list[Drawn]:
    every = [Drawn(name, mutant) for name in names for mutant in mutants((root / name).read_text(encoding="utf-8"))]
    random.Random(seed).shuffle(every)
    return every
