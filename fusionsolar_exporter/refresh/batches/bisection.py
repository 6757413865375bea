"""The search for an id that the far side refuses, so that one bad device or plant never hides the others.

Each turn asks the ids known to be good together with one suspect part, so that an accepted turn refreshes them all; a
last suspect is asked by itself, so that the right one is blamed. A part that is alone left over of a refused whole is
halved without being asked. With one bad id among 100 this takes 13 turns at most.

Some ids are refused only together, each of them answered without the others: some of them are to be asked apart then.
"""

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass, field


@dataclass(eq=False, slots=True)
class _Whole:
    """What was refused, and halved."""

    explained: bool = False
    """Whether a part of it has been refused too, or is listed no more."""
    alone: list[str] = field(default_factory=list)
    """Ids of it that were answered by themselves."""


@dataclass(eq=False, slots=True)
class _Part:
    ids: list[str]
    whole: _Whole


class Bisection:
    """Halves a refused batch, turn by turn, until the refused id is alone."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.good: list[str] = []
        self.apart: list[str] = []
        """Answered by themselves, as each other id of what was refused: refused is only the whole."""
        self._parts: deque[_Part] = deque()
        self._halve(list(ids))

    @property
    def done(self) -> bool:
        """True when every id is known to be good, is to be asked apart, or was left out."""
        return not self._parts

    def turn(self) -> list[str]:
        """The ids to ask next: a last suspect alone, larger parts together with the good ids."""
        part = self._parts[0]
        return list(part.ids) if len(part.ids) == 1 else self.good + part.ids

    def accepted(self) -> None:
        """The turn was answered."""
        part = self._parts.popleft()
        rest = next((other for other in self._parts if other.whole is part.whole), None)
        self.good += part.ids
        if len(part.ids) == 1:
            part.whole.alone += part.ids
            if rest is None and not part.whole.explained:
                self.apart += part.whole.alone
                self.good = [known for known in self.good if known not in part.whole.alone]
        if rest is not None and len(rest.ids) > 1:  # the bad id must be in the other half
            self._parts.remove(rest)
            self._halve(rest.ids)

    def refused(self) -> str | None:
        """The turn was refused; the id that was alone in it: the next turn is another's, and :meth:`blamed` ends it."""
        part = self._parts.popleft()
        part.whole.explained = True
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
        self.apart = [known for known in self.apart if known in ids]
        for part in list(self._parts):
            part.whole.explained |= any(suspect not in ids for suspect in part.ids)
            part.ids = [suspect for suspect in part.ids if suspect in ids]
            if not part.ids:
                self._parts.remove(part)

    def _halve(self, ids: list[str]) -> None:
        middle, whole = len(ids) // 2, _Whole()
        self._parts += [_Part(half, whole) for half in (ids[:middle], ids[middle:]) if half]
