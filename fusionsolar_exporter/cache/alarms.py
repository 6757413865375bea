"""The active alarms of plants, of which one answer may tell a part of the time only."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from fusionsolar_exporter.cache.answer_groups import AnswerGroups
from fusionsolar_exporter.cache.snapshot import PlantAlarms
from fusionsolar_exporter.northbound.model import Alarm


@dataclass(frozen=True, slots=True)
class AlarmWindow:
    """The part of the time that one alarm request covers: ``index`` of ``count`` parts, Unix seconds."""

    begin: float
    end: float
    index: int = 0
    count: int = 1

    def covers(self, alarm: Alarm) -> bool:
        """Whether an answer for this window would name the alarm if it were still active."""
        return alarm.raised_at is None or self.begin <= alarm.raised_at <= self.end


class AlarmAnswers:
    """The alarms of one account. Not thread-safe, not even to read."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.alarms: AnswerGroups[tuple[str, Alarm], None] = AnswerGroups(now)
        """By plant code."""
        self.parts: AnswerGroups[tuple[str, int, int], None] = AnswerGroups(now)
        """What was answered: plant code, part of the time, and how many parts that was cut into then."""
        self._made_of: tuple[object, object] = (None, None)
        self._by_plant: Mapping[str, PlantAlarms] = {}

    def replace(self, asked: Collection[str], alarms: Iterable[Alarm], window: AlarmWindow, expires_at: float) -> None:
        """Take the active alarms of these plants that were raised within the window."""
        self.alarms.retain(lambda key: key[0] not in asked or not window.covers(key[1]))
        found = ((alarm.plant_code, alarm) for alarm in alarms if alarm.plant_code in asked)
        self.alarms.put(dict.fromkeys(found), expires_at)
        self.parts.put(dict.fromkeys((code, window.index, window.count) for code in asked), expires_at)

    def keep_plants(self, codes: Collection[str]) -> None:
        """Drop what belongs to other plants."""
        self.alarms.retain(lambda key: key[0] in codes)
        self.parts.retain(lambda key: key[0] in codes)

    def by_plant(self) -> Mapping[str, PlantAlarms]:
        """By plant code; the same object until something changes."""
        made_of = self.alarms.values, self.parts.values
        if made_of[0] is not self._made_of[0] or made_of[1] is not self._made_of[1]:
            self._made_of = made_of
            self._by_plant = _by_plant(*made_of)
        return self._by_plant


def _by_plant(
    alarms: Mapping[tuple[str, Alarm], None], parts: Iterable[tuple[str, int, int]]
) -> Mapping[str, PlantAlarms]:
    found: dict[str, list[Alarm]] = {}
    for code, alarm in alarms:
        found.setdefault(code, []).append(alarm)
    # each way to cut the time by itself: another one neither completes what there is nor takes it away
    answered = Counter((code, count) for code, _, count in parts)
    complete = {code for (code, count), some in answered.items() if some == count}
    return {code: PlantAlarms(tuple(found.get(code, ())), code in complete) for code, _ in answered}
