"""What each method of the client sends, and what it makes of the answer."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fusionsolar_exporter.northbound.auth import Auth, session_auth
from fusionsolar_exporter.northbound.client import Client
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.transport import RawAnswer

NOW = 1_750_000_000.0


class OneAnswer:
    """A far side that says one thing and remembers what it was asked."""

    def __init__(self, data: object = None, *, fail_code: int = 0, token: str = "") -> None:
        self._answer = {"failCode": fail_code, "data": data, "params": {"currentTime": NOW * 1e3}}
        self._token = token
        self.asked: list[tuple[str, dict[str, Any], str | None]] = []

    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        self.asked.append((path, dict(payload), auth.headers.get("XSRF-TOKEN")))
        return RawAnswer(200, json.dumps(self._answer).encode(), "application/json", self._token)

    def post_form(self, url: str, interface: str, form: Mapping[str, str]) -> RawAnswer:
        raise AssertionError(f"nobody asks for tokens: {url}, {interface}, {form}")

    def close(self) -> None:
        raise AssertionError("the client closes nothing")


def test_login_sends_the_password_once_and_brings_the_token() -> None:
    far = OneAnswer(token="t-1")
    answer = Client(far).login("user", "secret")
    assert (answer.content, answer.far_time) == ("t-1", NOW)
    assert far.asked == [("login", {"userName": "user", "systemCode": "secret"}, None)]


def test_a_login_without_a_token_is_a_bad_response() -> None:
    with pytest.raises(NorthboundError, match="XSRF-TOKEN") as caught:
        Client(OneAnswer()).login("user", "secret")
    assert caught.value.reason is Reason.BAD_RESPONSE
    assert not caught.value.empty


def test_a_refused_login_says_why_even_with_a_token() -> None:
    with pytest.raises(NorthboundError) as caught:
        Client(OneAnswer(fail_code=20400, token="t-1")).login("user", "secret")
    assert caught.value.reason is Reason.CREDENTIALS


def test_logout() -> None:
    far = OneAnswer()
    Client(far, session_auth("t-1")).logout("t-1")
    assert far.asked == [("logout", {"xsrfToken": "t-1"}, "t-1")]


def test_plant_lists() -> None:
    far = OneAnswer({"list": [{"plantCode": "A", "capacity": 2}], "pageCount": 1})
    assert Client(far, session_auth("t")).stations(3).content.items[0].capacity_watts == 2_000
    assert Client(far, session_auth("t")).station_list(2).content.items[0].capacity_watts == 2_000_000
    assert Client(far, session_auth("t")).station_list(None).content.pages == 1
    assert far.asked == [
        ("stations", {"pageNo": 3}, "t"),
        ("getStationList", {"pageNo": 2, "pageSize": 100}, "t"),
        ("getStationList", {}, "t"),
    ]


def test_device_list_keeps_the_plants_that_were_asked() -> None:
    far = OneAnswer([{"id": 1, "devTypeId": 1, "stationCode": code} for code in ("A", "B", "C")])
    content = Client(far, session_auth("t")).device_list(["A", "C"]).content
    assert [item.plant_code for item in content.items] == ["A", "C"]
    assert content.dropped == 1
    assert far.asked == [("getDevList", {"stationCodes": "A,C"}, "t")]


def test_plant_readings_keep_the_plants_that_were_asked() -> None:
    far = OneAnswer([{"stationCode": code, "dataItemMap": {"a": 1}} for code in ("A", "B")])
    content = Client(far, session_auth("t")).plant_readings(["A"]).content
    assert [item.id for item in content.items] == ["A"]
    assert content.dropped == 1
    assert far.asked == [("getStationRealKpi", {"stationCodes": "A"}, "t")]


@pytest.mark.parametrize(("as_text", "sent"), [(False, 38), (True, "38")])
def test_device_readings_write_the_type_as_the_server_wants_it(*, as_text: bool, sent: object) -> None:
    far = OneAnswer([{"devId": 7.0, "dataItemMap": {"a": 1}}, {"devId": "9", "dataItemMap": {}}])
    content = Client(far, session_auth("t")).device_readings(38, ["7", "8"], type_as_text=as_text).content
    assert [item.id for item in content.items] == ["7"]
    assert content.dropped == 1
    assert far.asked == [("getDevRealKpi", {"devIds": "7,8", "devTypeId": sent}, "t")]


def test_alarms_are_asked_in_whole_milliseconds() -> None:
    far = OneAnswer([{"stationCode": "A", "lev": 1}, {"stationCode": "B", "lev": 1}])
    content = (
        Client(far, session_auth("t"))
        .alarms(["A"], begin=0.0, end=NOW + 0.25, language="en_US", levels=(1, 2, 3, 4))
        .content
    )
    assert [item.plant_code for item in content.items] == ["A"]
    assert content.dropped == 1
    payload = {
        "stationCodes": "A",
        "beginTime": 0,
        "endTime": 1_750_000_000_250,
        "language": "en_US",
        "levels": "1,2,3,4",
    }
    assert far.asked == [("getAlarmList", payload, "t")]


def test_null_and_empty_are_told_apart() -> None:
    null = Client(OneAnswer(None)).alarms(["A"], begin=0, end=1, language="en_US", levels=(1,)).content
    empty = Client(OneAnswer([])).alarms(["A"], begin=0, end=1, language="en_US", levels=(1,)).content
    assert (null.null, null.empty) == (True, True)
    assert (empty.null, empty.empty) == (False, True)
