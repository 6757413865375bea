"""The subcommand ``backfill``: flags, the plan, progress, the exit status."""

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from fusionsolar_exporter.backfill import options as wanted
from fusionsolar_exporter.backfill.asker import Asker, LeadError
from fusionsolar_exporter.backfill.folder import FolderError, own_folder
from fusionsolar_exporter.backfill.options import Bound, Options
from fusionsolar_exporter.backfill.parts import Parts
from fusionsolar_exporter.backfill.progress import Progress
from fusionsolar_exporter.backfill.progress_bar import ProgressBar
from fusionsolar_exporter.backfill.report import clipped_lines, plan_lines
from fusionsolar_exporter.backfill.run import BackfillRun, End
from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.config import AccountConfig, Config, StateKind
from fusionsolar_exporter.logs import EventLogger, without_secrets
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.transport import HttpTransport, Transport
from fusionsolar_exporter.pacing.clock import Clock, SystemClock
from fusionsolar_exporter.printable import printable
from fusionsolar_exporter.quiet_observer import NoStateObserver, quiet_observer
from fusionsolar_exporter.refresh.build import build_engine
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.state import NotLeadingError, State
from fusionsolar_exporter.state.opening import open_state
from fusionsolar_exporter.wiring import account_identity, chosen_accounts, redact_secrets, transport_settings

_INTERRUPTED = "interrupted: the same command goes on where this one was"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the flags of the subcommand, beside those of configuration and log."""
    add = parser.add_argument
    add("--from", dest="begin", required=True, metavar="TIME", help="date or time; a date is a day of the plant's own")
    add("--to", dest="end", metavar="TIME", help="date or time, not included (default: now, less three hours)")
    add(
        "--what",
        required=True,
        metavar="LIST",
        help=f"what to ask for, with commas: {', '.join(wanted.KNOWN)}",
    )
    add("--account", dest="accounts", action="append", metavar="NAME", help="of this account alone, repeatable")
    add("--output", type=Path, metavar="DIR", help="where the files go; what was begun there goes on")
    add(
        "--label",
        dest="labels",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="add a label to every series, repeatable: live series carry job and instance",
    )
    add("--dry-run", action="store_true", help="print the plan and stop")


def run(
    args: argparse.Namespace,
    config: Config,
    log: EventLogger,
    *,
    clock: Clock | None = None,
    output: TextIO | None = None,
    transport: Callable[[AccountConfig], Transport] | None = None,
    state: State | None = None,
    stop: threading.Event | None = None,
) -> int:
    """Plan, ask and write; 0 where everything that was wanted is written."""
    clock, output = clock or SystemClock(), output or sys.stdout
    stop = stop or threading.Event()
    try:
        accounts = chosen_accounts(config, args.accounts)
        options = _options(args, clock)
    except (ValueError, LookupError) as error:
        log.error("backfill", error=error.args[0])
        return 1
    redact_secrets(config)
    state = state or open_state(config.state, clock, log, NoStateObserver())
    signals = _stopping(stop)
    folder = own_folder(options.output) if options.output and not options.dry_run else nullcontext()
    try:
        with folder:
            return _Backfill(config, accounts, options, state, clock, log, output, transport or _http, stop)()
    except (FolderError, LeadError) as error:
        log.error("backfill", error=str(error))
        return 1
    finally:
        for number, handler in signals.items():
            signal.signal(number, handler)
        state.close()


def _http(account: AccountConfig) -> Transport:
    return HttpTransport(transport_settings(account))


def _stopping(stop: threading.Event) -> dict[int, Any]:
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}


def _options(args: argparse.Namespace, clock: Clock) -> Options:
    """What the flags say; ValueError with what is wrong."""
    now = clock.wall(clock.now())
    begin = wanted.bound(args.begin)
    end = Bound(moment=now) if args.end is None else wanted.bound(args.end)
    if begin.at(0.0) >= end.at(0.0):
        raise ValueError("--from is not before --to")
    if begin.at(0.0) > now:
        raise ValueError("--from is in the future: nothing has happened there yet")
    if args.output is None and not args.dry_run:
        raise ValueError("--output DIR is missing: where should the files go?")
    return Options(begin, end, wanted.what(args.what), wanted.labels(args.labels), args.output, args.dry_run)


@dataclass(frozen=True, slots=True)
class _Backfill:
    """One call of the command, once everything given is understood."""

    config: Config
    accounts: Sequence[AccountConfig]
    options: Options
    state: State
    clock: Clock
    log: EventLogger
    output: TextIO
    transport: Callable[[AccountConfig], Transport]
    stop: threading.Event

    def __call__(self) -> int:
        wall = self.clock.wall(self.clock.now())
        progress = _progress(self.options, self.accounts, wall)
        askers = {account.name: self._asker(account, progress) for account in self.accounts}
        bar = ProgressBar(self.output, self.clock)
        exports = self.config.metrics.exports
        run = BackfillRun(self.options, progress, askers, self.clock, exports, self._say, bar, self.stop)
        try:
            if not self._plan(run, wall):
                return 1
            if self.options.dry_run:
                return 0
            end = run.run()
        finally:
            for asker in askers.values():
                asker.engine.close()
        bar.end()
        if end is End.INTERRUPTED:
            self._say(_INTERRUPTED)
        return 0 if end is End.COMPLETE else 1

    def _plan(self, run: BackfillRun, wall: float) -> bool:
        """Print what is to be done; whether it can be."""
        unknown = [name for name, asker in run.askers.items() if not _listed(asker)]
        if unknown and self.stop.is_set():
            self._say(_INTERRUPTED)
            return False
        for name in unknown:
            self._say(
                f"{name}: its plants and devices are not known: doctor says why, and the same command tries again"
            )
        if unknown:
            return False
        for name, asker in run.askers.items():
            for line in (
                *clipped_lines(name, self.options, asker.holdings(), wall),
                *plan_lines(name, run.requests(name), asker.allowance),
            ):
                self._say(line)
        return True

    def _asker(self, account: AccountConfig, progress: Progress) -> Asker:
        settings = AccountSettings(account, self.config.collectors)
        observer = partial(quiet_observer, self.log)
        collaborators = Collaborators(self.clock, self.transport, observer, self.log, without_secrets=without_secrets)
        partition = self.state.partition(*account_identity(account))
        engine = build_engine(settings, collaborators, Cache(self.clock), partition)
        own: dict[Interface, list[float]] = {}
        for name, moments in progress.own_calls.items():
            owner, _, interface = name.rpartition(" ")
            if owner == account.name and interface in Interface.__members__.values():
                own[Interface(interface)] = moments
        shared = self.config.state.url.kind is not StateKind.MEMORY
        return Asker(engine, own, self.stop, shared=shared)

    def _say(self, line: str) -> None:
        self.output.write(printable(line) + "\n")
        self.output.flush()


def _listed(asker: Asker) -> bool:
    try:
        return asker.lists()
    except NotLeadingError:
        return False


def _progress(options: Options, accounts: Sequence[AccountConfig], now: float) -> Progress:
    if options.output is None or options.dry_run:
        return Progress(Path(), {}, now)
    text = {
        "from": repr(options.begin),
        "to": repr(options.end) if options.end.day else "moment",
        "what": list(options.what),
        "labels": dict(options.labels),
        "accounts": [account.name for account in accounts],
    }
    progress = Progress.open(options.output, text, now)
    if not progress.done:
        Parts(options.output).clear()
    progress.save()
    return progress
