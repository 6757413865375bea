"""State in a SQLite file, shared by the processes of one machine.

Where the file cannot be written, the exporter goes on without: everything it knows is in its memory too.
"""

from pathlib import Path

from typing_extensions import override

from fusionsolar_exporter.event_log import Log
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.state.sqlite_entries import SqliteEntries
from fusionsolar_exporter.state.sqlite_partition import SqlitePartition
from fusionsolar_exporter.state.store import State, StateObserver, name_of


class SqliteState(State):
    """``sqlite:PATH``."""

    def __init__(self, path: Path, clock: Clock, log: Log, observer: StateObserver) -> None:
        self.entries = SqliteEntries(path, clock, log, observer)

    @override
    def partition(self, host: str, username: str) -> SqlitePartition:
        return SqlitePartition(self.entries, name_of(host, username))

    @override
    def close(self) -> None:
        self.entries.close()
