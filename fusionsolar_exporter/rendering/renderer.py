"""Keeps the exposition up to date in a thread of its own: neither a scrape nor a request of ours waits for it."""

import math
import threading
from collections.abc import Callable, Mapping, Sequence

from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

from fusionsolar_exporter.metrics.account_export import AccountExport
from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.account_samples import AccountSamples
from fusionsolar_exporter.metrics.cut_series import CUT_SERIES, Cuts, SeriesLimit, cut_samples
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.rendering.account_pieces import AccountPieces
from fusionsolar_exporter.rendering.exposition import Exposition
from fusionsolar_exporter.rendering.families import AccountFamilies
from fusionsolar_exporter.rendering.own_metrics import NO_METRICS, OwnRenderer
from fusionsolar_exporter.rendering.own_pieces import OwnPieces
from fusionsolar_exporter.supervision import Heartbeat, Supervisor, ThreadKind
from fusionsolar_exporter.view import AccountView

_REST = 9  # of ten seconds at most one is spent on rendering, however often something changes
_LONGEST_REST = 2.0  # seconds that a change may wait for that reason: three hundred accounts take half a second
_AFTER_ERROR = 60.0  # seconds
_LONGEST_NAP = 30.0  # seconds
_GRACE = 60.0  # seconds that rendering may take, or be late, before what is published is not served any more


class Renderer:
    """``exposition`` is read without a lock from any thread; it is replaced, never changed.

    ``changed`` is set by whoever has something new to show. ``next_change`` gives the moment (pacing clock) at which
    something changes though nothing arrives: the next expiry. ``seen`` gets each account once it is rendered. ``about``
    has the metrics about the accounts themselves, ``own`` those that belong to none. ``beside`` is done each time: what
    scrapes need beside the exposition.
    """

    def __init__(
        self,
        exports: AccountExports,
        own: Collector,
        next_change: Callable[[], float],
        clock: Clock,
        supervisor: Supervisor,
        changed: threading.Event,
        seen: Callable[[AccountView], None] = lambda _view: None,
        *,
        about: AccountSamples | None = None,
        beside: Callable[[], None] = lambda: None,
    ) -> None:
        self._exports = exports
        self._own = OwnRenderer(own)
        self._next_change = next_change
        self._clock = clock
        self._supervisor = supervisor
        self._about = about
        self._beside = beside
        self._accounts: Mapping[str, AccountPieces] = {}
        self._own_pieces: Mapping[str, OwnPieces] = {}
        self._families = AccountFamilies()
        self._working = threading.Lock()
        self._wake = changed
        self._seen = seen
        self._ended = threading.Event()
        self._failing: set[str | None] = set()
        """Accounts; empty for all of it, None for what is beside it."""
        self._change = self._good_until = math.inf
        self._asked: set[bool] = set()
        self._nothing = Exposition({}, (), NO_METRICS, self._asked)
        self.exposition = self._nothing

    def current(self) -> Exposition:
        """What may be served: nothing where something in it should have gone, and is still there."""
        return self.exposition if self._clock.now() <= self._good_until else self._nothing

    def refresh(self) -> None:
        """Render what changed, and publish it before returning."""
        with self._working:
            change = self._next_change()  # looked up before: what expires while it is rendered is rendered once more
            collected = self._exports.accounts()
            self._accounts = {name: self._updated(name, view, export) for name, (view, export) in collected.items()}
            cuts = {name: _cuts(name, pieces) for name, pieces in self._accounts.items()}
            self._exports.tell({limit: count for some in cuts.values() for limit, count in some.items()})
            self._own_pieces = {name: self._told(view, cuts[name]) for name, (view, _) in collected.items()}
            self._families.update(
                {name: (pieces.by_metric, self._own_pieces[name].by_metric) for name, pieces in self._accounts.items()}
            )
            self._change, self._good_until = change, change + _GRACE
            families = self._families
            self.exposition = Exposition(families.joined, families.by_account, self._own.render(), self._asked)
            for view, _ in collected.values():
                self._tell(view)
            self._do_beside()

    def reconfigure(self, change: Callable[[], None]) -> None:
        """Let ``change`` happen while nothing is being rendered, and publish what it leads to."""
        with self._working:
            change()
        self.refresh()

    def start(self) -> None:
        """Begin to render in the background."""
        self._supervisor.start(ThreadKind.RENDER, self._run)

    def stop(self) -> None:
        """End the thread soon; what was published stays."""
        self._ended.set()
        self._wake.set()

    def _updated(self, name: str, view: AccountView, export: AccountExport) -> AccountPieces:
        pieces = self._accounts.get(name) or AccountPieces()
        try:
            pieces.update(view, export, self._exports.settings)
        except Exception as error:  # noqa: BLE001 - whatever it is, other accounts have nothing to do with it
            self._fails(name, error)
            return AccountPieces()  # not what it was before: that would be served beyond its time to live
        self._failing.discard(name)
        return pieces

    def _told(self, view: AccountView, cuts: Cuts) -> OwnPieces:
        """What is said about an account itself."""
        pieces = self._own_pieces.get(view.name) or OwnPieces()
        about, settings = self._about, self._exports.settings

        def samples() -> Mapping[str, Sequence[Sample]]:
            return {**(about.of(view) if about else {}), CUT_SERIES.name: cut_samples(cuts)}

        pieces.update((about.inputs(view) if about else (), cuts, settings), samples, settings.exports)
        return pieces

    def _tell(self, view: AccountView) -> None:
        try:
            self._seen(view)
        except Exception as error:  # noqa: BLE001 - whatever it is, samples have nothing to do with it
            self._fails(view.name, error)

    def _do_beside(self) -> None:
        try:
            self._beside()
        except Exception as error:  # noqa: BLE001 - whatever it is, what was rendered has nothing to do with it
            self._fails(None, error)
        else:
            self._failing.discard(None)

    def _run(self, beat: Heartbeat) -> None:
        while not self._ended.is_set():
            self._wake.clear()  # before looking: what comes while it renders must wake it once more
            beat.ran(self._clock.now())
            rest = self.refresh_guarded()
            beat.ran(self._clock.now(), rest)
            self._clock.wait(self._ended, rest)  # whatever wakes it: a busy account would leave nothing to the others
            while not self._wake.is_set() and (left := self._change - self._clock.now()) > 0:
                beat.ran(self._clock.now(), min(left, _LONGEST_NAP))
                self._clock.wait(self._wake, min(left, _LONGEST_NAP))

    def refresh_guarded(self) -> float:
        """Refresh, or publish nothing where that fails. Seconds until the next attempt at the earliest."""
        began = self._clock.now()
        try:
            self.refresh()
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread has to go on
            self._fails("", error)
            self.exposition = self._nothing  # what was published before would be served beyond its time to live
            self._wake.set()
            return _AFTER_ERROR
        self._failing.discard("")
        return min((self._clock.now() - began) * _REST, _LONGEST_REST)

    def _fails(self, account: str | None, error: Exception) -> None:
        """Count a mistake, and log it when it is new: it may come back every second."""
        if account in self._failing:
            self._supervisor.count(ThreadKind.RENDER)
            return
        self._failing.add(account)
        self._supervisor.failed(ThreadKind.RENDER, error, **({"account": account} if account else {}))


def _cuts(account: str, pieces: AccountPieces) -> Cuts:
    """What limits cut of an account."""
    return {
        (account, SeriesLimit.UNKNOWN_KEYS): pieces.unknown_keys_cut,
        (account, SeriesLimit.SERIES_PER_ACCOUNT): pieces.series_cut,
    }
