"""A far side that means ill: whatever it sends, memory and time are bounded, and everything else goes on."""

import gzip
import json
import socket
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from northbound_support import FINE, FarSide, Request, closing_after, reply, saying
from support.http_world import MINUTE, HttpWorld
from test_northbound_envelope import JSON

from fusionsolar_exporter.northbound import answers, json_answer
from fusionsolar_exporter.northbound.auth import session_auth
from fusionsolar_exporter.northbound.bounds import BOUNDS, DEEPEST, LONGEST_NAME
from fusionsolar_exporter.northbound.envelope import open_envelope
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import INTERFACES, Interface
from fusionsolar_exporter.northbound.json_answer import parse_json
from fusionsolar_exporter.northbound.transport import HttpTransport, RawAnswer, TransportSettings
from fusionsolar_exporter.simulator.interfaces import Interface as Simulated
from fusionsolar_exporter.simulator.plan import FleetPlan


def envelope(data: bytes) -> bytes:
    return b'{"success": true, "failCode": 0, "data": ' + data + b"}"


TIMEOUT = 5.0
BOMB = envelope(b"[" + b"[]," * 5_000_000 + b"[]]")
POWER = "fusionsolar_device_active_power_watts"
SMALL = FleetPlan(plants=2, devices={1: 2})


def packed(content: bytes, window: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, window)
    return packer.compress(content) + packer.flush()


def ask(url: str, *, timeout: float = TIMEOUT) -> RawAnswer:
    transport = HttpTransport(TransportSettings(url, timeout=timeout))
    try:
        return transport.post(Interface.GET_DEV_REAL_KPI, {}, session_auth("the-token"))
    finally:
        transport.close()


def failure(url: str, *, timeout: float = TIMEOUT) -> NorthboundError:
    with pytest.raises(NorthboundError) as caught:
        ask(url, timeout=timeout)
    return caught.value


def opened(body: bytes, interface: Interface = Interface.GET_DEV_REAL_KPI) -> Any:
    return open_envelope(RawAnswer(200, body, "application/json", ""), interface).data


def refused(body: bytes, interface: Interface = Interface.GET_DEV_REAL_KPI) -> str:
    with pytest.raises(NorthboundError) as caught:
        opened(body, interface)
    assert caught.value.reason is Reason.BAD_RESPONSE
    return caught.value.message


def test_every_interface_has_its_bounds() -> None:
    assert BOUNDS.keys() == INTERFACES.keys() == set(Interface)


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [
        ("gzip", gzip.compress(BOMB, 9)),
        ("deflate", packed(BOMB, 15)),
        ("deflate", packed(BOMB, -15)),
        ("gzip, gzip", gzip.compress(gzip.compress(BOMB, 9), 9)),
        ("gzip", gzip.compress(b"", 9) * 20_000 + gzip.compress(BOMB, 9)),
    ],
    ids=["gzip", "deflate", "raw deflate", "gzip in gzip", "many members"],
)
def test_a_bomb_costs_no_more_than_the_largest_answer(encoding: str, bomb: bytes) -> None:
    assert len(BOMB) > 1.7 * BOUNDS[Interface.GET_DEV_REAL_KPI].size
    with FarSide(saying(reply(bomb, f"Content-Encoding: {encoding}"))).running() as far:
        tracemalloc.start()
        error = failure(far.url, timeout=60)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert error.message == "an answer of more than 8 MiB"
    assert peak < 3 * BOUNDS[Interface.GET_DEV_REAL_KPI].size


@pytest.mark.parametrize("inner", [b"[]", b"{}", b"1", b'""'], ids=["arrays", "objects", "numbers", "texts"])
def test_values_are_counted_before_they_are_parsed(inner: bytes) -> None:
    most = BOUNDS[Interface.GET_DEV_REAL_KPI].values
    body = envelope(b"[" + b",".join([inner] * (most + 1)) + b"]")
    tracemalloc.start()
    words = refused(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert words == "HTTP 200 with JSON with more than 500,000 values"
    assert peak < 3 * len(body)  # the text, and nothing that stands in it


@pytest.mark.no_cover
def test_what_is_many_to_one_interface_is_usual_to_another() -> None:
    body = envelope(b"[" + b",".join([b"1"] * 600_000) + b"]")
    assert refused(body, Interface.GET_KPI_STATION_HOUR)
    assert len(opened(body, Interface.GET_DEV_HISTORY_KPI)) == 600_000


@pytest.mark.parametrize("deeper", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@pytest.mark.parametrize("beside", ["", '"]]]]", ', '"\\"[[[[", ', '"\\\\", ', '"嬢[弢", '])
def test_nesting_is_looked_at_before_it_is_parsed(beside: str, encoding: str, *, deeper: bool) -> None:
    levels = DEEPEST - 2 + deeper  # the envelope is one level, the list another
    body = '{"failCode": 0, "data": [' + beside + "[" * levels + "]" * levels + "]}"
    if deeper:
        assert "nested too deep, more than 16 levels" in refused(body.encode(encoding))
    else:
        assert opened(body.encode(encoding))


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000, b"[{" * 50_000])
def test_a_hundred_thousand_brackets(body: bytes) -> None:
    assert "nested too deep" in refused(envelope(body))
    assert "nested too deep" in refused(body)


@settings(deadline=None)
@given(JSON, st.sampled_from([None, 1]), st.binary(max_size=3), st.integers(0, 40))
def test_records_one_by_one_are_the_same_as_all_at_once(
    value: object, indent: int | None, end: bytes, cut: int
) -> None:
    body = json.dumps({"data": {"list": [value]}, "more": value}, indent=indent).encode() + end
    body = body[: len(body) - cut] if cut < 10 else body
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_answer, "_LARGE", 0)
        assert outcome(lambda: parse_json(body, Interface.STATIONS)) == outcome(lambda: at_once(body))


def at_once(body: bytes) -> object:
    return json.loads(body.decode(json.detect_encoding(body), "replace"), strict=False)


def outcome(call: Callable[[], object]) -> str:
    """The value, or that there is none."""
    try:
        return repr(call())
    except ValueError:
        return "no JSON"


@pytest.mark.parametrize("number", [b"9" * 5000, b"-" + b"9" * 4000, b"1e999999999", b"0." + b"1" * 100_000, b"1e-400"])
def test_huge_numbers(number: bytes) -> None:
    body = envelope(b'[{"devId": 1, "dataItemMap": {"odd": ' + number + b', "fine": 1}}, {"devId": 2}]')
    if len(number) == 5000:  # Python refuses integers of so many digits
        assert "malformed" in refused(body)
    else:
        first, second = answers.device_readings(opened(body)).items
        assert (first.values["fine"], second.id) == (1.0, "2")


def test_names_are_cut_and_ids_that_are_none_are_dropped() -> None:
    name = "n" * 1_000_000
    found = answers.devices(
        [
            {"id": 1, "devName": name, "stationCode": "P", "devTypeId": 1, "invType": name, "softwareVersion": name},
            {"id": name, "devName": "x", "stationCode": "P", "devTypeId": 1},
            {"id": 2, "devName": "x", "stationCode": name, "devTypeId": 1},
        ]
    )
    (device,) = found.items
    assert device.name == device.model == device.software_version == "n" * LONGEST_NAME + "…"
    assert found.dropped == 2
    (reading,) = answers.device_readings([{"devId": 1, "dataItemMap": {name: 1, "b": 2}}]).items
    assert dict(reading.values) == {"n" * LONGEST_NAME + "…": 1.0, "b": 2.0}
    alarm = {"stationCode": "P", "alarmName": name, "alarmId": name, "causeId": name, "devName": name, "lev": 1}
    (raised,) = answers.alarms([alarm]).items
    assert {len(raised.name), len(raised.alarm_id), len(raised.cause_id), len(raised.device_name)} == {LONGEST_NAME + 1}


def test_alarms_that_are_over_take_no_time() -> None:
    """Compared with one another, so many would take an hour."""
    over = [{"stationCode": "P", "alarmId": number, "lev": 1, "status": number % 3} for number in range(60_000)]
    found = answers.alarms([*over, "odd"])
    assert (len(found.items), found.dropped) == (20_000, 1)


def test_words_that_nobody_reads_are_not_repeated() -> None:
    message = refused_words({"failCode": 30030, "message": "x" * 900_000})
    assert message == "failCode 30030 (and 900,000 characters, which nobody reads)"


def refused_words(answer: dict[str, object]) -> str:
    with pytest.raises(NorthboundError) as caught:
        opened(json.dumps(answer).encode())
    return caught.value.message


@pytest.mark.parametrize(
    "content",
    [
        b"HTTP/1.0 200 OK\r\n\r\n" + FINE,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + FINE,
        b"HTTP/1.1 100 Continue\r\n\r\n" + reply(),
        b"HTTP/1.1 100 Continue\r\nX: y\r\n\r\n" * 200 + reply(),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x;x=y\r\n%b\r\n0\r\nA: b\r\n\r\n" % (len(FINE), FINE),
    ],
    ids=["HTTP/1.0 without a length", "no length", "100-continue", "many 100-continues", "extensions and trailers"],
)
def test_odd_but_whole(content: bytes) -> None:
    with FarSide(closing_after(content)).running() as far:
        assert ask(far.url).body == FINE


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "content",
    [
        CHUNKED + b"-5\r\n" + FINE,
        CHUNKED + b"f" * 400 + b"\r\n" + FINE,
        CHUNKED + b"0x5\r\nabcde\r\n0\r\n\r\n",
        CHUNKED + b"\r\n\r\n\r\n",
        CHUNKED + b"5;" + b"x" * 200_000 + b"\r\nabcde\r\n0\r\n\r\n",
        CHUNKED + b"0\r\n" + b"A: b\r\n" * 100_000,
        CHUNKED + b"1\r\na\r\n" * 50_000,
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + FINE,
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n" + FINE,
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\n" + FINE,
        b"HTTP/1.1 200 OK\r\nContent-Encoding: " + b", ".join([b"gzip"] * 1000) + b"\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: " + b"a=b; " * 12_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n" + b"Set-Cookie: " + b"x" * 60_000 + b"\r\n" * 3,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
        b"HTTP/9.9 999 \xff\xfe\r\n\r\n",
    ],
)
def test_nonsense_ends_in_an_answer_or_an_error_of_ours(content: bytes) -> None:
    with FarSide(closing_after(content)).running() as far:
        told = reason(lambda: ask(far.url))
    assert told in {None, Reason.BAD_RESPONSE, Reason.CONNECTION}
    assert len(far.requests) == 1


@pytest.mark.parametrize("size", [b"-1", b"-00", b"-2", b"-" + b"9" * 1000])
def test_a_chunk_of_less_than_no_bytes_is_not_read_for_ever(size: bytes) -> None:
    def respond(sock: socket.socket, _request: Request) -> bool:
        sock.sendall(CHUNKED + size + b"\r\n")
        while not far.closing.is_set():
            sock.sendall(b" " * 65536)
        return False

    far = FarSide(respond)
    with far.running():
        error = failure(far.url)
    assert error.reason is Reason.BAD_RESPONSE
    assert len(far.requests) == 1


def reason(call: Callable[[], object]) -> Reason | None:
    """Why it failed; None where it did not."""
    try:
        call()
    except NorthboundError as error:
        return error.reason
    return None


def test_100_continue_for_ever_ends_in_time() -> None:
    def respond(sock: socket.socket, _request: Request) -> bool:
        while not far.closing.is_set():
            sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 10)
        return False

    far = FarSide(respond)
    with far.running():
        assert failure(far.url, timeout=0.5).reason is Reason.TIMEOUT


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_credentials_never_follow_a_redirect(status: str) -> None:
    with (
        FarSide(saying(reply())).running() as other,
        FarSide(saying(reply(b"", f"Location: {other.url}/thirdData/login", status=status))).running() as far,
    ):
        assert ask(far.url).status == int(status[:3])
    assert (len(far.requests), other.connections) == (1, 0)


def each(change: Callable[[int, dict[str, Any]], None], member: str | None = None) -> Callable[[dict[str, Any]], None]:
    """Change every record of an answer."""

    def rewrite(answer: dict[str, Any]) -> None:
        records = answer["data"][member] if member else answer["data"]
        for place, record in enumerate(records or ()):
            change(place, record)

    return rewrite


def test_names_of_a_megabyte_with_all_that_is_odd_make_a_short_scrape() -> None:
    odd = '\x00\x1b[2J\r\n"\\\ud800' + "n" * 1_000_000
    with HttpWorld(SMALL) as world:
        world.system.rewrites[Simulated.STATIONS] = each(lambda _, item: item.update(plantName=odd), "list")
        world.system.rewrites[Simulated.DEVICES] = each(lambda _, item: item.update(devName=odd, invType=odd))
        world.run(5 * MINUTE)
        text = world.exposition()
        names = [sample.labels["device"] for sample in world.scrape().all(POWER)]
    assert len(text) < 2_000_000
    assert len(names) == 4
    for name in names:
        assert (len(name), name[-1], "\ufffd" in name, "\x00" in name) == (LONGEST_NAME + 1, "…", True, True)


@pytest.mark.no_cover
def test_fifty_thousand_unknown_keys_leave_the_known_ones_alone() -> None:
    def more(place: int, item: dict[str, Any]) -> None:
        item["dataItemMap"] |= {f"key_{place}_{number}": number for number in range(50_000)}

    with HttpWorld(SMALL) as world:
        world.system.rewrites[Simulated.DEVICE_REAL_TIME] = each(more)
        world.run(5 * MINUTE)
        scrape = world.scrape()
        cut = scrape.value("fusionsolar_cut_series", account="default", limit="unknown_keys")
    assert len(scrape.all("fusionsolar_device_kpi")) == 500
    assert len(scrape.all(POWER)) == 4
    assert cut is not None
    assert cut >= 4 * 50_000 - 500


def test_device_ids_that_collide_across_plants_give_each_series_once() -> None:
    with HttpWorld(SMALL) as world:
        world.system.rewrites[Simulated.DEVICES] = each(lambda place, item: item.update(id=7 + place % 2))
        world.run(5 * MINUTE)
        series = world.scrape().by("device_id", "fusionsolar_device_info")
    assert series == {"7": 1, "8": 1}


def test_an_answer_over_its_bounds_is_counted_and_the_rest_goes_on() -> None:
    def many(answer: dict[str, Any]) -> None:
        answer["data"] = [[]] * 600_000

    with HttpWorld(SMALL) as world:
        world.system.rewrites[Simulated.DEVICE_REAL_TIME] = many
        world.run(5 * MINUTE)
        scrape = world.scrape()
        failures = scrape.failures("getDevRealKpi")
        (shown,) = world.account.status().failures
    assert failures.keys() == {"bad_response"}
    assert "more than 500,000 values" in shown.message
    assert len(scrape.all("fusionsolar_plant_day_yield_watthours")) == 2
