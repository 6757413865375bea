"""What differs from the reference and is read all the same, and what says too little to be believed."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fusionsolar_exporter.northbound import answers
from fusionsolar_exporter.northbound.envelope import open_envelope
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.retry_after import LONGEST, retry_after
from fusionsolar_exporter.northbound.transport import RawAnswer

DATE = "Wed, 21 Oct 2026 07:28:00 GMT"


def envelope(body: bytes, content_type: str = "application/json") -> object:
    return open_envelope(RawAnswer(200, body, content_type, ""), "getDevList").data


def names(body: bytes, content_type: str = "application/json") -> list[str]:
    return [plant.name for plant in answers.plants(envelope(body, content_type), megawatts=False).items]


def list_of(name: bytes) -> bytes:
    return (
        b'{"success":true,"failCode":0,"data":{"list":[{"plantCode":"A","plantName":"' + name + b'"},'
        b'{"plantCode":"B","plantName":"other"}],"total":2}}'
    )


@pytest.mark.parametrize(
    ("name", "read"),
    [
        (b"Roof \xe0\xb8", "Roof \ufffd"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"caf\xe9", "caf\ufffd"),
        (b"a\nb\tc", "a\nb\tc"),
        (b"\x00\x1f", "\x00\x1f"),
        ("Dach Süd ☀".encode(), "Dach Süd ☀"),
    ],
)
def test_an_odd_byte_in_one_name_hides_nobody(name: bytes, read: str) -> None:
    assert names(list_of(name)) == [read, "other"]


@given(st.binary(max_size=40).filter(lambda name: not set(name) & set(b'"\\')))
def test_no_bytes_inside_of_a_text_hide_the_others(name: bytes) -> None:
    assert names(list_of(name))[1] == "other"


@pytest.mark.parametrize("content_type", ["text/html", "text/html; charset=utf-8", "text/plain", "", "image/png"])
@pytest.mark.parametrize("before", [b"", b" \r\n", b"\xef\xbb\xbf"])
def test_json_is_json_whatever_its_content_type(content_type: str, before: bytes) -> None:
    assert names(before + list_of(b"x"), content_type) == ["x", "other"]


@pytest.mark.parametrize("data", [None, [], {}, ""])
def test_failure_without_a_code_is_none_the_less_a_failure(data: object) -> None:
    body = json.dumps({"success": False, "failCode": 0, "data": data}).encode()
    with pytest.raises(NorthboundError) as raised:
        envelope(body)
    assert raised.value.reason is Reason.BAD_RESPONSE


def test_data_is_taken_though_success_is_denied() -> None:
    assert envelope(b'{"success":false,"failCode":0,"data":[1]}') == [1]


@pytest.mark.parametrize("key", ["id", "stationCode", "devTypeId"])
def test_a_device_that_cannot_be_told_is_a_record_that_cannot_be_read(key: str) -> None:
    whole = {"id": 1, "stationCode": "A", "devTypeId": 1}
    found = answers.devices([whole, {**whole, key: None}])
    assert (len(found.items), found.unreadable, found.dropped) == (1, 1, 1)


@pytest.mark.parametrize(
    "record", [{"plantCode": None, "stationCode": "A"}, {"stationCode": "A"}, {"plantCode": "A", "stationCode": None}]
)
def test_the_first_name_of_a_plant_that_is_there_counts(record: dict[str, object]) -> None:
    (plant,) = answers.plants([record], megawatts=False).items
    assert plant.code == "A"


@pytest.mark.parametrize("moment", [0, 0.0, "0", -1, None, "N/A"])
@pytest.mark.parametrize("key", ["open_time", "close_time"])
def test_a_moment_of_0_is_none(key: str, moment: object) -> None:
    (reading,) = answers.device_readings([{"devId": 1, "dataItemMap": {key: moment, "active_power": 0}}]).items
    assert dict(reading.values) == {"active_power": 0.0}
    (reading,) = answers.device_readings([{"devId": 1, "dataItemMap": {key: 1.7e12}}]).items
    assert dict(reading.values) == {key: 1.7e12}


@pytest.mark.parametrize(
    ("status", "active"), [(1, True), ("1", True), (None, True), (2, False), ("3", False), (0, False)]
)
def test_an_alarm_that_is_over_is_none(status: object, active: bool) -> None:
    alarm = {"stationCode": "A", "alarmId": 1, "lev": 1}
    found = answers.alarms([{**alarm, "status": status}, {**alarm, "alarmId": 2}])
    assert [one.alarm_id for one in found.items] == (["1", "2"] if active else ["2"])
    assert (found.unreadable, found.null) == (0, False)


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        (None, DATE, None),
        ("8", None, 8.0),
        (" 120 ", DATE, 120.0),
        ("0", DATE, 0.0),
        ("86400", DATE, LONGEST),
        ("9" * 400, DATE, LONGEST),
        ("Wed, 21 Oct 2026 07:28:30 GMT", DATE, 30.0),
        ("Wed, 21 Oct 2026 07:27:30 GMT", DATE, 0.0),
        ("Wed, 21 Oct 2027 07:27:30 GMT", DATE, LONGEST),
        ("Wed, 21 Oct 2026 07:28:30 GMT", None, None),
        ("soon", DATE, None),
        ("-5", DATE, None),
        ("²", DATE, None),
        ("", DATE, None),
    ],
)
def test_retry_after(value: str | None, date: str | None, seconds: float | None) -> None:
    assert retry_after(value, date) == seconds


@given(st.text(), st.text())
def test_any_retry_after_is_seconds_or_nothing(value: str, date: str) -> None:
    found = retry_after(value, date)
    assert found is None or 0 <= found <= LONGEST


@pytest.mark.parametrize(
    ("status", "body"), [(429, b""), (403, b"{}"), (503, b"x"), (200, b'{"failCode":407}'), (200, b"<html>")]
)
def test_a_failure_carries_how_long_not_to_ask(status: int, body: bytes) -> None:
    with pytest.raises(NorthboundError) as raised:
        open_envelope(RawAnswer(status, body, "", "", 8.0), "getDevList")
    assert raised.value.retry_after == 8.0
