"""Moments that outlive a process: numbers of its writer's clock, which the codec of state makes ours."""

from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

At = Callable[[float], float]
"""From a moment as it was written to the same moment by this process's clock."""


def _here(moment: float, info: ValidationInfo) -> float:
    at: At | None = info.context
    return moment if at is None else at(moment)


Moment = Annotated[float, AfterValidator(_here)]
"""Pacing clock's seconds. Every field of a record that is one has this type; all other numbers stay as they are."""
