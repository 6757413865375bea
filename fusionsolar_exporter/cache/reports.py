"""Reports: of each plant or device the running period and the newest complete one."""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum

from fusionsolar_exporter.cache.answer_groups import AnswerGroups
from fusionsolar_exporter.cache.published import PublishedDict
from fusionsolar_exporter.northbound.model import DatedReading


class ReportPeriod(StrEnum):
    """Values of the label ``period``."""

    CURRENT = "current"
    """Running: its values grow until it ends."""
    LAST = "last"
    """The newest complete one."""


class Reports:
    """What one collector of reports has brought. Not thread-safe, not even to read."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.periods: Mapping[ReportPeriod, AnswerGroups[str, DatedReading]] = {
            period: AnswerGroups(now) for period in ReportPeriod
        }
        self.fetched_at: PublishedDict[str, float] = PublishedDict()
        """When each id was answered last, about its running day, month or year."""

    @property
    def values(self) -> Mapping[ReportPeriod, Mapping[str, DatedReading]]:
        """By period and id."""
        return {period: groups.values for period, groups in self.periods.items()}

    def keep(self, ids: Collection[str]) -> None:
        """Drop what belongs to others."""
        for groups in self.periods.values():
            groups.retain(ids.__contains__)
        self.fetched_at.remove(self.fetched_at.other_than(ids.__contains__))
