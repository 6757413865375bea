"""From the configuration to a backend."""

import os

from fusionsolar_exporter.config.state import StateConfig, StateKind
from fusionsolar_exporter.event_log import Log
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.state.memory import MemoryState
from fusionsolar_exporter.state.sqlite import SqliteState
from fusionsolar_exporter.state.store import State, StateObserver
from fusionsolar_exporter.supervision import Supervisor


def open_state(
    config: StateConfig, clock: Clock, log: Log, observer: StateObserver, supervisor: Supervisor | None = None
) -> State:
    """The backend that the configuration names; one that cannot be reached yet is no error."""
    match config.url.kind:
        case StateKind.SQLITE:
            path = config.url.path(os.environ)
            if path is None:
                log.warning(
                    "state is kept in memory only, since there is no directory for it: neither STATE_DIRECTORY nor "
                    "HOME is set, and this user has no home; set one of them, or state.url to sqlite:PATH"
                )
                observer.working(False)
                return MemoryState(clock)
            state = SqliteState(path, clock, log, observer)
            if state.entries.working:  # else it has said why not
                log.info("state is kept in a file", file=str(path))
            return state
        case StateKind.REDIS:
            watching = supervisor or Supervisor(clock.now, log, pause=clock.pause)
            return _open_redis(config, clock, log, observer, watching)
        case StateKind.MEMORY:
            log.info("state is kept in memory only: after a restart everything is asked anew", state="memory:")
            observer.working(True)
            return MemoryState(clock)


def _open_redis(config: StateConfig, clock: Clock, log: Log, observer: StateObserver, supervisor: Supervisor) -> State:
    # redis is an extra: who keeps state elsewhere need not have it
    from fusionsolar_exporter.state.redis.link import RedisLink  # noqa: PLC0415
    from fusionsolar_exporter.state.redis.state import RedisState  # noqa: PLC0415

    link = RedisLink(config.url.text, config.lease, clock, log, observer)
    if link.working:
        log.info("state is kept in Redis and shared by replicas", redis=link.address, lease_seconds=config.lease)
    state = RedisState(link, config.lease, clock)
    state.start(supervisor)
    return state
