"""The failCodes that the reference names (section 10); each may be a label value, others only so many."""

from itertools import chain

_RUNS = (
    (20001, 20028),
    (20034, 20051),
    (20402, 20403),
    (20604, 20620),
    (21000, 21011),
    (22000, 22008),
    (23000, 23003),
    (23005, 23007),
    (24000, 24006),
    (25000, 25007),
    (26000, 26002),
    (30001, 30034),
)
_SINGLE = (305, 401, 407, 20030, 20055, 20116, 20200, 20400)

DOCUMENTED: frozenset[int] = frozenset(chain(_SINGLE, *(range(first, last + 1) for first, last in _RUNS)))
