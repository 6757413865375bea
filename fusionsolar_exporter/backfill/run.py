"""One run: plan, ask, write. What was asked and written is on disk after every request."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from fusionsolar_exporter.backfill.asker import Asker, Verdict
from fusionsolar_exporter.backfill.columns import columns_of
from fusionsolar_exporter.backfill.day_file import AccountSeries, DayFile
from fusionsolar_exporter.backfill.options import Options
from fusionsolar_exporter.backfill.parts import Parts
from fusionsolar_exporter.backfill.planner import Holdings, plan
from fusionsolar_exporter.backfill.progress import Progress
from fusionsolar_exporter.backfill.request import HistoryRequest
from fusionsolar_exporter.backfill.rows import rows_by_day
from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.labels import account_labels
from fusionsolar_exporter.metrics.routes import AccountRoutes
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.model import DatedReading
from fusionsolar_exporter.pacing.clock import Clock

_AGAIN = 2.0  # seconds after which what gave way is tried again
_LONGEST_NAP = 30.0
_REJECTIONS = 3
"""So many requests in a row that are rejected, and the interface does not do what is asked of it."""


class End(Enum):
    """How a run ended."""

    COMPLETE = auto()
    PARTLY = auto()
    """Something was refused or is not permitted; the rest is written."""
    INTERRUPTED = auto()


@dataclass(slots=True)
class BackfillRun:
    """The accounts side by side, one request at a time each. Used by one thread."""

    options: Options
    progress: Progress
    askers: Mapping[str, Asker]
    clock: Clock
    exports: Callable[[str], bool]
    say: Callable[[str], None]
    told: Callable[[int, int], None]
    """Called with how many requests are done, of how many."""
    stop: threading.Event
    _open: dict[str, list[HistoryRequest]] = field(default_factory=dict)
    _left: dict[tuple[str, str], int] = field(default_factory=dict)
    """Requests that a day still waits for, by what and day."""
    _all: int = 0
    _rejections: Counter[tuple[str, Interface]] = field(default_factory=Counter)
    """In a row."""
    _listed: dict[str, Holdings] = field(default_factory=dict)
    """By account, as it began: a device that goes meanwhile has its past all the same."""
    _unlisted: set[str] = field(default_factory=set)
    _partly: bool = False

    def requests(self, account: str) -> list[HistoryRequest]:
        """The plan of an account."""
        asker = self.askers[account]
        return plan(
            asker.holdings(), self.options, self.progress.now, five_minutes=account in self.progress.five_minutes
        )

    def run(self) -> End:
        """Ask for everything that is not done yet; FolderError where it cannot be written."""
        for account, asker in self.askers.items():
            self._listed[account] = asker.holdings()
            self._take(account, self.requests(account))
        for what, day in [key for key, left in self._left.items() if not left]:
            self._finish_day(what, day)
        while not self.stop.is_set():
            following = self._next()
            if following is None:
                self.progress.finished = True
                self.save()
                return End.PARTLY if self._partly else End.COMPLETE
            at, account, request = following
            now = self.clock.now()
            if at > now:
                self.clock.wait(self.stop, min(at - now, _LONGEST_NAP))
            else:
                self._ask(account, request)
            self.told(self._all - sum(map(len, self._open.values())), self._all)
        self.save()
        return End.INTERRUPTED

    def save(self) -> None:
        """Note where it stands."""
        for account, asker in self.askers.items():
            self.progress.own_calls |= {f"{account} {interface}": at for interface, at in asker.own_calls.items()}
        self.progress.save()

    def _take(self, account: str, requests: Sequence[HistoryRequest]) -> None:
        self._open[account] = []
        for request in requests:
            done = f"{account} {request.key}" in self.progress.done
            for day in request.days:
                self._left[request.what, day] = self._left.get((request.what, day), 0) + (not done)
            self._all += 1
            if not done:
                self._open[account].append(request)

    def _next(self) -> tuple[float, str, HistoryRequest] | None:
        """The request that may be sent first; of several the newest."""
        best: tuple[float, str, HistoryRequest] | None = None
        for account, requests in self._open.items():
            seen: set[Interface] = set()
            for request in requests:
                if request.interface in seen:
                    continue
                seen.add(request.interface)
                at = self.askers[account].ready_at(request.interface)
                if best is None or at < best[0]:
                    best = at, account, request
        return best

    def _ask(self, account: str, request: HistoryRequest) -> None:
        verdict, rows = self.askers[account].ask(request)
        match verdict:
            case Verdict.ANSWERED:
                self._answered(account, request, rows)
            case Verdict.LATER:
                self.clock.wait(self.stop, _AGAIN)
            case Verdict.REFUSED:
                self._refused(account, request)
            case Verdict.TOO_OLD:
                self._too_old(account, request)
            case Verdict.REJECTED:
                self._rejected(account, request)
            case Verdict.MISSING if request.interface is Interface.GET_DEV_HISTORY_KPI:
                self._older_interface(account)
            case Verdict.FORBIDDEN | Verdict.MISSING:
                self._give_up(account, request.interface)
        self.save()

    def _answered(self, account: str, request: HistoryRequest, rows: Sequence[DatedReading]) -> None:
        self._rejections.pop((account, request.interface), None)
        parts = Parts(self.progress.folder)
        for day, some in rows_by_day(request, rows).items():
            parts.put(request.what, day, account, request.key, columns_of(some))
        self._done(account, request)

    def _done(self, account: str, request: HistoryRequest) -> None:
        # in this order: what is noted as done has its rows on disk, and a day is written once all of it is
        self._open[account].remove(request)
        self.progress.done.add(f"{account} {request.key}")
        self.save()
        for day in request.days:
            self._left[request.what, day] -= 1
            if not self._left[request.what, day]:
                self._finish_day(request.what, day)

    def _finish_day(self, what: str, day: str) -> None:
        """All of a day has been answered: write its file, unless it says the same already."""
        parts = Parts(self.progress.folder)
        series = {account: self._series(account) for account in self.askers}
        file = DayFile(series, self.options.labels, self.exports)
        for account, columns in parts.of(what, day):
            if account in series:
                file.add(what, account, columns)
        file.write(self.progress.folder / f"{what}-{day}.om")
        parts.drop(what, day)
        for key in sorted(file.unlisted - self._unlisted):
            self._partly = True
            self.say(f"{key} is not listed any more: what was answered about it is left out")
        self._unlisted |= file.unlisted

    def _series(self, account: str) -> AccountSeries:
        engine = self.askers[account].engine
        inventory, settings, before = engine.inventory, engine.context.settings.account, self._listed[account]
        plants, devices = {**before.plants, **inventory.plants}, {**before.devices, **inventory.devices}
        labels = account_labels(account, Snapshot(plants=plants, devices=devices))
        return AccountSeries(labels, AccountRoutes(settings.scale_overrides))

    def _refused(self, account: str, request: HistoryRequest) -> None:
        """Halve what is refused until the refused one is alone; that one is left out, the others are not."""
        self._open[account].remove(request)
        if len(request.ids) == 1:
            self._partly = True
            self.say(f"{account}: {request.what} of {request.ids[0]} is refused, and left out")
            self._open[account].append(request)
            self._done(account, request)
            return
        middle = len(request.ids) // 2
        for ids in (request.ids[:middle], request.ids[middle:]):
            self._open[account].insert(0, replace(request, ids=ids))
        self._all += 1
        for day in request.days:
            self._left[request.what, day] += 1

    def _older_interface(self, account: str) -> None:
        """The server is one from before getDevHistoryKpi: the rest is asked the older way, a day a call."""
        self.say(f"{account}: getDevHistoryKpi is not there, asking getDevFiveMinutes instead")
        self.progress.five_minutes.add(account)
        for request in [one for one in self._open[account] if one.interface is Interface.GET_DEV_HISTORY_KPI]:
            for day in request.days:
                self._left[request.what, day] -= 1
            self._all -= 1
        others = [one for one in self._open[account] if one.interface is not Interface.GET_DEV_HISTORY_KPI]
        older = [one for one in self.requests(account) if one.interface is Interface.GET_DEV_FIVE_MINUTES]
        self._open[account] = []
        self._take(account, older)
        self._open[account] += others

    def _give_up(self, account: str, interface: Interface) -> None:
        """Not permitted, or not there: say so once, and leave out what it would bring."""
        requests = [one for one in self._open[account] if one.interface is interface]
        self._leave_out(
            account, requests, f"{interface} is not permitted or not there: what it would bring is left out"
        )

    def _too_old(self, account: str, request: HistoryRequest) -> None:
        """What is older still is not asked for."""
        older = [one for one in self._open[account] if one.interface is request.interface and one.end <= request.end]
        self._leave_out(account, older, f"{request.interface} keeps nothing of {request.days[-1]} and before: left out")

    def _rejected(self, account: str, request: HistoryRequest) -> None:
        """For a reason that says nothing about ids or time: others may go through."""
        self._rejections[account, request.interface] += 1
        if self._rejections[account, request.interface] >= _REJECTIONS:
            self._give_up(account, request.interface)
        else:
            days = f"{request.days[0]} to {request.days[-1]}"
            self._leave_out(account, [request], f"{request.interface} refuses {days}: left out, the log says why")

    def _leave_out(self, account: str, requests: Sequence[HistoryRequest], why: str) -> None:
        self._partly = True
        self.say(f"{account}: {why}")
        for request in requests:
            self._done(account, request)
