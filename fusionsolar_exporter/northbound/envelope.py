"""The envelope around every answer: ``{success, failCode, data, params, message}`` (reference 9.1).

Read ``failCode`` before anything else: a refusal comes with HTTP 200 and ``data`` of any shape.
"""

from codecs import BOM_UTF8
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fusionsolar_exporter.northbound.bounds import BoundsError
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.fail_codes import reason_of
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.json_answer import parse_json
from fusionsolar_exporter.northbound.scalars import integer, number, quoted, text
from fusionsolar_exporter.northbound.transport import RawAnswer

_TOO_MANY = frozenset({403, 429})
_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)
_JSON = (b"{", b"[")
"""What JSON begins with, whatever its Content-Type says."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An answer with failCode 0."""

    data: Any
    far_time: float | None
    """``params.currentTime`` in Unix seconds, where the answer tells it."""


def open_envelope(raw: RawAnswer, interface: str) -> Envelope:
    """Take the data out of an answer; NorthboundError where there is none."""
    _check_status(raw, interface)
    status = raw.status
    body = _parse(raw, interface)
    if body in (None, {}, []):
        raise NorthboundError(
            Reason.BAD_RESPONSE,
            interface,
            f"HTTP {status} with an empty answer",
            http_status=status,
            empty=True,
        )
    fail_code = integer(body.get("failCode")) if isinstance(body, dict) else None
    if fail_code is None:
        raise _bad(interface, f"HTTP {status} with JSON that has no failCode", raw)
    if fail_code != 0:
        told = quoted(text(body.get("message")) or text(body.get("data")))
        raise NorthboundError(
            reason_of(fail_code, login=interface == Interface.LOGIN),
            interface,
            f"failCode {fail_code}{told}",
            fail_code=fail_code,
            http_status=status,
            retry_after=raw.retry_after,
        )
    if body.get("success") is False and not body.get("data"):
        raise _bad(interface, f"HTTP {status} with failCode 0, but without success and data", raw)
    params = body.get("params")
    far_time = number(params.get("currentTime")) if isinstance(params, dict) else None
    return Envelope(body.get("data"), None if far_time is None else far_time / 1e3)


def _check_status(raw: RawAnswer, interface: str) -> None:
    """NorthboundError where there is no JSON to read."""
    status = raw.status
    if status in _TOO_MANY:
        raise NorthboundError(
            Reason.RATE_LIMITED,
            interface,
            f"HTTP {status}: the gateway's own limit",
            http_status=status,
            retry_after=raw.retry_after,
        )
    if status in _REDIRECTS:
        raise _bad(interface, f"HTTP {status}: a redirect, which is never followed", raw)
    if status in _SERVER_ERRORS:
        raise _bad(interface, f"HTTP {status}: an error of the server", raw)
    if status == HTTPStatus.UNAUTHORIZED:
        raise NorthboundError(
            Reason.NOT_LOGGED_IN, interface, "HTTP 401: the token is not valid (any more)", http_status=status
        )
    if not raw.body.strip():
        raise NorthboundError(
            Reason.BAD_RESPONSE,
            interface,
            f"HTTP {status} with an empty body",
            http_status=status,
            empty=True,
        )
    if is_html(raw):
        raise _bad(interface, f"HTTP {status} with a web page instead of JSON", raw)


def _parse(raw: RawAnswer, interface: str) -> Any:
    try:
        return parse_json(raw.body, interface)
    except BoundsError as error:
        raise _bad(interface, f"HTTP {raw.status} with {error}", raw) from None
    except (ValueError, RecursionError):  # ValueError covers integers of absurd length
        raise _bad(interface, f"HTTP {raw.status} with JSON that is cut short or malformed", raw) from None


def is_html(raw: RawAnswer) -> bool:
    """Whether a web page answered."""
    begins = raw.body.removeprefix(BOM_UTF8).lstrip()[:1]
    return begins == b"<" or (begins not in _JSON and raw.content_type.lower().startswith("text/html"))


def _bad(interface: str, message: str, raw: RawAnswer) -> NorthboundError:
    return NorthboundError(
        Reason.BAD_RESPONSE,
        interface,
        message,
        http_status=raw.status,
        html=bool(raw.body) and is_html(raw),
        retry_after=raw.retry_after,
    )
