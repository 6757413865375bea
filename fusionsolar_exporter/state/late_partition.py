"""The part of an account whose username is in a file that cannot be read yet: nobody knows whose limits count."""

from collections.abc import Callable, Sequence

from typing_extensions import override

from fusionsolar_exporter.state.store import Entry, Found, NotLeadingError, Partition

_LOOK_SECONDS = 5.0


class LatePartition(Partition):
    """``find`` gives the partition once the name is known, and None before."""

    def __init__(self, find: Callable[[], Partition | None], *, keeps: bool) -> None:
        self._find = find
        self._found: Partition | None = None
        self._keeps = keeps

    @property
    @override
    def keeps(self) -> bool:
        return self._keeps

    @property
    @override
    def named(self) -> bool:
        return self._found is not None

    @override
    def acquire(self) -> bool:
        if self._found is None:
            self._found = self._find()
        return self._found is not None and self._found.acquire()

    @override
    def wait_seconds(self) -> float:
        return _LOOK_SECONDS if self._found is None else self._found.wait_seconds()

    @override
    def was_emptied(self) -> bool:
        return self._found is not None and self._found.was_emptied()

    @property
    @override
    def unread(self) -> bool:
        return self._found is None or self._found.unread

    @override
    def read_new(self) -> Found:
        return Found() if self._found is None else self._found.read_new()

    @override
    def write(self, entries: Sequence[Entry]) -> None:
        if self._found is None:
            raise NotLeadingError
        self._found.write(entries)

    @override
    def release(self) -> None:
        if self._found is not None:
            self._found.release()

    @override
    def request_handover(self) -> None:
        if self._found is not None:
            self._found.request_handover()
