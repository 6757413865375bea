"""The subcommand ``check-config``: what is wrong with a configuration, or the cadence that follows from it."""

import argparse
import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from fusionsolar_exporter.config import ConfigError, format_duration, load_config
from fusionsolar_exporter.config.errors import in_file
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.northbound.interfaces import ALARM_TYPES, REAL_TIME_TYPES
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.refresh.preview import preview
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.web.formatting import counted, span

_FLEETS = (1, 100, 1000)
_MOST_PLANTS = 100_000
_USUAL_TYPES = (38, 39, 47, 62)
_FURTHER_TYPES = ((1,), (1, 39), (1, 10, 17, 39, 47))
_EVERY_TYPE = tuple(sorted(ALARM_TYPES | REAL_TIME_TYPES))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the subcommand takes."""
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--plants",
        dest="fleets",
        action="append",
        type=_fleet,
        metavar="N",
        help=f"print the cadence for so many plants, repeatable (default: {', '.join(f'{n:,}' for n in _FLEETS)})",
    )


def check_config(
    path: Path,
    fleets: Sequence[int] | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    output: TextIO | None = None,
) -> int:
    """Print what is wrong, a line each, to standard error and return 1; or the cadence, and return 0."""
    output = output or sys.stdout
    try:
        config = load_config(path, environ)
    except ConfigError as error:
        return _refuse(path, error.problems)
    accounts = [AccountSettings(account, config.collectors) for account in config.accounts]
    problems = [problem for settings in accounts for problem in _too_fast(settings)]
    if problems:
        return _refuse(path, dict.fromkeys(problems))
    for warning in config.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"{path}: right; {len(accounts)} account{'s' if len(accounts) > 1 else ''}", file=output)
    for settings in accounts:
        print(f"\naccount {settings.name}: how often the same plant or device is read", file=output)
        for line in (*_table(settings, fleets or _FLEETS), *_budget(settings)):
            print(f"  {line}", file=output)
    print(
        "\nfor plants with an inverter, a battery, a meter and a dongle each;\n"
        "the plan for the real lists is logged when they are known",
        file=output,
    )
    return 0


def _refuse(path: Path, problems: Iterable[str]) -> int:
    for problem in in_file(path, problems):
        print(problem, file=sys.stderr)
    return 1


def _too_fast(settings: AccountSettings) -> Iterable[str]:
    """Configured intervals that break a limit whatever the fleet is."""
    for planned in preview(settings, 1, _EVERY_TYPE, clock=SystemClock(), log=EventLogger()):
        configured = settings.collectors.of(planned.name).interval
        # a hair's breadth for sums of floats
        if configured is not None and configured < planned.shortest * (1 - 1e-9):
            yield (
                f"collectors.{planned.name}.interval: {format_duration(configured)} breaks the limit of "
                f"{planned.interface} for account {settings.name}; expected auto, or at least "
                f"{format_duration(_rounded_up(planned.shortest))}"
            )


def _rounded_up(seconds: float) -> float:
    """The next whole second, which is easier to write; short ones keep their milliseconds."""
    return float(math.ceil(seconds - 1e-9)) if seconds >= 10 else seconds  # noqa: PLR2004 - scaled-down limits


def _table(settings: AccountSettings, fleets: Sequence[int]) -> Iterable[str]:
    plans = [preview(settings, plants, _USUAL_TYPES, clock=SystemClock(), log=EventLogger()) for plants in fleets]
    yield f"{'collector':<16}" + "".join(f"{counted(count, 'plant'):>14}" for count in fleets)
    for row in zip(*plans, strict=True):
        yield f"{row[0].name:<16}" + "".join(f"{_words(planned.interval):>14}" for planned in row)


def _budget(settings: AccountSettings) -> Iterable[str]:
    """What a day's calls mean, by the number of device types that have real-time data."""
    oauth = settings.account.oauth
    if oauth is None:
        return
    plans = [preview(settings, 1, types, clock=SystemClock(), log=EventLogger()) for types in _FURTHER_TYPES]
    told = (each for plan in plans for each in plan if each.name is CollectorName.DEVICE_REALTIME)
    intervals = ", ".join(_words(planned.interval) for planned in told)
    yield (
        f"of {oauth.daily_calls:,} calls in {format_duration(oauth.daily_window)} nine tenths are planned: "
        f"devices of 1, 2 and 5 types every {intervals}; with nights, days are faster"
    )


def _words(interval: float) -> str:
    return span(interval) if interval >= 10 else f"{interval:.3g} s"  # noqa: PLR2004 - scaled-down limits


def _fleet(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= _MOST_PLANTS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of plants: write 1 to {_MOST_PLANTS}")
    return int(text)
