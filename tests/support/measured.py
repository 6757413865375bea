"""A program run as a child of a small process, so that what it took is its own and not the tests'."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

_CHILD = """
import json, resource, subprocess, sys, time
began = time.monotonic()
ended = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL)
took = time.monotonic() - began
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([ended.returncode, took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024]), file=sys.stderr)
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a program said, and what it and the programs that it started took."""

    status: int
    said: str
    errors: str
    seconds: float
    """By the clock on the wall."""
    processor_seconds: float
    peak: int
    """Bytes that the largest of them had in memory."""


def measured(*command: str, environment: Mapping[str, str] | None = None) -> Measured:
    """Run it to its end."""
    ran = subprocess.run(
        [sys.executable, "-I", "-c", _CHILD, *command],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **(environment or {})},
    )
    errors, _, figures = ran.stderr.rstrip("\n").rpartition("\n")
    return Measured(*_figures(figures, ran.stdout, errors))


def _figures(text: str, said: str, errors: str) -> tuple[int, str, str, float, float, int]:
    status, seconds, processor_seconds, peak = json.loads(text)
    return status, said, errors, seconds, processor_seconds, peak
