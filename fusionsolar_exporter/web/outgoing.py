"""The bytes of one answer that are still to be sent. They are looked at, never copied or joined."""

from collections import deque
from collections.abc import Iterable, Sequence

_MOST_PARTS = 512  # the kernel takes 1024 in one call (IOV_MAX)


class Outgoing:
    """Parts in a row, cut as the client takes them; true while something is left."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = deque(memoryview(part) for part in parts if part)

    def __bool__(self) -> bool:
        return bool(self._parts)

    def first(self, size: int) -> Sequence[memoryview]:
        """The first parts, so many bytes at most."""
        found: list[memoryview] = []
        for part in self._parts:
            found.append(part[:size])
            size -= len(found[-1])
            if not size or len(found) == _MOST_PARTS:
                break
        return found

    def drop(self, size: int) -> None:
        """Forget so many bytes at the beginning."""
        while size:
            part = self._parts.popleft()
            if len(part) > size:
                self._parts.appendleft(part[size:])
            size -= min(size, len(part))
