"""What outlives the process: entries of bytes by account, in memory, in SQLite or in Redis, and who may refresh."""

from fusionsolar_exporter.state.store import Entry, Found, Kept, NotLeadingError, Partition, State, StateObserver

__all__ = ["Entry", "Found", "Kept", "NotLeadingError", "Partition", "State", "StateObserver"]
