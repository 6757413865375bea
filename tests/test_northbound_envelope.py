"""The envelope: whatever bytes come back, there is data with failCode 0, or a NorthboundError."""

import gzip
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fusionsolar_exporter.northbound.envelope import Envelope, open_envelope
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.transport import RawAnswer

TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
ENVELOPES = st.fixed_dictionaries(
    {},
    optional={
        "success": JSON,
        "failCode": st.sampled_from([0, "0", 0.0, 305, 407, "20400", None, True, 1e308, "1" * 80]) | JSON,
        "data": JSON,
        "params": JSON | st.fixed_dictionaries({"currentTime": JSON}),
        "message": JSON,
    },
)
HTML = b"<!DOCTYPE html><html><body>sign in</body></html>"
FINE = b'{"success": true, "failCode": 0, "data": []}'


def answer(body: bytes = FINE, status: int = 200, content_type: str = "application/json") -> RawAnswer:
    return RawAnswer(status, body, content_type, "")


def open_or_fail(raw: RawAnswer) -> Envelope | NorthboundError:
    try:
        return open_envelope(raw, "stations")
    except NorthboundError as error:
        return error


def failure(raw: RawAnswer) -> NorthboundError:
    with pytest.raises(NorthboundError) as caught:
        open_envelope(raw, "getDevList")
    return caught.value


@settings(deadline=None)
@given(
    st.binary(max_size=60) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.integers(min_value=100, max_value=599),
    TEXTS,
)
@example(b"9" * 5000, 200, "")
@example(b'{"failCode":0,"data":' + b"9" * 5000 + b"}", 200, "")
@example(b"[" * 100_000, 200, "")
@example(b'{"failCode":' * 100_000, 200, "")
@example(b"\xff\xfe{\x00", 200, "")
@example(gzip.compress(FINE), 200, "")
@example(b"null", 200, "")
@example(b"\x00", 204, "")
def test_any_bytes_are_data_or_a_northbound_error(body: bytes, status: int, content_type: str) -> None:
    opened = open_or_fail(answer(body, status, content_type))
    if isinstance(opened, NorthboundError):
        assert (opened.interface, opened.http_status, opened.sent) == ("stations", status, True)


@settings(deadline=None)
@given(ENVELOPES | JSON, st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 503]))
def test_any_json_is_data_or_a_northbound_error(value: object, status: int) -> None:
    body = json.dumps(value).encode()
    opened = open_or_fail(answer(body, status))
    if isinstance(opened, NorthboundError):
        assert 0 < len(opened.message) < 400
    else:
        assert isinstance(value, dict)
        assert status in {200, 201, 204, 400, 401, 404}
        assert json.dumps(opened.data) == json.dumps(value.get("data"))


@settings(deadline=None)
@given(JSON)
def test_a_fail_code_is_read_before_the_data(data: object) -> None:
    error = failure(answer(json.dumps({"failCode": 407, "success": True, "data": data, "params": None}).encode()))
    assert (error.reason, error.fail_code) == (Reason.RATE_LIMITED, 407)


def test_constants_that_json_lacks_are_no_reason_to_lose_the_answer() -> None:
    envelope = open_envelope(answer(b'{"failCode": 0, "data": [NaN, Infinity, -Infinity], "params": {}}'), "stations")
    assert len(envelope.data) == 3
    assert envelope.far_time is None


@pytest.mark.parametrize(
    ("params", "far_time"),
    [
        ({"currentTime": 1_750_000_000_000}, 1_750_000_000.0),
        ({"currentTime": "1750000000500"}, 1_750_000_000.5),
        ({"currentTime": None}, None),
        ({"currentTime": [1]}, None),
        ([1], None),
        (None, None),
    ],
)
def test_the_far_clock_is_told_in_unix_seconds(params: object, far_time: float | None) -> None:
    body = json.dumps({"failCode": 0, "data": None, "params": params, "message": "get plant list success"}).encode()
    assert open_envelope(answer(body), "stations") == Envelope(None, far_time)


@pytest.mark.parametrize("body", [FINE, HTML, b""])
@pytest.mark.parametrize("status", [403, 429])
def test_the_gateway_limits_whatever_else_it_says(status: int, body: bytes) -> None:
    error = failure(answer(body, status))
    assert (error.reason, error.fail_code, error.http_status) == (Reason.RATE_LIMITED, None, status)
    assert str(status) in error.message


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 500, 502, 503, 504])
def test_redirects_and_errors_of_the_server_are_bad_responses(status: int) -> None:
    error = failure(answer(FINE, status))
    assert (error.reason, error.fail_code, error.html) == (Reason.BAD_RESPONSE, None, False)


@pytest.mark.parametrize(
    "raw",
    [
        answer(HTML),
        answer(HTML, 404),
        answer(b"\xef\xbb\xbf \r\n" + HTML),
        answer(b"\n\n  <html>", content_type=""),
        answer(HTML, 503),
        answer(b"sign in", content_type="Text/HTML; charset=utf-8"),
    ],
)
def test_a_web_page_is_told_apart(raw: RawAnswer) -> None:
    error = failure(raw)
    assert (error.reason, error.html, error.empty) == (Reason.BAD_RESPONSE, True, False)


@pytest.mark.parametrize("body", [b"", b"  \r\n", b"null", b"{}", b"[]"])
def test_an_empty_answer_is_told_apart(body: bytes) -> None:
    error = failure(answer(body))
    assert (error.reason, error.empty, error.html) == (Reason.BAD_RESPONSE, True, False)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"failCode": 0, "data": [', "cut short or malformed"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"data": [], "success": true}', "no failCode"),
        (b'{"failCode": false}', "no failCode"),
        (b'{"failCode": "many"}', "no failCode"),
        (b"[1]", "no failCode"),
        (b"0", "no failCode"),
        (b'"text"', "no failCode"),
        (b"false", "no failCode"),
    ],
)
def test_json_without_an_envelope_says_what_is_wrong(body: bytes, words: str) -> None:
    error = failure(answer(body))
    assert error.reason is Reason.BAD_RESPONSE
    assert words in error.message
    assert not error.empty
    assert str(error) == f"getDevList: {error.message}"


def test_the_far_words_are_quoted_whole_since_secrets_are_taken_out_of_them_later() -> None:
    def told(**more: object) -> str:
        return failure(answer(json.dumps({"failCode": 20400, **more}).encode())).message

    assert told(message="user.login.user_or_value_invalid") == "failCode 20400 (user.login.user_or_value_invalid)"
    assert told(message=None, data="ACCESS_FREQUENCY_IS_TOO_HIGH") == "failCode 20400 (ACCESS_FREQUENCY_IS_TOO_HIGH)"
    assert told(message="", data={"a": 1}) == "failCode 20400"
    assert told(message="x" * 5000) == f"failCode 20400 ({'x' * 5000})"
