"""A world whose account keeps its state in a SQLite file: it can be killed at any moment, and started again."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.transport import RawAnswer
from fusionsolar_exporter.refresh.account import Account
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.simulator.plan import FleetPlan
from fusionsolar_exporter.state.sqlite import SqliteState
from fusionsolar_exporter.state.sqlite_partition import SqlitePartition
from support.observed import Observed
from support.world import InProcess, QuietFailures, World


class Killed(BaseException):
    """What SIGKILL is to a process: nothing behind this line happens."""


class Deadly(InProcess):
    """A transport during whose requests the process may be killed: before they arrive, or after."""

    before: Callable[[], None] = staticmethod(lambda: None)
    after: Callable[[], None] = staticmethod(lambda: None)

    def survive(self) -> None:
        """Nobody is killed."""
        self.before = self.after = lambda: None

    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        self.before()
        answer = super().post(path, payload, auth)
        self.after()
        return answer


class KeptWorld(World):
    """Start it with :meth:`start`, as often as it was killed."""

    def __init__(self, directory: Path, plan: FleetPlan | None = None, **options: Any) -> None:
        super().__init__(plan, **options)
        self.file = directory / "state.sqlite"
        self.transport = self.deadly = Deadly(self.system, self.clock, self.transport.seconds)
        self.observed = Observed()
        self.partitions: list[tuple[SqlitePartition, SqliteState]] = []
        self.start()

    def start(self) -> None:
        """A new process with the same configuration."""
        self.account = self.process()

    def process(self) -> Account:
        """An account of one more process on the same state."""
        state = SqliteState(self.file, self.clock, self.log, self.observed)
        partition = state.partition(self.settings.account.host, "northbound")
        self.partitions.append((partition, state))
        collaborators = Collaborators(
            clock=self.clock,
            transport=lambda _settings: self.transport,
            observer=lambda _settings: Observer(self.instruments, QuietFailures()),
            log=self.log,
        )
        return Account(self.settings, collaborators, partition)

    def kill(self) -> None:
        """End every process: what was not written is lost, and the system frees their locks."""
        for partition, state in self.partitions:
            if partition._lock is not None:
                partition._lock.close()
            state.close()
        self.partitions.clear()
        self.deadly.survive()
