"""Calls for what has ended: an answer holds one day of hours, one month of days, one year of months.

When that is over, one call a quarter of an hour later brings its last period, and another six hours later what was
revised. Moments are Unix seconds.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fusionsolar_exporter.northbound.interfaces import HOUR, IDS_PER_CALL, MINUTE
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.reports.periods import PeriodKind, end_of, start_of
from fusionsolar_exporter.refresh.reports.zones import LearntOffset

_FIRST_AFTER, _SECOND_AFTER = 15 * MINUTE, 6 * HOUR
CALLS_AT_A_BOUNDARY = 2


@dataclass(frozen=True, slots=True)
class Crossed:
    """How often a plant or device was asked about what ended at a moment."""

    ended_at: float
    calls: int
    first_at: float
    """When it was asked first."""


@dataclass(frozen=True, slots=True)
class _Due:
    ended_at: float
    at: float
    device_type: int


class Boundaries:
    """Batches of those whose day (month, year) has ended, by that moment."""

    def __init__(self, kind: PeriodKind) -> None:
        self._kind = kind
        self._crossed: dict[str, Crossed] = {}
        self._seen: dict[str, float] = {}
        self._batches: dict[tuple[_Due, tuple[str, ...]], Batch] = {}
        self._plan_at = -math.inf

    @property
    def batches(self) -> Mapping[Batch, float]:
        """Each with the moment that its call is about."""
        return {batch: due.ended_at for (due, _), batch in self._batches.items()}

    def kept(self) -> Mapping[str, Crossed]:
        """What state keeps."""
        return dict(self._crossed)

    def restore(self, kept: Mapping[str, Crossed]) -> None:
        """Take over what was kept."""
        self._crossed = dict(kept)
        self._plan_at = -math.inf

    def seen(self, ids: Iterable[str], now: float) -> None:
        """These have been answered: what ends from now on concerns them."""
        for key in ids:
            self._seen.setdefault(key, now)
        self._plan_at = -math.inf

    def asked(self, ids: Iterable[str], ended_at: float, started: float) -> None:
        """These were asked about what had ended then, and there was an answer."""
        for key in ids:
            before = self._crossed.get(key)
            again = before is not None and before.ended_at == ended_at
            self._crossed[key] = (
                Crossed(ended_at, before.calls + 1, before.first_at)
                if before is not None and again
                else Crossed(ended_at, 1, started)
            )
        self._plan_at = -math.inf

    def plan(
        self,
        ids: Callable[[], Mapping[str, int]],
        learnt: Callable[[str], LearntOffset | None],
        lacks_last: Callable[[str], bool],
        now: float,
        moment: Callable[[float], float],
    ) -> None:
        """Put those that have something to ask for into batches; ``ids`` tells theirs with their device types.

        ``moment`` turns Unix seconds into the pacing clock's.
        """
        container = self._kind.container
        if container is None or now < self._plan_at:
            return
        types = ids()
        self._seen = {key: at for key, at in self._seen.items() if key in types}
        self._crossed = {key: crossed for key, crossed in self._crossed.items() if key in types}
        self._plan_at = math.inf
        groups: dict[_Due, list[str]] = {}
        for key, type_id in types.items():
            offset = learnt(key)
            if offset is None or key not in self._seen:
                continue
            ended_at = start_of(container, now, offset.offset)
            self._plan_at = min(self._plan_at, end_of(container, ended_at, offset.offset))
            at = self._due(key, ended_at, lacks_last=lacks_last(key))
            if at is not None:
                groups.setdefault(_Due(ended_at, at, type_id), []).append(key)
        wanted = {(due, part) for due, keys in groups.items() for part in _parts(keys)}
        self._batches = {
            (due, part): self._batches.get((due, part))
            or Batch(list(part), created=moment(due.at), device_type=due.device_type)
            for due, part in wanted
        }

    def _due(self, key: str, ended_at: float, *, lacks_last: bool) -> float | None:
        crossed = self._crossed.get(key)
        if crossed is None or crossed.ended_at != ended_at:
            # at a start in the middle of a day there is nothing to look back for, where a complete hour is known
            wanted = lacks_last or self._seen[key] < ended_at + _SECOND_AFTER
            return ended_at + _FIRST_AFTER if wanted else None
        revised = crossed.calls < CALLS_AT_A_BOUNDARY and crossed.first_at < ended_at + _SECOND_AFTER
        return ended_at + _SECOND_AFTER if revised else None


def _parts(keys: list[str]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(keys), IDS_PER_CALL):
        yield tuple(keys[start : start + IDS_PER_CALL])
