"""How far each plant's clocks are ahead of UTC, as its reports have told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fusionsolar_exporter.northbound.interfaces import HOUR
from fusionsolar_exporter.northbound.model import DatedReading, Plant
from fusionsolar_exporter.refresh.reports.periods import PeriodKind, offset_of_midnight

_SEASON = HOUR
"""Clocks of summer and winter differ by so much."""


@dataclass(frozen=True, slots=True)
class LearntOffset:
    """An offset in seconds, and the newest midnight that it was learnt from."""

    midnight: float
    offset: float


class PlantZones:
    """Offsets by plant code. Midnights are Unix seconds."""

    def __init__(self) -> None:
        self._learnt: dict[str, LearntOffset] = {}
        self.changes = 0
        """Grows whenever something else is known."""

    def of(self, plant_code: str) -> LearntOffset | None:
        """What is known of a plant; None before its first report."""
        return self._learnt.get(plant_code)

    def learn(self, plant: Plant, kind: PeriodKind, rows: Sequence[DatedReading]) -> None:
        """Take the rows of one plant from one answer."""
        begins = [row.begin for row in rows]
        if not begins:
            return
        # hours of a day begin with its midnight, unless the plant was connected in the course of it
        midnight = min(begins) if kind is PeriodKind.HOUR else max(begins)
        offset = offset_of_midnight(midnight)
        known = self._learnt.get(plant.code)
        expected = listed_offset(plant) if known is None else known.offset
        if kind is PeriodKind.HOUR and expected is not None and abs(offset - expected) > _SEASON:
            if known is None:
                self._take(plant, LearntOffset(0.0, expected))
        elif known is None or midnight > known.midnight:
            self._take(plant, LearntOffset(midnight, offset))

    def kept(self) -> Mapping[str, LearntOffset]:
        """What state keeps."""
        return dict(self._learnt)

    def restore(self, kept: Mapping[str, LearntOffset]) -> None:
        """Take over what was kept."""
        self._learnt.update(kept)
        self.changes += 1

    def keep_only(self, plant_codes: Mapping[str, object]) -> None:
        """Forget all other plants."""
        self._learnt = {code: learnt for code, learnt in self._learnt.items() if code in plant_codes}
        self.changes += 1

    def _take(self, plant: Plant, learnt: LearntOffset) -> None:
        known = self._learnt.get(plant.code)
        self.changes += known is None or known.offset != learnt.offset
        self._learnt[plant.code] = learnt


def listed_offset(plant: Plant) -> float | None:
    """The offset of the grid connection date, which is that of another season perhaps."""
    try:
        offset = datetime.fromisoformat(plant.grid_connection_date).utcoffset()
    except ValueError:
        return None
    return None if offset is None else offset.total_seconds()
