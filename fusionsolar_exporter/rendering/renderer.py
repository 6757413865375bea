"""Keeps the exposition up to date in a thread of its own: neither a scrape nor a request of ours waits for it."""

import threading
from collections.abc import Callable, Mapping
from typing import Protocol

from prometheus_client.registry import Collector

from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.cut_series import CUT_SERIES, Cuts, SeriesLimit, cut_samples
from fusionsolar_exporter.metrics.families import DATA_SCOPES, FAMILIES
from fusionsolar_exporter.metrics.text import label_value, number, pairs
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.rendering.account_pieces import AccountPieces
from fusionsolar_exporter.rendering.exposition import DataFamily, Exposition
from fusionsolar_exporter.rendering.own_metrics import OwnRenderer
from fusionsolar_exporter.rendering.piece import Piece
from fusionsolar_exporter.view import AccountView

_REST = 9  # of ten seconds at most one is spent on rendering, however often something changes
_LONGEST_REST = 5.0  # seconds that a change may wait for that reason: three hundred accounts take half a second
_AFTER_ERROR = 60.0  # seconds


class ErrorLog(Protocol):
    """Where mistakes of ours go."""

    def error(self, event: str, /, **fields: object) -> None:
        """Write one line."""
        ...


class Renderer:
    """``exposition`` is read without a lock from any thread; it is replaced, never changed.

    ``changed`` is set by whoever has something new to show. ``next_change`` gives the moment (pacing clock) at which
    something changes though nothing arrives: the next expiry. ``seen`` gets each account once it is rendered.
    """

    def __init__(
        self,
        exports: AccountExports,
        own: Collector,
        next_change: Callable[[], float],
        clock: Clock,
        log: ErrorLog,
        changed: threading.Event,
        seen: Callable[[AccountView], None] = lambda _view: None,
    ) -> None:
        self._exports = exports
        self._own = OwnRenderer(own)
        self._next_change = next_change
        self._clock = clock
        self._log = log
        self._accounts: Mapping[str, AccountPieces] = {}
        self._working = threading.Lock()
        self._wake = changed
        self._seen = seen
        self._ended = threading.Event()
        self.exposition = Exposition((), self._own.render())

    def wake(self) -> None:
        """Something changed: have it rendered soon. Returns at once."""
        self._wake.set()

    def refresh(self) -> None:
        """Render what changed, and publish it before returning."""
        with self._working:
            collected = self._exports.accounts()
            self._accounts = {name: self._accounts.get(name) or AccountPieces() for name in collected}
            for name, (view, export) in collected.items():
                self._accounts[name].update(view, export, self._exports.settings)
            cuts = {
                (name, limit): count
                for name, pieces in self._accounts.items()
                for limit, count in (
                    (SeriesLimit.UNKNOWN_KEYS, pieces.unknown_keys_cut),
                    (SeriesLimit.SERIES_PER_ACCOUNT, pieces.series_cut),
                )
            }
            self._exports.tell(cuts)
            families = [
                DataFamily(
                    name,
                    [
                        (label_value(account), pieces.by_metric[name])
                        for account, pieces in self._accounts.items()
                        if name in pieces.by_metric
                    ],
                )
                for name, family in FAMILIES.items()
                if family.scope in DATA_SCOPES
            ]
            if self._exports.settings.exports(CUT_SERIES.name):
                families.append(_cut_family(cuts))
            self.exposition = Exposition(families, self._own.render())
            for view, _ in collected.values():
                self._seen(view)  # last: nothing that it does keeps samples from being served

    def reconfigure(self, change: Callable[[], None]) -> None:
        """Let ``change`` happen while nothing is being rendered, and publish what it leads to."""
        with self._working:
            change()
        self.refresh()

    def start(self) -> None:
        """Begin to render in the background."""
        threading.Thread(target=self._run, name="render", daemon=True).start()

    def stop(self) -> None:
        """End the thread soon; what was published stays."""
        self._ended.set()
        self._wake.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            self._wake.clear()  # before looking: what comes while it renders must wake it once more
            change = self._next_change()  # looked up before: what expires while it is rendered is rendered once more
            rest = self._guarded_refresh()
            self._clock.wait(self._ended, rest)  # whatever wakes it: a busy account would leave nothing to the others
            self._clock.wait(self._wake, change - self._clock.now())

    def _guarded_refresh(self) -> float:
        """A mistake of ours must not end the thread quietly. Seconds until the next attempt at the earliest."""
        began = self._clock.now()
        try:
            self.refresh()
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread has to go on
            self._log.error("internal error while rendering: please report it", error=error)
            return _AFTER_ERROR
        return min((self._clock.now() - began) * _REST, _LONGEST_REST)


def _cut_family(cuts: Cuts) -> DataFamily:
    return DataFamily(
        CUT_SERIES.name,
        [
            (
                sample.labels["account"],
                Piece.of(f"{sample.name}{{{','.join(pairs(sample.labels))}}} {number(sample.value)}\n".encode(), 1),
            )
            for sample in cut_samples(cuts)
        ],
    )
