"""The subcommand ``doctor``: flags, progress, the report, the exit status."""

import argparse
import sys
import threading
from pathlib import Path
from typing import TextIO

from fusionsolar_exporter.config import Config
from fusionsolar_exporter.doctor.doctor import Doctor
from fusionsolar_exporter.doctor.json_report import render_json
from fusionsolar_exporter.doctor.recording import Recording, RecordingError
from fusionsolar_exporter.doctor.report import DoctorReport
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.pacing.clock import Clock, SystemClock
from fusionsolar_exporter.printable import printable
from fusionsolar_exporter.wiring import chosen_accounts, redact_secrets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the subcommand, beside those of configuration and log."""
    parser.add_argument(
        "--account",
        dest="accounts",
        action="append",
        metavar="NAME",
        help="examine this account alone, repeatable (default: all)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument(
        "--wait",
        action="store_true",
        help="wait for interfaces that the limits close for longer than ten seconds: a window each, an hour at most",
    )
    parser.add_argument(
        "--record",
        type=Path,
        metavar="DIR",
        help="write requests and answers into a new directory, without names, serial numbers, places and secrets",
    )


def run(
    args: argparse.Namespace,
    config: Config,
    log: EventLogger,
    *,
    clock: Clock | None = None,
    output: TextIO | None = None,
) -> int:
    """Examine, print, and return 0 only where all that the configuration enables is permitted."""
    clock = clock or SystemClock()
    output = output or sys.stdout
    try:
        accounts = chosen_accounts(config, args.accounts)
        recording = Recording(args.record) if args.record else None
    except (RecordingError, LookupError) as error:
        log.error("doctor", error=error.args[0])
        return 1
    redact_secrets(config)
    for warning in config.warnings:
        log.warning("doubtful configuration", warning=warning)
    report = Doctor(config, accounts, clock, log, _Progress(sys.stderr), wait=args.wait, recording=recording).examine()
    text = render_json(report) if args.json else _tables(report, output)
    encoding = getattr(output, "encoding", None) or "utf-8"
    output.write(text.encode(encoding, "replace").decode(encoding))
    output.flush()
    if recording is not None and recording.failure:
        log.error("the recording is not complete", error=recording.failure)
        return 1
    return 0 if report.permitted else 1


def _tables(report: DoctorReport, output: TextIO) -> str:
    # here, so that no other command has to load rich
    from fusionsolar_exporter.doctor.tables import render_tables  # noqa: PLC0415

    return render_tables(report, output)


class _Progress:
    """Lines for people, while they wait; from any thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def __call__(self, account: str, words: str) -> None:
        line = f"{account}: {words}" if account else words
        shown = printable(line)
        with self._lock:
            self._stream.write(f"{shown}\n")
            self._stream.flush()
