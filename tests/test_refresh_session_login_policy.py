"""When a login may be tried: no account is ever locked, and no window overdrawn."""

import pytest

from fusionsolar_exporter.config import Credentials, RateLimits
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.pacing.limits import Limit
from fusionsolar_exporter.refresh.session.login_policy import LoginPolicy, Pause

T0 = 1_750_000_000.0
LIMIT = Limit(5, 603, 0)
WRONG, RIGHT = Credentials("user", "wrong"), Credentials("user", "right")
RATES = RateLimits()
LIFETIME = 1800.0


def error(reason: Reason, fail_code: int | None = None, *, html: bool = False, empty: bool = False) -> NorthboundError:
    return NorthboundError(reason, "login", "refused", fail_code=fail_code, html=html, empty=empty)


REFUSED = error(Reason.CREDENTIALS, 20400)


def fail(logins: LoginPolicy, failure: NorthboundError, moment: float, credentials: Credentials = WRONG) -> None:
    logins.started(moment)
    logins.failed(failure, credentials, moment, RATES, LIMIT)


def test_the_first_login_may_be_tried_at_once() -> None:
    logins = LoginPolicy()
    assert logins.earliest(LIMIT) < T0
    assert (logins.pause(T0), logins.refused, logins.contended, logins.succeeded_once) == (
        Pause.NONE,
        False,
        False,
        False,
    )


@pytest.mark.parametrize("fail_code", [20400, 20402, 20403])
def test_refused_credentials_pause_logins(fail_code: int) -> None:
    logins = LoginPolicy()
    fail(logins, error(Reason.CREDENTIALS, fail_code), T0)
    assert logins.earliest(LIMIT) == T0 + 1800
    assert logins.pause(T0 + 1799) is Pause.CREDENTIALS
    assert logins.pause(T0 + 1800) is Pause.NONE


@pytest.mark.parametrize(("fail_code", "seconds"), [(407, 603), (20618, 3600), (403, 60), (429, 60)])
def test_only_the_quotas_own_refusals_pause_for_its_window(fail_code: int, seconds: float) -> None:
    logins = LoginPolicy()
    fail(logins, error(Reason.RATE_LIMITED, fail_code), T0)
    assert logins.earliest(LIMIT) == T0 + seconds


def test_the_far_side_may_ask_for_a_longer_back_off() -> None:
    logins = LoginPolicy()
    fail(logins, NorthboundError(Reason.RATE_LIMITED, "login", "HTTP 429", http_status=429, retry_after=400.0), T0)
    assert logins.earliest(LIMIT) == T0 + 400


def test_the_pause_after_refused_credentials_is_configurable() -> None:
    logins = LoginPolicy()
    logins.failed(REFUSED, WRONG, T0, RateLimits(login_pause=10.0), LIMIT)
    assert logins.earliest(LIMIT) == T0 + 10


@pytest.mark.parametrize(
    ("failure", "state"),
    [(REFUSED, Pause.CREDENTIALS), (error(Reason.BAD_RESPONSE, empty=True), Pause.OTHER)],
)
def test_other_credentials_end_the_pause(failure: NorthboundError, state: Pause) -> None:
    logins = LoginPolicy()
    fail(logins, failure, T0)
    assert logins.pause(T0 + 1799) is state
    assert logins.refused
    assert not logins.credentials_now(WRONG)
    assert logins.earliest(LIMIT) == T0 + 1800
    assert logins.credentials_now(RIGHT)
    assert logins.earliest(LIMIT) < T0
    assert (logins.pause(T0), logins.refused) == (Pause.NONE, False)
    assert not logins.credentials_now(WRONG)


def test_a_later_failure_of_the_network_is_not_the_passwords() -> None:
    logins = LoginPolicy()
    fail(logins, REFUSED, T0)
    fail(logins, error(Reason.CONNECTION), T0 + 1800)
    assert not logins.refused
    assert logins.pause(T0 + 1801) is Pause.NONE
    assert logins.earliest(LIMIT) > T0 + 1801


def test_three_wrong_passwords_in_a_window_are_enough_even_when_they_change() -> None:
    logins = LoginPolicy()
    for number in range(3):
        assert logins.earliest(LIMIT) <= T0 + number
        fail(logins, REFUSED, T0 + number, Credentials("user", str(number)))
        assert logins.credentials_now(RIGHT)
    assert logins.earliest(LIMIT) == T0 + 603
    fail(logins, REFUSED, T0 + 603)
    assert logins.credentials_now(RIGHT)
    assert logins.earliest(LIMIT) == T0 + 604


@pytest.mark.parametrize(
    ("failure", "pause"),
    [
        (error(Reason.TIMEOUT), Pause.NONE),
        (error(Reason.CONNECTION), Pause.NONE),
        (error(Reason.TLS), Pause.NONE),
        (error(Reason.BAD_RESPONSE, html=True), Pause.NONE),
        (error(Reason.BAD_RESPONSE), Pause.OTHER),
        (error(Reason.SYSTEM_BUSY, 20200), Pause.OTHER),
        (error(Reason.RATE_LIMITED), Pause.OTHER),
        (error(Reason.REJECTED, 30030), Pause.OTHER),
    ],
)
def test_other_failures_back_off_and_come_no_more_than_twice_in_a_window(
    failure: NorthboundError, pause: Pause
) -> None:
    logins = LoginPolicy()
    fail(logins, failure, T0)
    assert logins.earliest(LIMIT) == T0 + 60
    assert logins.pause(T0 + 59) is pause
    fail(logins, failure, T0 + 60)
    assert logins.earliest(LIMIT) == T0 + 603  # back-off alone would say 180
    fail(logins, failure, T0 + 603)
    assert logins.earliest(LIMIT) == T0 + 603 + 240
    assert not logins.refused


@pytest.mark.parametrize(("fail_code", "pause"), [(407, 603), (20618, 3600)])
def test_a_rate_limit_pauses_for_its_window(fail_code: int, pause: float) -> None:
    logins = LoginPolicy()
    fail(logins, error(Reason.RATE_LIMITED, fail_code), T0)
    assert logins.earliest(LIMIT) == T0 + pause
    assert logins.pause(T0 + pause - 1) is Pause.OTHER


def test_credentials_that_cannot_be_read_pause_for_a_minute() -> None:
    logins = LoginPolicy()
    logins.credentials_unreadable(T0, "password_file cannot be read", 60)
    assert (logins.earliest(LIMIT), logins.pause(T0), logins.refused) == (T0 + 60, Pause.CREDENTIALS, False)


def test_a_success_ends_the_pause_but_not_the_count_of_the_window() -> None:
    logins = LoginPolicy()
    fail(logins, REFUSED, T0)
    fail(logins, error(Reason.TIMEOUT), T0 + 1800)
    fail(logins, error(Reason.TIMEOUT), T0 + 1860)
    logins.succeeded()
    assert (logins.pause(T0), logins.refused, logins.succeeded_once) == (Pause.NONE, False, True)
    assert logins.earliest(LIMIT) == T0 + 1800 + LIMIT.window


def test_a_success_ends_the_count_of_wrong_passwords() -> None:
    logins = LoginPolicy()
    for number in range(2):
        fail(logins, REFUSED, T0 + number, Credentials("user", str(number)))
        assert logins.credentials_now(RIGHT)
    logins.succeeded()
    for number in range(2, 4):  # with those before they would be four, of which three are the most
        fail(logins, REFUSED, T0 + number, Credentials("user", str(number)))
        assert logins.credentials_now(RIGHT)
        assert logins.earliest(LIMIT) <= T0 + number
    assert logins.failed_at == T0 + 3
    logins.succeeded()
    assert logins.failed_at is None


class TestContention:
    def test_three_sessions_in_a_row_that_end_early_mean_another_program(self) -> None:
        logins = LoginPolicy()
        assert [logins.session_ended(10, LIFETIME) for _ in range(5)] == [False, False, True, False, False]
        assert logins.contended

    def test_a_session_that_lives_to_half_of_its_lifetime_breaks_the_row(self) -> None:
        logins = LoginPolicy()
        for age in (10, 10, LIFETIME / 2, 10, 10):
            assert not logins.session_ended(age, LIFETIME)
        assert not logins.contended

    def test_logins_come_no_more_often_than_half_of_their_quota(self) -> None:
        logins = LoginPolicy()
        for _ in range(3):
            logins.session_ended(10, LIFETIME)
        logins.started(T0)
        logins.succeeded()
        assert logins.earliest(LIMIT) == T0 + 603 / 2
        assert logins.earliest(Limit(1, 603, 0)) == T0 + 603

    def test_it_ends_when_a_session_lives(self) -> None:
        logins = LoginPolicy()
        for _ in range(3):
            logins.session_ended(10, LIFETIME)
        logins.session_lives()
        assert not logins.contended
        assert not logins.session_ended(10, LIFETIME)
