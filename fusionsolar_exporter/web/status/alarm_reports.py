"""The active alarms as the status page tells them, by plant (reference 9.1.7)."""

from collections.abc import Mapping, Sequence

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.northbound.model import Alarm, Severity
from fusionsolar_exporter.web.status.report import AlarmReport

_RANK = {severity.value: rank for rank, severity in enumerate(Severity)}


def alarms_by_plant(snapshot: Snapshot, far_ahead: float) -> Mapping[str, Sequence[AlarmReport]]:
    """The alarms of every plant that has some, by plant code: the gravest first, and of these the oldest.

    They are dated by the far side's clock, which is so many seconds ahead; the report is by ours.
    """
    return {
        code: sorted((_report(code, alarm, snapshot, far_ahead) for alarm in some.alarms), key=gravest_and_oldest)
        for code, some in snapshot.alarms.items()
        if some.alarms and code in snapshot.plants
    }


def gravest_and_oldest(alarm: AlarmReport) -> tuple[int, float]:
    """For sorting: what is broken, and since when."""
    return _RANK[alarm.severity], alarm.raised_timestamp_seconds or 0.0


def gravest_and_newest(alarm: AlarmReport) -> tuple[int, float]:
    """For sorting: what has come last."""
    return _RANK[alarm.severity], -(alarm.raised_timestamp_seconds or 0.0)


def _report(code: str, alarm: Alarm, snapshot: Snapshot, far_ahead: float) -> AlarmReport:
    return AlarmReport(
        plant_code=code,
        plant=snapshot.plants[code].name,
        device=alarm.device_name,
        severity=alarm.severity.value,
        alarm=alarm.name,
        raised_timestamp_seconds=None if alarm.raised_at is None else alarm.raised_at - far_ahead,
        cause=alarm.cause,
        repair=alarm.repair,
    )
