"""The false-alarm figure: a simulated year without faults, and faults that have to be found."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from alert_tools.faults import KINDS, LEAD_SECONDS, Outcome, inject
from alert_tools.promtool import Fired
from alert_tools.quiet_days import PLACES, days_of, quiet_days
from fusionsolar_exporter.simulator.local_year import DAY_SECONDS, day_start

_DAYS_AT_ONCE = 5
_FAULTS_AT_ONCE = 2  # of each kind
_SUMMER = date(2025, 4, 1)
_SUMMER_DAYS = 180  # in which the sun rises high enough at 65 degrees to tell day from night
_PHASES = 6

T = TypeVar("T")


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for and print what came of it; 1 where an alert was false or a fault was missed."""
    parser = argparse.ArgumentParser(prog="simulate-alerts", description=__doc__)
    parser.add_argument("--first", type=date.fromisoformat, default=date(2025, 1, 1), help="first quiet day")
    parser.add_argument(
        "--days", type=int, default=365, help="quiet days; half of them with the quirks of real servers"
    )
    parser.add_argument("--faults", type=int, default=200, help="faults, of ten kinds in turn")
    parser.add_argument("--jobs", type=int, default=1, help="runs at the same time")
    options = parser.parse_args(arguments)
    with ProcessPoolExecutor(options.jobs) as pool:
        chunks = [
            (first, days, bool(n % 2))
            for n, (first, days) in enumerate(days_of(options.first, options.days, _DAYS_AT_ONCE))
        ]
        fired = _flat(pool.map(_quiet, chunks), lambda done: f"{min(done * _DAYS_AT_ONCE, options.days)} quiet days")
        runs = range(-(-options.faults // (len(KINDS) * _FAULTS_AT_ONCE)))
        steps = max(_SUMMER_DAYS // max(len(runs), 1), 1)
        injected = list(pool.map(_faults, [(run, steps) for run in runs]))
    outcomes = [outcome for found, _ in injected for outcome in found]
    false = [alert for _, alerts in injected for alert in alerts]
    return _report(options.days, fired, outcomes, false)


def _quiet(chunk: tuple[date, int, bool]) -> list[str]:
    first, days, quirks = chunk
    with tempfile.TemporaryDirectory() as directory:
        return [_told(alert, day_start(first, 0)) for alert in quiet_days(first, days, Path(directory), quirks=quirks)]


def _told(alert: Fired, begin: float) -> str:
    """A false alert; ``begin`` of its recording in Unix seconds."""
    first = datetime.fromtimestamp(begin + alert.first, tz=UTC)
    return f"{dict(alert.labels)}, first at {first:%Y-%m-%d %H:%M} UTC, for {alert.evaluations} evaluations"


def _faults(run: tuple[int, int]) -> tuple[list[Outcome], list[str]]:
    number, steps = run
    noon = day_start(_SUMMER, 0) + number * steps * DAY_SECONDS + DAY_SECONDS / 2
    with tempfile.TemporaryDirectory() as directory:
        phase = 60.0 * (number % _PHASES)
        outcomes, false = inject(noon, _FAULTS_AT_ONCE, Path(directory), quirks=bool(number % 2), phase=phase)
    return outcomes, [_told(alert, noon - LEAD_SECONDS - phase) for alert in false]


def _flat(results: Iterable[list[T]], progress: Callable[[int], str]) -> list[T]:
    """All together; on a terminal with how far it is."""
    everything: list[T] = []
    for done, result in enumerate(results, 1):
        everything += result
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{progress(done)}")
            sys.stderr.flush()
    return everything


def _report(days: int, fired: list[str], outcomes: list[Outcome], false: list[str]) -> int:
    lines = [
        f"{days} days without faults, {len(PLACES)} plants at 0, 48 and 65 degrees of latitude: {len(fired)} alerts"
    ]
    lines += [f"  false: {alert}" for alert in (*fired, *false)]
    timely = [outcome for outcome in outcomes if outcome.found is not None and outcome.found <= outcome.allowed]
    resolved = [outcome for outcome in outcomes if outcome.resolved]
    lines.append(
        f"{len(outcomes)} faults: {len(timely)} found within the rule's 'for' and two refreshes, "
        f"{len(resolved)} resolved after the repair, {len(false)} alerts about plants without a fault"
    )
    for kind in KINDS:
        mine = [outcome for outcome in outcomes if outcome.alert == kind.alert]
        times = [outcome.found for outcome in mine if outcome.found is not None]
        allowed = min((outcome.allowed for outcome in mine), default=0.0)
        longest = f", after {max(times):.0f} s at most, {allowed:.0f} s allowed" if times else ""
        lines.append(f"  {kind.alert}: {len(times)} of {len(mine)} found{longest}")
    sys.stdout.write("\n".join(lines) + "\n")
    return int(bool(fired or false or len(timely) < len(outcomes) or len(resolved) < len(outcomes)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
