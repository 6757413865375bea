"""Every failCode of the reference (section 10), and the few that real servers add, folds into its reason."""

import json

import pytest

from fusionsolar_exporter.northbound.envelope import open_envelope
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.fail_codes import FAIL_CODES, fail_code_row
from fusionsolar_exporter.northbound.transport import RawAnswer

REFERENCE = """
    305 401 407 20001 20002 20003 20004 20005 20006 20007 20008 20009 20010 20011 20012 20013 20014 20015 20016
    20017 20018 20019 20020 20021 20022 20023 20024 20025 20026 20027 20028 20030 20034 20035 20036 20037 20038
    20039 20040 20041 20042 20043 20044 20045 20046 20047 20048 20049 20050 20051 20055 20116 20200 20400 20402
    20403 20604 20605 20606 20607 20608 20609 20610 20611 20612 20613 20614 20615 20616 20617 20618 20619 20620
    21000 21001 21002 21003 21004 21005 21006 21007 21008 21009 21010 21011 22000 22001 22002 22003 22004 22005
    22006 22007 22008 23000 23001 23002 23003 23005 23006 23007 24000 24001 24002 24003 24004 24005 24006 25000
    25001 25002 25003 25004 25005 25006 25007 26000 26001 26002 30001 30002 30003 30004 30005 30006 30007 30008
    30009 30010 30011 30012 30013 30014 30015 30016 30017 30018 30019 30020 30021 30022 30023 30024 30025 30026
    30027 30028 30029 30030 30031 30032 30033 30034
"""
BEYOND_THE_REFERENCE = "306 307 20056 403 429"
UNKNOWN = "1 99999 -1"
NOT_REJECTED = {
    305: "not_logged_in",
    306: "not_logged_in",
    307: "not_logged_in",
    401: "permission",
    403: "rate_limited",
    407: "rate_limited",
    429: "rate_limited",
    20004: "system_busy",
    20056: "permission",
    20200: "system_busy",
    20400: "credentials",
    20402: "credentials",
    20403: "credentials",
    20614: "system_busy",
    20618: "rate_limited",
    30008: "system_busy",
}
AT_THE_LOGIN = dict.fromkeys((20001, 20002, 20003, 30029), "credentials")
CODES = [int(code) for code in f"{REFERENCE} {BEYOND_THE_REFERENCE} {UNKNOWN}".split()]


def refusal(fail_code: object, interface: str = "stations", **more: object) -> NorthboundError:
    body = json.dumps({"success": False, "failCode": fail_code, "data": None, **more}).encode()
    with pytest.raises(NorthboundError) as caught:
        open_envelope(RawAnswer(200, body, "application/json", ""), interface)
    return caught.value


@pytest.mark.parametrize("fail_code", CODES)
def test_each_fail_code_has_its_reason(fail_code: int) -> None:
    error = refusal(fail_code)
    assert error.reason.value == NOT_REJECTED.get(fail_code, "rejected")
    assert (error.fail_code, error.http_status, error.sent, error.html, error.empty) == (
        fail_code,
        200,
        True,
        False,
        False,
    )
    assert str(fail_code) in error.message


@pytest.mark.parametrize("written", ["407", 407.0, " 407 ", "407.0"])
def test_a_fail_code_may_be_written_in_any_form(written: object) -> None:
    assert refusal(written).fail_code == 407
    assert refusal(written).reason is Reason.RATE_LIMITED


@pytest.mark.parametrize("fail_code", CODES)
def test_a_login_is_refused_for_more_reasons(fail_code: int) -> None:
    expected = {**NOT_REJECTED, **AT_THE_LOGIN}.get(fail_code, "rejected")
    assert refusal(fail_code, "login").reason.value == expected


def test_the_table_has_every_code_of_the_reference_and_those_that_real_servers_add() -> None:
    assert FAIL_CODES.keys() == {int(code) for code in f"{REFERENCE} {BEYOND_THE_REFERENCE}".split()}


@pytest.mark.parametrize("fail_code", sorted(FAIL_CODES))
def test_each_code_has_words_for_people(fail_code: int) -> None:
    row = fail_code_row(fail_code)
    for words in (row.meaning, row.advice):
        assert words
        assert words[0].islower()
        assert "{" not in words
        assert not words.startswith("as ")
