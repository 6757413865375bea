"""The running exporter: accounts that refresh in the background, a renderer of what they publish, reloads."""

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prometheus_client.registry import CollectorRegistry

from fusionsolar_exporter import logs
from fusionsolar_exporter.config import AccountConfig, Config, ConfigError
from fusionsolar_exporter.failure_log import RepeatedFailures
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.metrics.collector import FusionSolarCollector, SeriesLimit
from fusionsolar_exporter.metrics.connection_counts import ConnectionCounts
from fusionsolar_exporter.metrics.own import Instruments, StateInstruments
from fusionsolar_exporter.metrics.registry import build_registry, exported_registry
from fusionsolar_exporter.metrics.status_collector import StatusCollector
from fusionsolar_exporter.northbound.errors import Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.transport import HttpTransport
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.rendering.live_metrics import LiveMetrics
from fusionsolar_exporter.rendering.piece import Body
from fusionsolar_exporter.rendering.renderer import Renderer
from fusionsolar_exporter.state.opening import open_state
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.wiring import account_identity, account_secrets, export_settings, transport_settings

_READY_AFTER = 60.0  # seconds; the far side being down at start is normal
_STOP_SECONDS = 2.0  # for a request in flight and the logout, out of the five that SIGTERM allows

_Identity = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _FailureLog:
    """The summed-up failures of one account."""

    account: str
    host: str
    repeated: RepeatedFailures

    def failed(self, interface: Interface, reason: Reason, message: str, advice: str) -> None:
        self.repeated.failed(self.account, interface, reason, host=self.host, error=message, advice=advice)

    def recovered(self, interface: Interface) -> None:
        self.repeated.succeeded(self.account, interface)


@dataclass(frozen=True, slots=True)
class _ShownState:
    """The state's metrics; what changed is rendered, though no account has anything to publish."""

    instruments: StateInstruments
    changed: Callable[[], None]

    def operation(self, seconds: float) -> None:
        self.instruments.operation(seconds)

    def failed(self) -> None:
        self.instruments.failed()
        self.changed()

    def working(self, working: bool) -> None:
        if self.instruments.working(working):
            self.changed()


def _transport(account: AccountConfig) -> HttpTransport:
    return HttpTransport(transport_settings(account))


class Exporter:
    """Safe from any thread; scrapes read what is published and wait for nobody."""

    def __init__(self, config: Config, load: Callable[[], Config], *, clock: Clock, log: EventLogger) -> None:
        self._config = config
        self._load = load
        self._clock = clock
        self._log = log
        self._reloading = threading.Lock()
        self._started_at = clock.now()
        self._repeated = RepeatedFailures(log, lambda: clock.wall(clock.now()))
        own = CollectorRegistry()
        self._instruments = Instruments(own)
        self._collector = FusionSolarCollector(self.views, export_settings(config), clock, self._warn_of_cut)
        self._accounts: dict[_Identity, Account] = {}
        registry = exported_registry([StatusCollector(self.views, clock), own], self._exports)
        self._renderer = Renderer(self._collector, registry, self._next_change, clock, log)
        self.connection_counts = ConnectionCounts()
        """Of the web server."""
        self._live = LiveMetrics(build_registry([self.connection_counts], self._exports), clock)
        self._collaborators = Collaborators(clock, _transport, self._observer, log, self._renderer.wake)
        self._state = open_state(config.state, clock, log, _ShownState(self._instruments.state, self._renderer.wake))
        self._accounts = self._take(config)
        self._instruments.config_reloaded(successful=True, at=clock.wall(clock.now()))
        self._renderer.refresh()

    def exposition(
        self, *, openmetrics: bool, gzipped: bool, accounts: frozenset[str] | None, names: frozenset[str] | None
    ) -> Body:
        """The exposition as it was last rendered; None where nothing is selected by account or sample name.

        Called by one thread.
        """
        return self._renderer.exposition.body(
            self._live.look(), openmetrics=openmetrics, gzipped=gzipped, accounts=accounts, names=names
        )

    def refresh_exposition(self) -> None:
        """Have what accounts have published so far rendered before this returns."""
        self._renderer.refresh()

    def views(self) -> Sequence[AccountView]:
        """Every account as it is now."""
        return [
            AccountView(settings.name, account.cache.snapshot(), account.status(), settings.account.scale_overrides)
            for account in self._accounts.values()
            for settings in (account.settings,)
        ]

    def ready(self) -> bool:
        """Whether each account has had its first answer or failure; a minute after the start in any case."""
        if self._clock.now() - self._started_at >= _READY_AFTER:
            return True
        return all(account.status().had_first_outcome for account in self._accounts.values())

    def reload(self) -> Sequence[str]:
        """Take the configuration anew: nothing when done, else the problems; the old one is then kept."""
        with self._reloading:
            now = self._clock.wall(self._clock.now())
            try:
                config = self._load()
                accounts = self._take(config)
            except ConfigError as error:
                self._instruments.config_reloaded(successful=False, at=now)
                self._renderer.refresh()
                for problem in error.problems:
                    self._log.error("configuration refused: the old one stays", error=problem)
                return error.problems
            gone = [account for identity, account in self._accounts.items() if identity not in accounts]
            names = {account.name for account in self._config.accounts}

            if config.state != self._config.state:
                self._log.warning("another state is used from the next start on", key="state")

            def change() -> None:
                self._accounts, self._config = accounts, config
                self._collector.reconfigure(export_settings(config))
                for name in names - {account.name for account in config.accounts}:
                    self._instruments.forget(name)
                self._instruments.config_reloaded(successful=True, at=now)

            self._renderer.reconfigure(change)
            for account in gone:
                account.retire()
            for account in accounts.values():
                account.start()
            self._log.info("configuration reloaded", accounts=len(accounts))
            return ()

    def start(self) -> None:
        """Begin to refresh, each account in its own thread."""
        self._renderer.start()
        for account in self._accounts.values():
            account.start()

    def stop(self) -> None:
        """End the threads and the sessions, in two seconds at most."""
        self._renderer.stop()
        stopping = [
            threading.Thread(target=account.stop, args=(_STOP_SECONDS,), daemon=True)
            for account in self._accounts.values()
        ]
        for thread in stopping:
            thread.start()
        until = self._clock.now() + _STOP_SECONDS
        for thread in stopping:
            thread.join(max(until - self._clock.now(), 0.0))
        self._state.close()

    def _take(self, config: Config) -> dict[_Identity, Account]:
        """Accounts for a configuration: those of the same host and user go on with other settings."""
        logs.redact("state", config.state.url.secrets)
        planned = {account_identity(given): AccountSettings(given, config.collectors) for given in config.accounts}
        for account in config.accounts:
            logs.redact(account.name, account_secrets(account))
        for warning in config.warnings:
            self._log.warning("doubtful configuration", warning=warning)
        accounts: dict[_Identity, Account] = {}
        for identity, settings in planned.items():
            known = self._accounts.get(identity)
            if known is None:
                known = Account(settings, self._collaborators, self._state.partition(*identity))
            else:
                known.reconfigure(settings)
            accounts[identity] = known
        return accounts

    def _observer(self, account: AccountConfig) -> Observer:
        return Observer(
            self._instruments.account(account.name), _FailureLog(account.name, account.host, self._repeated)
        )

    def _next_change(self) -> float:
        """When something changes though nothing arrives: data expires, or a call ceases to count."""
        now = self._clock.now()
        moments = [math.inf]
        for account in self._accounts.values():
            moments.append(account.cache.next_expiry())
            for interface in account.status().interfaces:
                ends = (call + interface.window_seconds for call in interface.calls)
                moments.extend(end for end in ends if end > now)
        return min(moments)

    def _exports(self, name: str) -> bool:
        return self._config.metrics.exports(name)

    def _warn_of_cut(self, account: str, limit: SeriesLimit, series: int) -> None:
        self._log.warning("a limit cuts series", account=account, limit=limit.value, series=series)
