"""What has to be asked for what is wanted: the requests of one account, newest first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fusionsolar_exporter.backfill.options import DEVICE_HISTORY, Options
from fusionsolar_exporter.backfill.request import HistoryRequest
from fusionsolar_exporter.northbound.interfaces import (
    DAY,
    HISTORY_IDS_PER_CALL,
    HOUR,
    IDS_PER_CALL,
    REAL_TIME_TYPES,
    REPORT_TYPES,
    Interface,
)
from fusionsolar_exporter.northbound.model import Device, Plant
from fusionsolar_exporter.refresh.reports.kinds import REPORT_KINDS
from fusionsolar_exporter.refresh.reports.periods import PeriodKind, end_of, start_of
from fusionsolar_exporter.refresh.reports.zones import PlantZones, listed_offset
from fusionsolar_exporter.report_interfaces import REPORT_INTERFACES
from fusionsolar_exporter.status import PLANT_REPORTS, CollectorName

YOUNGEST = 3 * HOUR
"""Nothing younger is written: Prometheus's head block has it, and blocks that reach into it are not loaded."""
OLDEST_HISTORY = 365 * DAY - HOUR
_DAYS_A_CALL = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Holdings:
    """The plants and devices of one account, and what is known of their clocks."""

    plants: Mapping[str, Plant]
    devices: Mapping[str, Device]
    zones: PlantZones
    device_types: frozenset[int] | None = None
    """Types that the configuration limits requests to."""

    def offset(self, plant_code: str) -> float:
        """How far a plant's clocks are ahead of UTC: learnt, as its list says, or not at all."""
        learnt = self.zones.of(plant_code)
        if learnt is not None:
            return learnt.offset
        plant = self.plants.get(plant_code)
        return (listed_offset(plant) if plant else None) or 0.0


def plan(holdings: Holdings, options: Options, now: float, *, five_minutes: bool) -> list[HistoryRequest]:
    """Every request, newest first; ``five_minutes`` where the server has the older interface alone."""
    found: list[HistoryRequest] = []
    for name in options.what:
        if name == DEVICE_HISTORY:
            found += _history(holdings, options, now, five_minutes=five_minutes)
        else:
            found += _reports(CollectorName(name), holdings, options, now)
    return sorted(found, key=lambda request: (-request.end, request.what, request.device_type, request.key))


def local_day(moment: float, offset: float) -> str:
    """The local date of Unix seconds."""
    return (_EPOCH + timedelta(seconds=moment + offset)).strftime("%Y-%m-%d")


def span(options: Options, offset: float, now: float, oldest: float = 0.0) -> tuple[float, float]:
    """From when to when rows are wanted, in a zone."""
    return max(options.begin.at(offset), oldest), min(options.end.at(offset), now - YOUNGEST)


def _reports(name: CollectorName, holdings: Holdings, options: Options, now: float) -> Iterator[HistoryRequest]:
    container = REPORT_KINDS[name].periods.container
    for offset, type_id, ids, built in _groups(holdings, name):
        begin, end = span(options, offset, now, built)
        for since, until in _containers(container, begin, end, offset):
            days = _days(max(since, begin), min(until, end), offset)
            yield HistoryRequest(
                name, REPORT_INTERFACES[name], type_id, ids, max(since, begin), min(until, end), offset, days
            )


def _containers(container: PeriodKind | None, begin: float, end: float, offset: float) -> Iterator[tuple[float, float]]:
    """The days, months or years that have something of a time; all of it where one answer holds everything."""
    if begin >= end:
        return
    if container is None:
        yield begin, end
        return
    since = start_of(container, begin, offset)
    while since < end:
        until = end_of(container, since, offset)
        yield since, until
        since = until


def _history(holdings: Holdings, options: Options, now: float, *, five_minutes: bool) -> Iterator[HistoryRequest]:
    interface = Interface.GET_DEV_FIVE_MINUTES if five_minutes else Interface.GET_DEV_HISTORY_KPI
    days_a_call = 1 if five_minutes else _DAYS_A_CALL
    size = IDS_PER_CALL if five_minutes else HISTORY_IDS_PER_CALL
    for offset, type_id, ids, built in _device_groups(holdings, REAL_TIME_TYPES, size):
        begin, end = span(options, offset, now, max(built, now - OLDEST_HISTORY))
        until = end
        while until > begin:
            # whole days from the newest on, so that each file has all of its day from few requests
            since = max(start_of(PeriodKind.DAY, until - 1, offset) - (days_a_call - 1) * DAY, begin)
            yield HistoryRequest(
                DEVICE_HISTORY, interface, type_id, ids, since, until, offset, _days(since, until, offset)
            )
            until = since


def _days(begin: float, end: float, offset: float) -> tuple[str, ...]:
    days, at = [], start_of(PeriodKind.DAY, begin, offset)
    while at < end:
        days.append(local_day(at + DAY / 2, offset))
        at += DAY
    return tuple(days)


_Group = tuple[float, int, tuple[str, ...], float]
"""Offset, device type, ids, and when the first of them was built."""


def _groups(holdings: Holdings, name: CollectorName) -> Iterator[_Group]:
    if name not in PLANT_REPORTS:
        yield from _device_groups(holdings, REPORT_TYPES, IDS_PER_CALL)
        return
    by_offset: dict[float, list[str]] = {}
    for code in holdings.plants:
        by_offset.setdefault(holdings.offset(code), []).append(code)
    for offset, codes in sorted(by_offset.items()):
        for part in _chunks(codes, IDS_PER_CALL):
            yield offset, 0, part, _built(holdings.plants[code] for code in part)


def _device_groups(holdings: Holdings, types: frozenset[int], size: int) -> Iterator[_Group]:
    by_kind: dict[tuple[float, int], list[str]] = {}
    for device in holdings.devices.values():
        wanted = holdings.device_types is None or device.type_id in holdings.device_types
        if wanted and device.type_id in types and device.plant_code in holdings.plants:
            by_kind.setdefault((holdings.offset(device.plant_code), device.type_id), []).append(device.id)
    for (offset, type_id), ids in sorted(by_kind.items()):
        for part in _chunks(ids, size):
            plants = (holdings.plants[holdings.devices[key].plant_code] for key in part)
            yield offset, type_id, part, _built(plants)


def _built(plants: Iterable[Plant]) -> float:
    return min((plant.grid_connected_at or 0.0 for plant in plants), default=0.0)


def _chunks(ids: Sequence[str], size: int) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(ids), size):
        yield tuple(ids[start : start + size])
