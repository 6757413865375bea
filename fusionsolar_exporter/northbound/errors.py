"""Why a request failed: the far side's many codes, folded into a closed list of reasons.

::

    Reason                    what happened
    ├── rate_limited          failCode 407, 20618; 403 and 429 as failCode or HTTP status
    ├── system_busy           failCode 20200, 20004, 20614, 30008
    ├── not_logged_in         failCode 305, 306, 307; HTTP 401
    ├── credentials           failCode 20400, 20402, 20403; at the login also 20001, 20002, 20003, 30029
    ├── permission            failCode 401, 20056
    ├── rejected              any other failCode
    ├── timeout               no whole answer within the configured time
    ├── connection            refused, reset, name not found
    ├── tls                   certificate or handshake
    └── bad_response          everything else: HTTP 3xx, 5xx, HTML, invalid JSON, over its bounds

Which failCode is folded into which reason stands in :mod:`.fail_codes`.
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

DAY_LIMIT = 20618
"""The failCode for a day's calls that are used up: worth no other try for an hour."""


class NorthboundError(Exception):
    """A request that brought no data.

    ``sent`` is False where the far side cannot have seen the request; ``html`` is True where a web page answered,
    which is what portal hosts do, ``speaks_no_tls`` where TLS was tried on a port of plain HTTP; ``http_status`` is
    None where no answer came; ``retry_after`` is for how many seconds the answer asks not to be asked, an hour at most.
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
        speaks_no_tls: bool = False,
        empty: bool = False,
        sent: bool = True,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(f"{interface}: {message}")
        self.reason = reason
        self.interface = interface
        self.message = message
        self.fail_code = fail_code
        self.http_status = http_status
        self.html = html
        self.speaks_no_tls = speaks_no_tls
        self.empty = empty
        self.sent = sent
        self.retry_after = retry_after
