"""The life of the process that serves: listen, refresh, reload, end."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fusionsolar_exporter import __version__, interpreter, signals
from fusionsolar_exporter.building import build_exporter
from fusionsolar_exporter.config import Config, ConfigError
from fusionsolar_exporter.exporter import Exporter
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.reload_thread import ReloadThread
from fusionsolar_exporter.supervision import Supervisor, ThreadKind
from fusionsolar_exporter.web.addresses import ListenError, listen_on
from fusionsolar_exporter.web.application import Application
from fusionsolar_exporter.web.security.gate import Gate
from fusionsolar_exporter.web.security.web_security import WebSecurity
from fusionsolar_exporter.web.server import WebServer

_FAREWELL_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class WebOptions:
    """Where and how to serve."""

    addresses: Sequence[str]
    telemetry_path: str = "/metrics"
    config_file: Path | None = None
    """TLS, client certificates, passwords; None: neither."""


def serve(
    config: Config,
    load: Callable[[], Config],
    web: WebOptions,
    *,
    log: EventLogger,
    listening: Callable[[Exporter, Sequence[str]], None] = lambda _exporter, _addresses: None,
) -> int:
    """Serve until SIGTERM or SIGINT; the exit status. ``load`` reads the configuration anew for a reload."""
    clock = SystemClock()
    try:  # what the flags say is tried before anything is said or opened
        security = WebSecurity(web.config_file, log)
        sockets = listen_on(web.addresses)
    except ConfigError as error:
        for problem in error.problems:
            log.error("web configuration", error=problem)
        return 1
    except ListenError as error:
        log.error("cannot listen", error=str(error))
        return 1
    log.info("starting", version=__version__, accounts=len(config.accounts))
    exporter = build_exporter(config, load, clock=clock, log=log)
    supervisor = exporter.supervisor
    beat = supervisor.begin(ThreadKind.WEB)
    app = Application(exporter, clock=clock, telemetry_path=web.telemetry_path, way=exporter.way)
    server = WebServer(
        app if web.config_file is None else Gate(app, security, clock.now),
        sockets,
        counts=exporter.connection_counts,
        beat=lambda: beat.ran(clock.now()),
        security=security,
    )

    # sessions end while the last answers are finished, so that both fit into the five seconds that a SIGTERM gives
    def part() -> None:
        log.info("stopping")
        exporter.stop()

    farewell, begun = threading.Thread(target=part, name="stop", daemon=True), threading.Lock()

    def end() -> None:
        server.stop()
        # a second signal comes while the first one starts the thread: `timeout` sends two at once
        if begun.acquire(blocking=False):
            farewell.start()

    reloads = ReloadThread(exporter.reload, security.look, clock)
    supervisor.start(ThreadKind.RELOAD, reloads.run)
    # signals are taken last: what came before is done now, when everything that it needs is there
    with (
        interpreter.set_up(len(config.accounts), clock.now),
        _hooked(supervisor),
        signals.taken(end=end, reload=reloads.wake),
    ):
        exporter.start()
        for address in server.addresses:
            log.info("listening", address=address)
        listening(exporter, server.addresses)
        supervisor.guard(beat, lambda _: server.run())
        reloads.stop()
        farewell.join(_FAREWELL_SECONDS)
    return 0


@contextmanager
def _hooked(supervisor: Supervisor) -> Iterator[None]:
    """Whatever ends a thread that nobody guards is counted, and logged in one line."""
    before, threading.excepthook = threading.excepthook, supervisor.excepthook
    try:
        yield
    finally:
        threading.excepthook = before
