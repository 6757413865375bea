"""From the unit of an interface to a bare unit, without the crumbs that multiplying by 0.01 leaves."""

from math import isclose

_EXACT = 1e-12


def multiplier_and_divisor(factor: float) -> tuple[float, float]:
    """A factor as two numbers of which one is 1: 0.01 divides by 100, so that 57 % is 0.57."""
    inverse = 1 / factor
    if abs(factor) < 1 and isclose(inverse, round(inverse), rel_tol=_EXACT):
        return 1.0, float(round(inverse))
    return factor, 1.0
