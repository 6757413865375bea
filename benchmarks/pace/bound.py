"""What no policy can better where another program calls at random: every policy on a coarse grid, by its outcomes.

A window of a few slots holds so many calls. The other program calls at moments that nobody can foresee (a Poisson
process), and gives up where there is no room, which is kind to us. In each slot we call once or not at all, knowing
what became of all our calls so far. After so many slots whatever was learnt or spent is forgiven: that makes the figure
a little too high, and so a bound.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp, factorial
from typing import Optional

State = tuple[int, ...]
"""Calls counted by slot, the newest last."""
Belief = Mapping[State, float]

_PRICES = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0)


@dataclass(frozen=True, slots=True)
class _Node:
    quiet: Optional["_Node"]
    """After a slot without a call; None where the tree ends."""
    answered: Optional["_Node"]
    refused: Optional["_Node"]
    chance: float
    """That a call is answered."""


class AtRandom:
    """A window of so many calls, of which the other program wants so many on average."""

    def __init__(self, calls: int, others: float, *, slots: int = 3, horizon: int = 9) -> None:
        self._calls, self._slots, self._others = calls, slots, others
        self._step = cache(self._after_a_slot)
        belief: Belief = {(0,) * slots: 1.0}
        for _ in range(20 * slots):
            belief = self._later(belief)
        self._root = self._tree(belief, horizon)
        self.fresh = 1.0 if self._root is None else 1.0 - self._root.chance
        """The chance that a call is refused when none of ours was made for a window."""

    def most_used(self, refused_share: float) -> float:
        """The most that is answered, as a share of what the other program leaves, with so few refusals at most."""
        # each price of a refusal gives a bound: answers that keep to the share only gain by it
        return min(self._most(refused_share, price) for price in _PRICES) * self._slots / (self._calls - self._others)

    def _most(self, refused_share: float, price: float) -> float:
        low, high = 0.0, 1.0 + refused_share * price
        for _ in range(16):
            a_slot = (low + high) / 2
            gain = _worth(self._root, 1 + refused_share * price, -(1 - refused_share) * price, a_slot)
            low, high = (a_slot, high) if gain > 0 else (low, a_slot)
        return high

    def _tree(self, belief: Belief, horizon: int) -> _Node | None:
        if horizon == 0:
            return None
        room = {state: share for state, share in belief.items() if sum(state) < self._calls}
        chance = sum(room.values())
        answered = {(*state[:-1], state[-1] + 1): share / chance for state, share in room.items()}
        full = {state: share / (1 - chance) for state, share in belief.items() if state not in room}
        quiet, served, refused = (self._tree(self._later(each), horizon - 1) for each in (belief, answered, full))
        return _Node(quiet, served, refused, chance)

    def _later(self, belief: Belief) -> Belief:
        spread: defaultdict[State, float] = defaultdict(float)
        for before, share in belief.items():
            for after, chance in self._step(before):
                spread[after] += share * chance
        return spread

    def _after_a_slot(self, state: State) -> Sequence[tuple[State, float]]:
        kept, mean = state[1:], self._others / self._slots
        room = self._calls - sum(kept)
        chances = [exp(-mean) * mean**each / factorial(each) for each in range(room)]
        return [((*kept, each), chance) for each, chance in enumerate([*chances, 1 - sum(chances)])]


def _worth(node: _Node | None, answered: float, refused: float, a_slot: float) -> float:
    """What the best policy earns from here on, less so much a slot."""
    if node is None:
        return 0.0
    quiet, *called = (_worth(each, answered, refused, a_slot) for each in (node.quiet, node.answered, node.refused))
    call = node.chance * (answered + called[0]) + (1 - node.chance) * (refused + called[1])
    return max(quiet, call) - a_slot


def lines() -> Iterator[str]:
    """A table of bounds, where the other program spends half."""
    yield "| calls in a window | first call after a window refused | most used, at most 3 % refused |"
    yield "| --- | --- | --- |"
    for calls, horizon in ((2, 8), (3, 8), (6, 7), (9, 6)):
        bound = AtRandom(calls, calls / 2, horizon=horizon)
        yield f"| {calls} | {bound.fresh:.1%} | {bound.most_used(0.03):.0%} |"
