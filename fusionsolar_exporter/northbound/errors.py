"""Why a request failed: the far side's many codes, folded into a closed list of reasons.

::

    Reason                    what happened
    ├── rate_limited          failCode 407, 20618; HTTP 403, 429
    ├── system_busy           failCode 20200
    ├── not_logged_in         failCode 305, 306, 307
    ├── credentials           failCode 20400, 20402, 20403
    ├── permission            failCode 401, 20056
    ├── rejected              any other failCode
    ├── timeout               no whole answer within the configured time
    ├── connection            refused, reset, name not found
    ├── tls                   certificate or handshake
    └── bad_response          everything else: HTTP 3xx, 5xx, HTML, invalid JSON, over 64 MiB
"""

from enum import StrEnum


class Reason(StrEnum):
    """The closed list of reasons; label ``reason`` of ``fusionsolar_api_failures_total``."""

    RATE_LIMITED = "rate_limited"
    SYSTEM_BUSY = "system_busy"
    NOT_LOGGED_IN = "not_logged_in"
    CREDENTIALS = "credentials"
    PERMISSION = "permission"
    REJECTED = "rejected"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    TLS = "tls"
    BAD_RESPONSE = "bad_response"


TRANSPORT = frozenset({Reason.TIMEOUT, Reason.CONNECTION, Reason.TLS})
"""Reasons for which no answer came at all."""

_BY_FAIL_CODE = {
    407: Reason.RATE_LIMITED,
    20618: Reason.RATE_LIMITED,
    20200: Reason.SYSTEM_BUSY,
    305: Reason.NOT_LOGGED_IN,
    306: Reason.NOT_LOGGED_IN,
    307: Reason.NOT_LOGGED_IN,
    20400: Reason.CREDENTIALS,
    20402: Reason.CREDENTIALS,
    20403: Reason.CREDENTIALS,
    401: Reason.PERMISSION,
    20056: Reason.PERMISSION,
}

DAY_LIMIT = 20618
UNKNOWN_IDS = frozenset({20007, 20008, 20045, 20046})
"""A plant or device of the request does not exist, or is not this account's (any more)."""
WRONG_DEVICE = frozenset({20006, 20013})
"""A device of the request is not of the type, or the interface does not take it."""
TIME_SPAN = frozenset({20026, 20027})
"""The time asked for goes back too far, or spans too much."""


def reason_of(fail_code: int) -> Reason:
    """Fold a failCode other than 0 into its reason (reference section 10)."""
    return _BY_FAIL_CODE.get(fail_code, Reason.REJECTED)


class NorthboundError(Exception):
    """A request that brought no data.

    ``sent`` is False where the far side cannot have seen the request; ``html`` is True where a web page answered,
    which is what portal hosts do; ``http_status`` is None where no answer came.
    """

    def __init__(
        self,
        reason: Reason,
        interface: str,
        message: str,
        *,
        fail_code: int | None = None,
        http_status: int | None = None,
        html: bool = False,
        empty: bool = False,
        sent: bool = True,
    ) -> None:
        super().__init__(f"{interface}: {message}")
        self.reason = reason
        self.interface = interface
        self.message = message
        self.fail_code = fail_code
        self.http_status = http_status
        self.html = html
        self.empty = empty
        self.sent = sent
