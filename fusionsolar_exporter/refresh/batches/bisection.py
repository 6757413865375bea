"""The search for an id that the far side refuses, so that one bad device or plant never hides the others.

Each turn asks the ids known to be good together with one suspect part, so that an accepted turn refreshes them all, and
so does a search that goes on after the trouble is over. A last suspect is asked by itself, so that the right one is
blamed, when it was refused with the others, must be it because the other half of what was refused was answered, or
comes after one that was refused; now and then the good ids are asked alone where nothing else would refresh them. A
part that is alone left over of a refused whole is halved without being asked. With one bad id among 100 this takes 14
turns at most. When newer lists have lost a suspect, the others are asked in one turn.

Some ids are refused only together, each of them answered without the others: some of them are to be asked apart then.
"""

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass

_GOOD_WAIT = 3
"""Turns in a row that do not refresh the good ids; then it is theirs."""


@dataclass(eq=False, slots=True)
class _Whole:
    """What was refused, and halved."""

    explained: bool = False
    """Whether a part of it has been refused too, or is listed no more."""


@dataclass(eq=False, slots=True)
class _Part:
    ids: list[str]
    whole: _Whole
    convicted: bool = False
    """A single id that was refused with the good ones, or whose other half was answered."""


class Bisection:
    """Halves a refused batch, turn by turn, until the refused id is alone."""

    def __init__(self, ids: Sequence[str]) -> None:
        self.good: list[str] = []
        self.apart: list[str] = []
        """Answered by themselves, and refused with others of which each was answered too: refused is only the whole."""
        self._parts: deque[_Part] = deque()
        self._waited = 0
        """Turns in a row that have not refreshed the good ids."""
        self._wary = False
        """The last suspect was refused by itself: the next is likely to be as well."""
        self._halve(list(ids))

    @property
    def done(self) -> bool:
        """True when every id is known to be good, is to be asked apart, or was left out."""
        return not self._parts

    def turn(self) -> list[str]:
        """The ids to ask next: the good ids with a part, or by themselves, or a last suspect by itself."""
        if self._is_turn_of_good:
            return list(self.good)
        part = self._parts[0]
        return list(part.ids) if self._is_alone(part) else self.good + part.ids

    def accepted(self) -> None:
        """The turn was answered."""
        if self._is_turn_of_good:
            self._waited = 0
            return
        part = self._parts.popleft()
        self._waited = self._waited + 1 if self.good and self._is_alone(part) else 0
        self._wary = False
        (self.apart if part.convicted and not part.whole.explained else self.good).extend(part.ids)
        rest = next((other for other in self._parts if other.whole is part.whole), None)
        if rest is None:
            return
        if len(rest.ids) == 1:
            rest.convicted = True
            return
        self._parts.remove(rest)  # the bad id must be in the other half
        self._halve(rest.ids)

    def refused(self) -> str | None:
        """The turn was refused; the id that was alone in it: the next turn is another's, and :meth:`blamed` ends it."""
        if self._is_turn_of_good:
            self._halve(self.good)  # one of them has gone bad meanwhile
            self.good, self._waited = [], 0
            return None
        part = self._parts.popleft()
        self._waited += bool(self.good)
        part.whole.explained = True
        if len(part.ids) > 1:
            self._halve(part.ids)
            return None
        if self._is_alone(part):
            self._wary = part.convicted = True
            self._parts.append(part)
            return part.ids[0]
        self._parts.appendleft(_Part(part.ids, _Whole(), convicted=True))
        return None

    def blamed(self, key: str) -> None:
        """The id is to blame, and not asked any more."""
        self._parts = deque(part for part in self._parts if part.ids != [key])

    def keep(self, ids: Container[str]) -> None:
        """Forget the ids that are no longer listed.

        One that was suspected may have been all that was wrong: then the other suspects are asked together again.
        """
        self.good = [known for known in self.good if known in ids]
        self.apart = [known for known in self.apart if known in ids]
        suspects = [suspect for part in self._parts for suspect in part.ids]
        left = [suspect for suspect in suspects if suspect in ids]
        if len(left) < len(suspects):
            self._wary = False
            self._parts = deque([_Part(left, _Whole(explained=True))] if left else [])

    @property
    def _is_turn_of_good(self) -> bool:
        return bool(self.good) and self._waited >= _GOOD_WAIT

    def _is_alone(self, part: _Part) -> bool:
        """Whether a part is asked, or was, without the good ids."""
        return len(part.ids) == 1 and (part.convicted or self._wary or not self.good)

    def _halve(self, ids: list[str]) -> None:
        middle, whole = len(ids) // 2, _Whole()
        self._parts += [_Part(half, whole) for half in (ids[:middle], ids[middle:]) if half]
