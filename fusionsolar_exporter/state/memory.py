"""State that ends with the process."""

from collections.abc import Sequence

from typing_extensions import override

from fusionsolar_exporter.state.store import LOOK_SECONDS, Entry, Kept, Partition, State


class MemoryPartition(Partition):
    """Always leads and keeps nothing: what is known lives in the account itself."""

    keeps = False

    @override
    def acquire(self) -> bool:
        return True

    @override
    def wait_seconds(self) -> float:
        return LOOK_SECONDS

    @override
    def was_lost(self) -> bool:
        return False

    @override
    def was_emptied(self) -> bool:
        return False

    @override
    def read_new(self) -> Sequence[Kept]:
        return ()

    @override
    def write(self, entries: Sequence[Entry]) -> None:
        pass

    @override
    def release(self) -> None:
        pass

    @override
    def request_handover(self) -> None:
        pass


class MemoryState(State):
    """``memory:``."""

    @override
    def partition(self, host: str, username: str) -> MemoryPartition:
        del host, username
        return MemoryPartition()

    @override
    def close(self) -> None:
        pass
