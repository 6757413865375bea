"""What a failed request is blamed on, and what is done about it: the one table.

Blame is never wider than what was asked. It is decided from the reason, from what the failCode speaks about, from the
kind of work, and from whether the interface answers for others: who is served proves that the interface is permitted
and works, so that a refusal is about the ids that were asked. The collectors and the session carry the remedy out.
"""

from dataclasses import dataclass
from enum import StrEnum

from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.fail_codes import Concern, fail_code_row

_NOT_FOUND = 404


class Work(StrEnum):
    """The kinds of request that can fail."""

    LOGIN = "login"
    PAGE = "page"
    """A page of the plant list: it names no ids."""
    BATCH = "batch"
    PROBE = "probe"
    """The first batch of an undocumented device type."""


class BlameScope(StrEnum):
    """What is left alone, from the narrowest to the widest."""

    IDS = "ids"
    BATCH = "batch"
    TYPE = "type"
    INTERFACE = "interface"
    SESSION = "session"
    ACCOUNT = "account"


class Remedy(StrEnum):
    """What is done, and so how long it takes."""

    ASK_LISTS = "ask_lists"
    """The lists come first; refused again with them, the batch is searched."""
    SEARCH = "search"
    """The batch is asked again, and halved turn by turn until the refused id is alone."""
    CUT_TIME = "cut_time"
    """The time is asked in windows."""
    RETRY = "retry"
    """The batch after a back-off of its own; searched where that goes on while others are answered."""
    PROBE_LATER = "probe_later"
    """The type in a day, later in a week."""
    SLOW_DOWN = "slow_down"
    """The interface pauses for its window, and its pace is learnt."""
    BACK_OFF = "back_off"
    """The interface after a back-off, and what Retry-After says."""
    NOT_PERMITTED = "not_permitted"
    """The interface in a day, at a start and at a reload; the other plant list stands in."""
    OTHER_LIST = "other_list"
    """The other plant list; a back-off where both are missing."""
    LOG_IN = "log_in"
    """After one login the request is sent once more."""
    WAIT_FOR_CREDENTIALS = "wait_for_credentials"
    """No login until the pause is over or the credentials change."""


@dataclass(frozen=True, slots=True)
class Blame:
    """A verdict."""

    scope: BlameScope
    remedy: Remedy


_SLOW_DOWN = Blame(BlameScope.INTERFACE, Remedy.SLOW_DOWN)
_BACK_OFF = Blame(BlameScope.INTERFACE, Remedy.BACK_OFF)
_NOT_PERMITTED = Blame(BlameScope.INTERFACE, Remedy.NOT_PERMITTED)
_OTHER_LIST = Blame(BlameScope.INTERFACE, Remedy.OTHER_LIST)
_SEARCH = Blame(BlameScope.IDS, Remedy.SEARCH)
_RETRY = Blame(BlameScope.BATCH, Remedy.RETRY)
_ABOUT_IDS = {
    Concern.IDS: Blame(BlameScope.IDS, Remedy.ASK_LISTS),
    Concern.TYPE: _SEARCH,
    Concern.OWNER: _SEARCH,
    Concern.TIME: Blame(BlameScope.BATCH, Remedy.CUT_TIME),
}


def blame(error: NorthboundError, work: Work, *, others_answered: bool) -> Blame:
    """The verdict; ``others_answered`` says whether the interface answers for other ids than those of this request."""
    concern = fail_code_row(error.fail_code).concern if error.fail_code else None
    if work is Work.LOGIN:
        return _of_login(error, concern)
    if error.reason is Reason.NOT_LOGGED_IN:
        return Blame(BlameScope.SESSION, Remedy.LOG_IN)
    if concern is None or error.reason in {Reason.RATE_LIMITED, Reason.SYSTEM_BUSY}:
        return _of_interface(error, work, concern)
    return _of_refusal(concern, work, others_answered=others_answered)


def _of_refusal(concern: Concern, work: Work, *, others_answered: bool) -> Blame:
    """The far side understood the request, and says no to it."""
    if work is Work.PROBE:
        return Blame(BlameScope.TYPE, Remedy.PROBE_LATER)
    if concern is Concern.INTERFACE:
        return _SEARCH if work is Work.BATCH and others_answered else _NOT_PERMITTED
    if work is Work.PAGE:
        # a page names no ids: where an owner has not agreed, this list as a whole is not to be had
        return _NOT_PERMITTED if concern is Concern.OWNER else _RETRY
    return _ABOUT_IDS.get(concern, _RETRY)


def _of_login(error: NorthboundError, concern: Concern | None) -> Blame:
    if error.reason is Reason.CREDENTIALS or error.empty:
        return Blame(BlameScope.ACCOUNT, Remedy.WAIT_FOR_CREDENTIALS)
    return Blame(BlameScope.ACCOUNT, Remedy.SLOW_DOWN if concern is Concern.PACE else Remedy.BACK_OFF)


def _of_interface(error: NorthboundError, work: Work, concern: Concern | None) -> Blame:
    if concern is Concern.PACE:
        return _SLOW_DOWN
    # systems from before and after a change know only one of the two plant lists
    missing = work is Work.PAGE and error.http_status == _NOT_FOUND and not error.html
    return _OTHER_LIST if missing else _BACK_OFF
