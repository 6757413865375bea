"""State that ends with the process."""

from collections.abc import Sequence

from fusionsolar_exporter.state.store import Entry, Kept


class MemoryPartition:
    """Always leads and keeps nothing: what is known lives in the account itself."""

    keeps = False

    def acquire(self) -> bool:
        """See :meth:`Partition.acquire`."""
        return True

    def was_lost(self) -> bool:
        """See :meth:`Partition.was_lost`."""
        return False

    def was_emptied(self) -> bool:
        """See :meth:`Partition.was_emptied`."""
        return False

    def read_new(self) -> Sequence[Kept]:
        """See :meth:`Partition.read_new`."""
        return ()

    def write(self, entries: Sequence[Entry]) -> None:
        """See :meth:`Partition.write`."""

    def release(self) -> None:
        """See :meth:`Partition.release`."""

    def request_handover(self) -> None:
        """See :meth:`Partition.request_handover`."""


class MemoryState:
    """``memory:``."""

    def partition(self, host: str, username: str) -> MemoryPartition:
        """See :meth:`State.partition`."""
        del host, username
        return MemoryPartition()

    def close(self) -> None:
        """See :meth:`State.close`."""
