"""The table of blame: every failCode and every reason, for every kind of work, whether others are answered or not."""

from itertools import product

import pytest

from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.fail_codes import FAIL_CODES, reason_of
from fusionsolar_exporter.refresh.blame import Blame, BlameScope, Remedy, Work, blame

# what the contract names; every other code is about the request as it is
LISTS_FIRST = {20007, 20008, 20045, 20046}
SEARCHED = {20006, 20013, 20056}
TIME = {20012, 20026, 20027, 20604, 20605}
PACE = {407, 20618}
BUSY = {403, 429, 20004, 20200, 20614, 30008}
SESSION = {305, 306, 307}
REFUSED_LOGINS = {20001, 20002, 20003, 20400, 20402, 20403, 30029}
UNKNOWN = {1, 99999}
CODES = sorted(FAIL_CODES.keys() | UNKNOWN)
WIDTH = list(BlameScope)


def verdict(code: int, work: Work, *, others_answered: bool = True) -> Blame:
    reason = reason_of(code, login=work is Work.LOGIN)
    error = NorthboundError(reason, "stations", "said so", fail_code=code, http_status=200)
    return blame(error, work, others_answered=others_answered)


def failed(reason: Reason, **more: object) -> NorthboundError:
    return NorthboundError(reason, "stations", "did not work", **more)  # type: ignore[arg-type]


def of_batch(code: int, *, others_answered: bool) -> Blame:
    groups = [
        (SESSION, Blame(BlameScope.SESSION, Remedy.LOG_IN)),
        (PACE, Blame(BlameScope.INTERFACE, Remedy.SLOW_DOWN)),
        (BUSY, Blame(BlameScope.INTERFACE, Remedy.BACK_OFF)),
        (LISTS_FIRST, Blame(BlameScope.IDS, Remedy.ASK_LISTS)),
        (SEARCHED | ({401} if others_answered else set()), Blame(BlameScope.IDS, Remedy.SEARCH)),
        ({401}, Blame(BlameScope.INTERFACE, Remedy.NOT_PERMITTED)),
        (TIME, Blame(BlameScope.BATCH, Remedy.CUT_TIME)),
        ({code}, Blame(BlameScope.BATCH, Remedy.RETRY)),
    ]
    return next(expected for codes, expected in groups if code in codes)


def of_page(code: int) -> Blame:
    if code in SESSION | PACE | BUSY:
        return of_batch(code, others_answered=False)
    return (
        Blame(BlameScope.INTERFACE, Remedy.NOT_PERMITTED)
        if code in {401, 20056}
        else Blame(BlameScope.BATCH, Remedy.RETRY)
    )


def of_probe(code: int) -> Blame:
    if code in SESSION | PACE | BUSY:
        return of_batch(code, others_answered=False)
    return Blame(BlameScope.TYPE, Remedy.PROBE_LATER)


def of_login(code: int) -> Blame:
    if code in REFUSED_LOGINS:
        return Blame(BlameScope.ACCOUNT, Remedy.WAIT_FOR_CREDENTIALS)
    return Blame(BlameScope.ACCOUNT, Remedy.SLOW_DOWN if code in PACE else Remedy.BACK_OFF)


@pytest.mark.parametrize("code", CODES)
def test_each_fail_code(code: int) -> None:
    for others_answered in (False, True):
        got = {work: verdict(code, work, others_answered=others_answered) for work in Work}
        assert got == {
            Work.LOGIN: of_login(code),
            Work.PAGE: of_page(code),
            Work.BATCH: of_batch(code, others_answered=others_answered),
            Work.PROBE: of_probe(code),
        }


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.CONNECTION, Reason.TLS, Reason.BAD_RESPONSE])
@pytest.mark.parametrize("work", [Work.PAGE, Work.BATCH, Work.PROBE])
def test_what_brings_no_envelope_holds_its_interface_for_a_back_off(reason: Reason, work: Work) -> None:
    for error in (failed(reason), failed(reason, http_status=500), failed(reason, http_status=404, html=True)):
        assert blame(error, work, others_answered=True) == Blame(BlameScope.INTERFACE, Remedy.BACK_OFF)


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("work", [Work.PAGE, Work.BATCH, Work.PROBE])
def test_the_gateway_is_waited_for(status: int, work: Work) -> None:
    error = failed(Reason.RATE_LIMITED, http_status=status)
    assert blame(error, work, others_answered=True) == Blame(BlameScope.INTERFACE, Remedy.BACK_OFF)


def test_only_a_plant_list_that_is_missing_is_replaced_by_the_other() -> None:
    missing = failed(Reason.BAD_RESPONSE, http_status=404)
    assert blame(missing, Work.PAGE, others_answered=False).remedy is Remedy.OTHER_LIST
    assert blame(missing, Work.BATCH, others_answered=False).remedy is Remedy.BACK_OFF


@pytest.mark.parametrize("work", [Work.PAGE, Work.BATCH, Work.PROBE])
def test_an_http_401_is_a_session_that_has_ended(work: Work) -> None:
    ended = failed(Reason.NOT_LOGGED_IN, http_status=401)
    assert blame(ended, work, others_answered=True) == Blame(BlameScope.SESSION, Remedy.LOG_IN)


def test_an_empty_answer_to_the_login_counts_as_refused() -> None:
    empty = failed(Reason.BAD_RESPONSE, http_status=200, empty=True)
    assert blame(empty, Work.LOGIN, others_answered=False).remedy is Remedy.WAIT_FOR_CREDENTIALS
    assert blame(empty, Work.BATCH, others_answered=False).remedy is Remedy.BACK_OFF


def test_blame_is_never_wider_than_what_was_asked() -> None:
    """A refusal of a batch or a probe that others contradict stays with its ids, its batch or its type."""
    kept = {BlameScope.IDS, BlameScope.BATCH, BlameScope.TYPE}
    for code, work in product(CODES, (Work.BATCH, Work.PROBE)):
        if code not in SESSION | PACE | BUSY:
            assert verdict(code, work).scope in kept
        assert WIDTH.index(verdict(code, work).scope) < WIDTH.index(BlameScope.ACCOUNT)
