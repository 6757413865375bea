"""The status as JSON: everything that the page has, in Unix time and plain numbers."""

import json

import pytest
from web_support import EVIL, FAILURE, NOW, WALL_AHEAD, FakeExporter, account, ask, serving

from fusionsolar_exporter import __version__


def test_the_json_has_everything_in_unix_time() -> None:
    with serving(exporter=FakeExporter(accounts=[account(failures=[FAILURE])], waiting=["default"])) as server:
        answer = ask(server, "/api/v1/status")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    now = NOW + WALL_AHEAD
    body = json.loads(answer.body, parse_constant=pytest.fail)
    (only,) = body.pop("accounts")
    assert body == {"version": __version__, "timestamp_seconds": now, "ready": False}
    collectors = {each.pop("collector"): each for each in only.pop("collectors")}
    assert collectors["plant_realtime"] == {
        "enabled": True,
        "success": True,
        "interval_seconds": 300.0,
        "last_success_timestamp_seconds": now - 90,
        "next_sweep_timestamp_seconds": now + 210,
        "last_sweep_duration_seconds": 0.4,
        "batches": 1,
        "cache_entries": 1,
        "cache_expired": 2,
        "left_out": [],
    }
    assert collectors["device_realtime"]["interval_seconds"] is None
    interfaces = {each.pop("interface"): each for each in only.pop("interfaces")}
    assert interfaces["login"] == {
        "quota_calls": 5,
        "quota_used_calls": 0,
        "quota_window_seconds": 603.0,
        "next_request_timestamp_seconds": None,
        "held_until_timestamp_seconds": now + 1800,
        "hold_reason": "the far side refused the login",
        "pace_ratio": 1.0,
        "pace_seconds": None,
        "pace_learnt_timestamp_seconds": None,
    }
    assert interfaces["getDevRealKpi"]["quota_used_calls"] == 2
    assert only == {
        "account": "default",
        "host": "eu5.fusionsolar.huawei.com",
        "state": "ok",
        "advice": "",
        "until_timestamp_seconds": now + 1800,
        "up": True,
        "leader": True,
        "clock_offset_seconds": 1.5,
        "interval_stretch": 1.25,
        "budget": None,
        "devices": {"battery": 1, "string_inverter": 2},
        "failures": [
            {
                "timestamp_seconds": now - 65,
                "interface": "getAlarmList",
                "reason": "permission",
                "fail_code": 20056,
                "message": f"refused {EVIL}",
                "advice": "Ask the owner.",
            }
        ],
        "plants": [
            {
                "plant_code": "NE=000",
                "plant": "Roof",
                "power_watts": None,
                "day_yield_watthours": None,
                "capacity_watts": None,
                "health": "",
                "inverters": {},
                "devices": {"battery": 1, "string_inverter": 2},
                "active_alarms": 0,
                "alarm": None,
                "data_timestamp_seconds": None,
                "attention": 2,
            }
        ],
        "alarms": [],
    }
