"""The running exporter: accounts that refresh in the background, a renderer of what they publish, reloads."""

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack

from fusionsolar_exporter.config import Config, ConfigError
from fusionsolar_exporter.logs import EventLogger, without_secrets
from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.connection_counts import ConnectionCounts
from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.reload_outcome import ReloadOutcome
from fusionsolar_exporter.rendering.live_metrics import LiveMetrics
from fusionsolar_exporter.rendering.piece import Body
from fusionsolar_exporter.rendering.renderer import Renderer
from fusionsolar_exporter.right_of_way import RightOfWay
from fusionsolar_exporter.running_accounts import AccountSet, RunningAccounts
from fusionsolar_exporter.supervision import Supervisor, ThreadKind
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.status.overview import PlantOverview
from fusionsolar_exporter.wiring import export_settings, redact_secrets

_READY_AFTER = 60.0  # seconds; the far side being down at start is normal


class Exporter:
    """Safe from any thread; scrapes read what is published and wait for nobody."""

    def __init__(
        self,
        *,
        config: Config,
        load: Callable[[], Config],
        accounts: RunningAccounts,
        exports: AccountExports,
        instruments: OwnInstruments,
        renderer: Renderer,
        live: LiveMetrics,
        way: RightOfWay,
        connection_counts: ConnectionCounts,
        overview: PlantOverview,
        supervisor: Supervisor,
        clock: Clock,
        log: EventLogger,
    ) -> None:
        self._config = config
        self._load = load
        self._accounts = accounts
        self._exports = exports
        self._instruments = instruments
        self._renderer = renderer
        self._live = live
        self.way = way
        """Of answers."""
        self.connection_counts = connection_counts
        """Of the web server."""
        self.overview = overview
        """Of the status page."""
        self.supervisor = supervisor
        """Of all threads."""
        self._clock = clock
        self._log = log
        self._reloading = threading.Lock()
        self._started_at = clock.now()

    def exposition(
        self, *, openmetrics: bool, gzipped: bool, accounts: frozenset[str] | None, names: frozenset[str] | None
    ) -> Body:
        """The exposition as it was last rendered; None where nothing is selected by account or sample name.

        Called by one thread.
        """
        return self._renderer.current().body(
            self._live.look(), openmetrics=openmetrics, gzipped=gzipped, accounts=accounts, names=names
        )

    def refresh_exposition(self) -> None:
        """Have what accounts have published so far rendered before this returns."""
        self._renderer.refresh()

    def views(self) -> Sequence[AccountView]:
        """Every account as it is now."""
        return self._accounts.views()

    def ready(self) -> bool:
        """Whether each account has had its first answer or failure; a minute after the start in any case."""
        return not self.waited_for()

    def waited_for(self) -> Sequence[str]:
        """The accounts whose first answer or failure is waited for; nobody's from a minute after the start on."""
        return () if self._clock.now() - self._started_at >= _READY_AFTER else self._accounts.waited_for()

    def ailments(self) -> Sequence[str]:
        """What is wrong with the process itself, in words: threads that should have run long ago."""
        return self.supervisor.problems()

    def reload(self) -> ReloadOutcome:
        """Take the configuration anew, as a whole or not at all: where anything fails the old one runs on."""
        with self._reloading:
            try:
                with ExitStack() as undo:  # what was done is undone last first, unless everything could be done
                    config = self._read(undo)
                    prepared = self._prepare(config, undo)
                    before = self._put_in_force(config, prepared, undo)
                    self._accounts.start()
                    undo.pop_all()
            except ConfigError as error:
                return self._refused(error)
            except Exception as error:  # noqa: BLE001 - whatever it is, the old configuration has to run on
                return self._failed(error)
            self._forget(before)
            self._log.info("configuration reloaded", accounts=len(prepared.accounts))
            return ReloadOutcome()

    def start(self) -> None:
        """Begin to refresh, each account in its own thread."""
        self._renderer.start()
        self._accounts.start()

    def stop(self) -> None:
        """End the threads and the sessions, in two seconds at most."""
        self._renderer.stop()
        self._accounts.stop()

    def _read(self, undo: ExitStack) -> Config:
        config = self._load()
        undo.callback(redact_secrets, self._config)
        redact_secrets(self._config, config)  # both, as long as it is open which of them stays
        for warning in config.warnings:
            self._log.warning("doubtful configuration", warning=warning)
        if config.state != self._config.state:
            self._log.warning("another state is used from the next start on", key="state")
        return config

    def _prepare(self, config: Config, undo: ExitStack) -> AccountSet:
        undo.callback(self._instruments.keep_only, {account.name for account in self._config.accounts})
        prepared = self._accounts.prepare(config)
        undo.callback(self._accounts.discard, prepared)
        return prepared

    def _put_in_force(self, config: Config, prepared: AccountSet, undo: ExitStack) -> AccountSet:
        old, before = self._config, self._accounts.in_force
        undo.callback(self._renderer.reconfigure, lambda: self._exchange(old, before))
        self._renderer.reconfigure(lambda: self._exchange(config, prepared))
        return before

    def _exchange(self, config: Config, accounts: AccountSet) -> None:
        self._config = config
        self._exports.reconfigure(export_settings(config))
        self._accounts.exchange(accounts)

    def _forget(self, before: AccountSet) -> None:
        """Give up what only the configuration before had; nothing can go back any more."""
        self._accounts.discard(before)
        self._instruments.keep_only({account.name for account in self._config.accounts})
        redact_secrets(self._config)
        self._instruments.config_reloaded(successful=True, at=self._clock.wall(self._clock.now()))
        self._renderer.refresh()

    def _refused(self, error: ConfigError) -> ReloadOutcome:
        for problem in error.problems:
            self._log.error("configuration refused: the old one stays", error=problem)
        return self._old_one_stays(ReloadOutcome(tuple(error.problems)))

    def _failed(self, error: Exception) -> ReloadOutcome:
        self.supervisor.failed(ThreadKind.RELOAD, error, consequence="the old configuration stays")
        told = without_secrets(f"internal error, the old configuration stays: {type(error).__name__}: {error}")
        return self._old_one_stays(ReloadOutcome((told,), broken=True))

    def _old_one_stays(self, outcome: ReloadOutcome) -> ReloadOutcome:
        self._instruments.config_reloaded(successful=False, at=self._clock.wall(self._clock.now()))
        self._renderer.refresh_guarded()
        return outcome
