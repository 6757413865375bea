"""What came of a reload."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReloadOutcome:
    """Done where there are no problems; else the old configuration runs on."""

    problems: Sequence[str] = ()
    broken: bool = False
    """Whether the problem is a mistake of ours, not one of the configuration."""
