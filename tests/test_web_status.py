"""The status page and its JSON: what they say, and that foreign names stay text."""

import json
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_support import NOW, WALL_AHEAD, FakeExporter, FixedClock, account, ask, serving

from fusionsolar_exporter import __version__
from fusionsolar_exporter.status import AccountState, FailureNote
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.formatting import counted, moment, relative, span, tally
from fusionsolar_exporter.web.status_json import render_json
from fusionsolar_exporter.web.status_page import MAX_PLANTS, render_page
from fusionsolar_exporter.web.status_report import report

EVIL = "</script><img src=x onerror=alert(1)>\"'&<style>"
FAILURE = FailureNote(NOW - 65, "getAlarmList", "permission", 20056, f"refused {EVIL}", "Ask the owner.")


def page(*accounts: AccountView) -> str:
    made = report(accounts, clock=FixedClock(), ready=True)
    return render_page(made, telemetry_path="/metrics").decode()


def document(*accounts: AccountView) -> Any:
    return json.loads(render_json(report(accounts, clock=FixedClock(), ready=True)))


class Reader(HTMLParser):
    """Collects the texts and tags of a page, and checks that tags are closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    def rows(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_the_page_says_how_each_account_does() -> None:
    text = Reader(page(account("home", state=AccountState.CREDENTIALS, failures=[FAILURE]))).rows()
    assert f"Version {__version__} · 2023-11-14 22:13:27 UTC" in text
    assert "home credentials" in text
    assert "The login is refused." in text
    assert "getAlarmList permission (20056) 1 min 5 s ago 2023-11-14 22:12:22 UTC" in text
    assert "Ask the owner." in text
    assert "plant_realtime ok 5 min 1 min 30 s ago 2023-11-14 22:11:57 UTC in 3 min 30 s" in text
    assert "alarms failing 1 h 30 min 2 h 30 min ago" in text
    assert "device_realtime waiting - - - - 0" in text
    assert "device_list off - - - - -" in text
    assert "getDevRealKpi 2 of 4 5 min 3 s in 20 s" in text
    assert "login 0 of 5 10 min 3 s - in 30 min 2023-11-14 22:43:27 UTC the far side refused the login" in text
    assert "1 battery, 2 string_inverter" in text
    assert "Roof NE=000 1 battery, 2 string_inverter 0" in text
    assert "No longer listed" not in text


def test_an_account_that_has_only_begun_has_a_page_too() -> None:
    begun = account(state=AccountState.STARTING, plants=())
    bare = replace(begun.status, collectors=(), interfaces=(), clock_offset_seconds=None, stretch=1.0)
    text = Reader(page(replace(begun, status=bare))).rows()
    assert "There has been no login yet." in text
    assert "0 plants · 0 devices" in text
    assert "clock" not in text
    assert "Collectors" not in text


def test_several_accounts_are_listed_first() -> None:
    html = page(account("a"), account("b", failures=[replace(FAILURE, fail_code=None)]))
    reader = Reader(html)
    assert "Account State Plants Devices Failures a ok 1 3 0 b ok 1 3 1" in reader.rows()
    assert ("href", "#account-1") in reader.attributes
    assert ("id", "account-1") in reader.attributes
    assert "getAlarmList permission 1 min" in reader.rows()


def test_a_large_fleet_is_cut_on_the_page_and_whole_in_the_json() -> None:
    large = account(plants=[f"Plant {number}" for number in range(MAX_PLANTS + 50)])
    html = page(large)
    assert html.count("Plant ") == MAX_PLANTS
    assert "150 plants, the first 100 by code" in html
    assert len(document(large)["accounts"][0]["plants"]) == MAX_PLANTS + 50


def test_names_stay_text() -> None:
    reader = Reader(page(account(EVIL, plants=[EVIL], failures=[FAILURE])))
    assert not {"img", "script"} & set(reader.tags)
    assert reader.tags.count("style") == 1
    assert not [name for name, _ in reader.attributes if name.startswith("on")]
    assert reader.texts.count(EVIL) == 2
    assert f"refused {EVIL}" in reader.texts


@given(st.text(st.characters(blacklist_characters="\r\0", blacklist_categories=())))
def test_any_name_makes_a_page_and_a_document(name: str) -> None:
    written = name.encode("utf-8", "replace").decode()
    html = page(account(name, plants=[name]))
    assert Reader(html).texts.count(written) >= (2 if written.strip() else 0)
    assert document(account(name, plants=[name]))["accounts"][0]["account"] == written


def test_the_page_loads_and_runs_nothing() -> None:
    with serving(exporter=FakeExporter(accounts=[account()])) as server:
        answer = ask(server, "/")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    reader = Reader(answer.text)
    assert not {"script", "img", "link", "iframe", "form"} & set(reader.tags)
    assert not [name for name, _ in reader.attributes if name in {"style", "src"}]
    links = [value for name, value in reader.attributes if name == "href"]
    assert links == ["/metrics", "/api/v1/status"]


def test_the_json_has_everything_in_unix_time() -> None:
    with serving(exporter=FakeExporter(accounts=[account(failures=[FAILURE])], is_ready=False)) as server:
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
    }
    assert interfaces["getDevRealKpi"]["quota_used_calls"] == 2
    assert only == {
        "account": "default",
        "host": "eu5.fusionsolar.huawei.com",
        "state": "ok",
        "advice": "",
        "up": True,
        "leader": True,
        "clock_offset_seconds": 1.5,
        "interval_stretch": 1.25,
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
                "devices": {"battery": 1, "string_inverter": 2},
                "active_alarms": 0,
            }
        ],
    }


@pytest.mark.parametrize("state", list(AccountState))
def test_every_state_but_ok_has_advice(state: AccountState) -> None:
    (only,) = document(account(state=state))["accounts"]
    assert only["state"] == state
    assert bool(only["advice"]) == (state is not AccountState.OK)


SPANS: Sequence[tuple[float | None, str]] = [
    (None, "-"),
    (0, "0 s"),
    (-5, "0 s"),
    (0.25, "0.25 s"),
    (59.7, "1 min"),
    (90, "1 min 30 s"),
    (3600, "1 h"),
    (3605, "1 h"),
    (86400 + 3600 * 2 + 61, "1 d 2 h"),
]


@pytest.mark.parametrize(("seconds", "text"), SPANS)
def test_spans(seconds: float | None, text: str) -> None:
    assert span(seconds) == text


def test_other_wording() -> None:
    assert relative(None, 10) == "-"
    assert relative(10.5, 10) == "now"
    assert relative(70, 10) == "in 1 min"
    assert relative(10, 70) == "1 min ago"
    assert moment(0) == "1970-01-01 00:00:00 UTC"
    assert moment(1e18) == "beyond the calendar"
    assert counted(1, "plant") == "1 plant"
    assert counted(12000, "plant") == "12,000 plants"
    assert tally({}) == "-"
