"""The search for an id that the far side refuses, so that one bad device or plant never hides the others.

Each turn asks the ids known to be good together with one suspect part, so that an accepted turn refreshes them all; a
last suspect is asked by itself, so that the right one is blamed. A part that is alone left over of a refused whole is
halved without being asked. With one bad id among 100 this takes 13 turns at most.
"""

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass


@dataclass(slots=True)
class _Group:
    """Parts of a refused whole: while no other part of it was refused, the last one left must hold the bad id."""

    left: int
    whole_refused: bool = True


@dataclass(slots=True)
class _Part:
    ids: list[str]
    group: _Group


class Search:
    """Halves a refused batch, turn by turn, until the refused id is alone."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.good: list[str] = []
        self._parts: deque[_Part] = deque()
        self._halve(list(ids))

    @property
    def done(self) -> bool:
        """True when every id is known to be good or was left out."""
        return not self._parts

    def turn(self) -> list[str]:
        """The ids to ask next: a last suspect alone, larger parts together with the good ids."""
        part = self._parts[0]
        return list(part.ids) if len(part.ids) == 1 else self.good + part.ids

    def accepted(self) -> None:
        """The turn was answered."""
        part = self._parts.popleft()
        self.good += part.ids
        self._leave(part)
        if part.group.whole_refused and part.group.left == 1:
            rest = next(other for other in self._parts if other.group is part.group)
            if len(rest.ids) > 1:
                self._parts.remove(rest)
                self._halve(rest.ids)

    def refused(self) -> str | None:
        """The turn was refused; the id that is to blame, where it was alone."""
        part = self._parts.popleft()
        part.group.whole_refused = False
        self._leave(part)
        if len(part.ids) == 1:
            return part.ids[0]
        self._halve(part.ids)
        return None

    def keep(self, ids: Container[str]) -> None:
        """Forget the ids that are no longer listed."""
        self.good = [known for known in self.good if known in ids]
        for part in list(self._parts):
            part.ids = [suspect for suspect in part.ids if suspect in ids]
            if not part.ids:
                self._parts.remove(part)
                part.group.whole_refused = False
                self._leave(part)

    def ids(self) -> list[str]:
        """Every id that is not left out."""
        return self.good + [suspect for part in self._parts for suspect in part.ids]

    def _halve(self, ids: list[str]) -> None:
        if len(ids) == 1:
            self._parts.append(_Part(ids, _Group(1, whole_refused=False)))
            return
        middle = len(ids) // 2
        group = _Group(2)
        self._parts += [_Part(ids[:middle], group), _Part(ids[middle:], group)]

    @staticmethod
    def _leave(part: _Part) -> None:
        part.group.left -= 1
