"""The exporter and its parts, put together in the order in which they need each other."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from prometheus_client.registry import CollectorRegistry

from fusionsolar_exporter.config import AccountConfig, Config
from fusionsolar_exporter.exporter import Exporter
from fusionsolar_exporter.failure_log import RepeatedFailures
from fusionsolar_exporter.logs import EventLogger, without_secrets
from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.account_samples import AccountSamples
from fusionsolar_exporter.metrics.connection_counts import ConnectionCounts
from fusionsolar_exporter.metrics.cut_series import SeriesLimit
from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.metrics.registry import exported_registry, process_registry
from fusionsolar_exporter.metrics.status_collector import StatusSamples
from fusionsolar_exporter.metrics.supervision_collector import SupervisionCollector
from fusionsolar_exporter.northbound.transport import HttpTransport, Transport
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.turns import Turns, TurnTakingTransport
from fusionsolar_exporter.rendering.live_metrics import LiveMetrics
from fusionsolar_exporter.rendering.renderer import Renderer
from fusionsolar_exporter.reports import AccountObservers, ShownState
from fusionsolar_exporter.right_of_way import RightOfWay
from fusionsolar_exporter.running_accounts import RunningAccounts
from fusionsolar_exporter.state.opening import open_state
from fusionsolar_exporter.supervision import Supervisor
from fusionsolar_exporter.web.status.overview import PlantOverview
from fusionsolar_exporter.wiring import export_settings, redact_secrets, transport_settings


@dataclass(frozen=True, slots=True)
class Core:
    """What refreshes in the background, and the metrics that it makes."""

    accounts: RunningAccounts
    exports: AccountExports
    counted: CollectorRegistry
    """What the exporter counts about itself, beside its accounts."""
    instruments: OwnInstruments
    supervisor: Supervisor
    way: RightOfWay


def build_core(config: Config, changed: Callable[[], None], *, clock: Clock, log: EventLogger) -> Core:
    """Accounts of a configuration, not started yet; ``changed`` is called whenever there is something new to show."""
    redact_secrets(config)  # before anything can log
    for warning in config.warnings:
        log.warning("doubtful configuration", warning=warning)
    supervisor = Supervisor(clock.now, log, pause=clock.pause)
    counted = CollectorRegistry()
    instruments = OwnInstruments(counted)
    state = open_state(config.state, clock, log, ShownState(instruments.state, changed), supervisor)
    observers = AccountObservers(instruments, RepeatedFailures(log, lambda: clock.wall(clock.now())))
    way = RightOfWay()
    turns = Turns(way=way)

    def transport(account: AccountConfig) -> Transport:
        return TurnTakingTransport(HttpTransport(transport_settings(account)), turns)

    collaborators = Collaborators(clock, transport, observers, log, changed, turns, supervisor, without_secrets)
    accounts = RunningAccounts(collaborators, state, supervisor, clock)
    accounts.exchange(accounts.prepare(config))
    instruments.config_reloaded(successful=True, at=clock.wall(clock.now()))

    def warn_of_cut(account: str, limit: SeriesLimit, series: int) -> None:
        log.warning("a limit cuts series", account=account, limit=limit.value, series=series)

    exports = AccountExports(accounts.views, export_settings(config), clock, warn_of_cut)
    return Core(accounts, exports, counted, instruments, supervisor, way)


def build_exporter(config: Config, load: Callable[[], Config], *, clock: Clock, log: EventLogger) -> Exporter:
    """The exporter of a configuration, not started yet; ``load`` reads it anew for a reload."""
    changed = threading.Event()  # first of all: accounts and state set it, and the renderer, made of both, waits for it
    core = build_core(config, changed.set, clock=clock, log=log)
    overview = PlantOverview(clock)
    connection_counts = ConnectionCounts()
    watched = [connection_counts, SupervisionCollector(core.supervisor, clock.wall)]
    live = LiveMetrics(exported_registry(watched, core.exports.wanted), process_registry(), clock)
    renderer = Renderer(
        core.exports,
        exported_registry([core.counted], core.exports.wanted),
        core.accounts.next_change,
        clock,
        core.supervisor,
        changed,
        overview.note,
        about=AccountSamples(StatusSamples(clock), core.instruments),
        beside=live.prepare,
    )
    renderer.refresh()  # what the state held is shown from the first scrape on
    return Exporter(
        config=config,
        load=load,
        accounts=core.accounts,
        exports=core.exports,
        instruments=core.instruments,
        renderer=renderer,
        live=live,
        way=core.way,
        connection_counts=connection_counts,
        overview=overview,
        supervisor=core.supervisor,
        clock=clock,
        log=log,
    )
