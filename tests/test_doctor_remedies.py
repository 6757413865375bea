"""What doctor says about learnt paces."""

from dataclasses import replace

from fusionsolar_exporter.doctor.remedies import _about_paces
from fusionsolar_exporter.doctor.report import InterfaceFindings, Outcome

ALARMS = InterfaceFindings(
    collector="alarms",
    interface="getAlarmList",
    permitted=True,
    outcome=Outcome.ANSWERED,
    summary="",
    problem=None,
    asked_timestamp_seconds=None,
    next_timestamp_seconds=None,
    quota_calls=4,
    quota_used_calls=1,
    quota_window_seconds=1803.0,
    spacing_seconds=0.0,
    pace_ratio=760 / 451,
    pace_seconds=760.0,
)


def test_one_slower_interface_points_to_another_program() -> None:
    (only,) = _about_paces([ALARMS])
    assert only == (
        "getAlarmList: the far side allows a call in 12 min 40 s, the limits say 7 min 31 s: "
        "see whether another program uses this user"
    )


def test_several_point_to_an_old_user() -> None:
    *_, last = _about_paces([ALARMS, replace(ALARMS, interface="getDevRealKpi")])
    assert "made before July 2022" in last
    assert list(_about_paces([])) == []
