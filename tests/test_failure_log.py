"""Failures that repeat, in few lines, with a clock that the test moves."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from fusionsolar_exporter import logs
from fusionsolar_exporter.failure_log import RepeatedFailures
from fusionsolar_exporter.logs import EventLogger

START = 1_700_000_000.0
MINUTE = 60.0
HOUR = 3600.0


class Bench:
    """The failures under test, a clock, and the lines they wrote."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.now = START
        self.failures = RepeatedFailures(EventLogger(), lambda: self.now)

    def fail(self, at: float = 0.0, reason: str = "timeout", interface: str = "getDevList", account: str = "a") -> None:
        self.now = START + at
        self.failures.failed(account, interface, reason, error="no answer within 30s")

    def lines(self) -> list[dict[str, Any]]:
        text = self.stream.getvalue()
        self.stream.seek(0)
        self.stream.truncate()
        return [{key: value for key, value in json.loads(line).items() if key != "ts"} for line in text.splitlines()]


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    handlers, level = list(logging.getLogger().handlers), logging.getLogger().level
    logs.configure("info", "json", made.stream)
    yield made
    logging.captureWarnings(capture=False)
    for handler in set(logging.getLogger().handlers) - set(handlers):
        logging.getLogger().removeHandler(handler)
    logging.getLogger().setLevel(level)
    logging.getLogger(logs.LOGGER_NAME).setLevel(logging.NOTSET)


FIRST = {
    "level": "warn",
    "msg": "request failed",
    "account": "a",
    "interface": "getDevList",
    "reason": "timeout",
    "error": "no answer within 30s",
}


def test_first_failure_is_told_at_once(bench: Bench) -> None:
    bench.fail()
    assert bench.lines() == [FIRST]


def test_repeats_are_summed_up_at_growing_intervals(bench: Bench) -> None:
    told = []
    for minute in range(3 * 24 * 60):
        bench.fail(minute * MINUTE)
        told += [(minute, line.get("repeated")) for line in bench.lines()]
    assert told == [(0, None), (5, 5), (35, 35), (1475, 1475), (2915, 2915)]


def test_a_batch_that_always_fails_has_a_line_a_day_while_others_are_answered(bench: Bench) -> None:
    told = []
    for number in range(7 * 24 * 12):
        bench.now = START + number * 5 * MINUTE
        bench.failures.succeeded("a", "getAlarmList")  # another batch was answered, and so is this one, with nothing
        bench.failures.failed("a", "getAlarmList", "bad_response", about="alarms/NE=1")
        told += [(bench.now - START, line["msg"], line["about"]) for line in bench.lines()]
    assert {about for _, _, about in told} == {"alarms/NE=1"}
    assert len([at for at, _, _ in told if at > HOUR]) <= 7
    bench.failures.succeeded("a", "getAlarmList", about="alarms/NE=1")
    (line,) = bench.lines()
    assert (line["msg"], line["failures"]) == ("recovered", 7 * 24 * 12)


def test_where_the_interface_answers_others_the_streak_of_one_that_always_fails_goes_on(bench: Bench) -> None:
    told = []
    for number in range(7 * 24 * 12):
        bench.now = START + number * 5 * MINUTE
        bench.failures.succeeded("a", "getDevRealKpi", asked="devices/1")
        bench.failures.failed("a", "getDevRealKpi", "system_busy", asked="devices/2")
        told += [(bench.now - START, line["msg"]) for line in bench.lines()]
    assert {msg for _, msg in told} == {"request failed", "request still fails"}
    assert len([at for at, _ in told if at > HOUR]) <= 7
    bench.failures.succeeded("a", "getDevRealKpi", asked="devices/2")
    (line,) = bench.lines()
    assert (line["msg"], line["failures"]) == ("recovered", 7 * 24 * 12)


def test_what_a_batch_is_refused_for_is_over_when_the_batch_is_accepted(bench: Bench) -> None:
    bench.failures.failed("a", "getDevRealKpi", "rejected", about="devices/1", asked="devices/1")
    bench.lines()
    bench.failures.succeeded("a", "getDevRealKpi", asked="devices/1")  # the interface answers
    assert bench.lines() == []
    bench.failures.succeeded("a", "getDevRealKpi", about="devices/1")  # and the answer is what it should be
    (line,) = bench.lines()
    assert (line["msg"], line["failures"]) == ("recovered", 1)


def test_an_interface_has_recovered_when_all_that_failed_are_answered_or_asked_no_more(bench: Bench) -> None:
    for asked in ("devices/1", "devices/2"):
        bench.failures.failed("a", "getDevRealKpi", "timeout", asked=asked)
    bench.lines()
    bench.failures.succeeded("a", "getDevRealKpi", asked="devices/1")
    bench.failures.succeeded("a", "getDevRealKpi", asked="devices/3")
    assert bench.lines() == []
    bench.now += 25 * HOUR  # the second batch is gone
    bench.failures.succeeded("a", "getDevRealKpi", asked="devices/3")
    (line,) = bench.lines()
    assert (line["msg"], line["failures"]) == ("recovered", 2)


def test_a_summary_says_since_when(bench: Bench) -> None:
    bench.fail()
    bench.fail(5 * MINUTE - 0.001)
    bench.lines()
    bench.fail(5 * MINUTE)
    summary = {"repeated": 2, "since": "2023-11-14T22:13:20Z"}
    assert bench.lines() == [{**FIRST, "msg": "request still fails", **summary}]


def test_each_account_interface_and_reason_is_its_own(bench: Bench) -> None:
    bench.fail()
    bench.fail(reason="tls")
    bench.fail(interface="login")
    bench.fail(account="b")
    bench.fail()
    assert [(line["account"], line["interface"], line["reason"]) for line in bench.lines()] == [
        ("a", "getDevList", "timeout"),
        ("a", "getDevList", "tls"),
        ("a", "login", "timeout"),
        ("b", "getDevList", "timeout"),
    ]


def test_recovery_is_one_line_for_all_reasons(bench: Bench) -> None:
    bench.fail()
    bench.fail(MINUTE)
    bench.fail(2 * MINUTE, reason="connection")
    bench.fail(3 * MINUTE, interface="login")
    bench.lines()
    bench.now = START + HOUR
    bench.failures.succeeded("a", "getDevList")
    bench.failures.succeeded("a", "getDevList")
    assert bench.lines() == [
        {"level": "info", "msg": "recovered", "account": "a", "interface": "getDevList", "failures": 3, "lasted": "1h"}
    ]


def test_success_without_failures_says_nothing(bench: Bench) -> None:
    bench.failures.succeeded("a", "getDevList")
    assert bench.lines() == []


def test_after_recovery_a_failure_is_new(bench: Bench) -> None:
    bench.fail()
    bench.failures.succeeded("a", "getDevList")
    bench.lines()
    bench.fail(MINUTE)
    assert bench.lines() == [FIRST]
