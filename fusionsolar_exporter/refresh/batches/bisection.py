"""The search for an id that the far side refuses, so that one bad device or plant never hides the others.

Each turn asks the ids known to be good together with one suspect part, so that an accepted turn refreshes them all; a
last suspect is asked by itself, so that the right one is blamed. A part that is alone left over of a refused whole is
halved without being asked. With one bad id among 100 this takes 13 turns at most.
"""

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass


@dataclass(eq=False, slots=True)
class _Part:
    ids: list[str]
    whole: object
    """The same for both halves of one refused whole."""


class Bisection:
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
        rest = next((other for other in self._parts if other.whole is part.whole), None)
        if rest is not None and len(rest.ids) > 1:  # the bad id must be in the other half
            self._parts.remove(rest)
            self._halve(rest.ids)

    def refused(self) -> str | None:
        """The turn was refused; the id that was alone in it: the next turn is another's, and :meth:`blamed` ends it."""
        part = self._parts.popleft()
        if len(part.ids) == 1:
            self._parts.append(part)
            return part.ids[0]
        self._halve(part.ids)
        return None

    def blamed(self, key: str) -> None:
        """The id is to blame, and not asked any more."""
        self._parts = deque(part for part in self._parts if part.ids != [key])

    def keep(self, ids: Container[str]) -> None:
        """Forget the ids that are no longer listed."""
        self.good = [known for known in self.good if known in ids]
        for part in list(self._parts):
            part.ids = [suspect for suspect in part.ids if suspect in ids]
            if not part.ids:
                self._parts.remove(part)

    def _halve(self, ids: list[str]) -> None:
        middle, whole = len(ids) // 2, object()
        self._parts += [_Part(half, whole) for half in (ids[:middle], ids[middle:]) if half]
