"""The active alarms as the status page tells them, by plant (reference 9.1.7)."""

from collections.abc import Mapping, Sequence

from fusionsolar_exporter.cache import PlantAlarms, Snapshot
from fusionsolar_exporter.northbound.model import Alarm, Severity
from fusionsolar_exporter.web.status.report import AlarmReport

_RANK = {severity.value: rank for rank, severity in enumerate(Severity)}
_JITTER = 1.0  # seconds between two clocks that say nothing: each answer measures anew


class AlarmReports:
    """Of one account. Used by one thread at a time."""

    def __init__(self) -> None:
        self._far_ahead = 0.0
        self._made_of: tuple[object, object, float] = (None, None, 0.0)
        self._known: Mapping[str, tuple[tuple[PlantAlarms, str, float], Sequence[AlarmReport]]] = {}
        self.by_plant: Mapping[str, Sequence[AlarmReport]] = {}
        """Of every plant that has some: the gravest first, and of these the oldest."""
        self.all: tuple[AlarmReport, ...] = ()
        """The gravest first, and of these the newest."""

    def update(self, snapshot: Snapshot, far_ahead: float) -> None:
        """Take what is active now. It is dated by the far side's clock, so many seconds ahead; reports are by ours."""
        if abs(far_ahead - self._far_ahead) >= _JITTER:
            self._far_ahead = far_ahead
        made_of = snapshot.alarms, snapshot.plants, self._far_ahead
        if all(new is old for new, old in zip(made_of, self._made_of, strict=True)):
            return
        self._known = {
            code: self._of_plant(code, some, snapshot)
            for code, some in snapshot.alarms.items()
            if some.alarms and code in snapshot.plants
        }
        self.by_plant = {code: reports for code, (_, reports) in self._known.items()}
        self.all = tuple(sorted((alarm for some in self.by_plant.values() for alarm in some), key=gravest_and_newest))
        self._made_of = made_of  # last: what fails is done again

    def _of_plant(
        self, code: str, alarms: PlantAlarms, snapshot: Snapshot
    ) -> tuple[tuple[PlantAlarms, str, float], Sequence[AlarmReport]]:
        made_of = alarms, snapshot.plants[code].name, self._far_ahead
        known = self._known.get(code)
        if known is not None and known[0] == made_of:
            return known
        reports = (_report(alarm, made_of[1], self._far_ahead) for alarm in alarms.alarms)
        return made_of, sorted(reports, key=gravest_and_oldest)


def gravest_and_oldest(alarm: AlarmReport) -> tuple[int, float]:
    """For sorting: what is broken, and since when."""
    return _RANK[alarm.severity], alarm.raised_timestamp_seconds or 0.0


def gravest_and_newest(alarm: AlarmReport) -> tuple[int, float]:
    """For sorting: what has come last."""
    return _RANK[alarm.severity], -(alarm.raised_timestamp_seconds or 0.0)


def _report(alarm: Alarm, plant: str, far_ahead: float) -> AlarmReport:
    return AlarmReport(
        plant_code=alarm.plant_code,
        plant=plant,
        device=alarm.device_name,
        severity=alarm.severity.value,
        alarm=alarm.name,
        raised_timestamp_seconds=None if alarm.raised_at is None else alarm.raised_at - far_ahead,
        cause=alarm.cause,
        repair=alarm.repair,
    )
