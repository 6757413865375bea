"""Which rows of an answer are wanted, at which moment each stands, and to which day it belongs."""

from collections.abc import Iterable, Mapping
from itertools import pairwise
from operator import attrgetter

from fusionsolar_exporter.backfill.columns import Dated
from fusionsolar_exporter.backfill.options import DEVICE_HISTORY
from fusionsolar_exporter.backfill.planner import local_day
from fusionsolar_exporter.backfill.request import HistoryRequest
from fusionsolar_exporter.northbound.interfaces import DAY, HOUR
from fusionsolar_exporter.northbound.model import DatedReading
from fusionsolar_exporter.refresh.reports.kinds import REPORT_KINDS
from fusionsolar_exporter.refresh.reports.periods import PeriodKind, end_of, offset_of_midnight
from fusionsolar_exporter.status import CollectorName


def rows_by_day(request: HistoryRequest, rows: Iterable[DatedReading]) -> Mapping[str, list[Dated]]:
    """The wanted rows by local date: whole periods, or points, inside of what was asked for."""
    found: dict[float, list[Dated]] = {}
    dated = _points(rows) if request.what == DEVICE_HISTORY else _periods(request, rows)
    for row, end in dated:
        if request.begin <= row.begin and end < request.end:
            found.setdefault((row.begin + request.offset) // DAY, []).append((row, end))
    return {local_day(number * DAY, 0.0): some for number, some in found.items()}


def _points(rows: Iterable[DatedReading]) -> Iterable[Dated]:
    return ((row, row.begin) for row in rows if row.values)


def _periods(request: HistoryRequest, rows: Iterable[DatedReading]) -> Iterable[Dated]:
    """Each with the last second of its period."""
    kind = REPORT_KINDS[CollectorName(request.what)].periods
    by_id: dict[str, list[DatedReading]] = {}
    for row in rows:
        by_id.setdefault(row.id, []).append(row)
    for some in by_id.values():
        ordered = sorted(some, key=attrgetter("begin"))
        followers = [after.begin for _, after in pairwise(ordered)]
        for row, follower in zip(ordered, [*followers, None], strict=True):
            end = _end(kind, row.begin, request.offset)
            # what follows tells of clocks that were changed in between
            yield row, (follower if follower is not None and abs(follower - end) <= HOUR else end) - 1


def _end(kind: PeriodKind, begin: float, offset: float) -> float:
    return end_of(kind, begin, offset if kind is PeriodKind.HOUR else offset_of_midnight(begin))
