"""The token address of OAuth Connect: what is sent to it, and what it answers (RFC 6749, sections 4.1.3, 5 and 6).

There is no public reference: this follows what clients in use read and send.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fusionsolar_exporter.northbound.envelope import is_html
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.fail_codes import reason_of
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.json_answer import parse_json
from fusionsolar_exporter.northbound.scalars import code, integer, number, quoted, text
from fusionsolar_exporter.northbound.transport import RawAnswer

INVALID_GRANT = "invalid_grant"
INVALID_CLIENT = "invalid_client"
READING_SCOPE = "pvms.openapi.basic"
_HOUR = 3600.0  # seconds that an access token lives, measured; for answers that do not say it
_LONGEST_LIFE = 30 * 86400.0
_CREDENTIALS = frozenset({INVALID_GRANT, INVALID_CLIENT})


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token request brings."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    """None where the old one stays."""
    lifetime: float
    """Seconds that the access token lives."""


class TokenError(NorthboundError):
    """The token address refused, and said why: ``error`` is its word for it (RFC 6749, section 5.2)."""

    def __init__(self, error: str, description: str, *, http_status: int) -> None:
        reason = Reason.CREDENTIALS if error in _CREDENTIALS else Reason.REJECTED
        super().__init__(reason, Interface.TOKEN, f"{error}{quoted(description)}", http_status=http_status)
        self.error = error


def exchange_form(client_id: str, secret: str, code: str, redirect_uri: str) -> Mapping[str, str]:
    """What exchanges a code."""
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "client_id": client_id,
        "client_secret": secret,
    }


def refresh_form(client_id: str, secret: str, refresh: str) -> Mapping[str, str]:
    """What exchanges a refresh token."""
    return {
        "grant_type": "refresh_token",
        "refresh_token": refresh,
        "client_id": client_id,
        "client_secret": secret,
    }


def read_tokens(raw: RawAnswer) -> Tokens:
    """Take the tokens out of an answer; TokenError or another NorthboundError where there are none."""
    status = raw.status
    if is_html(raw):
        raise _bad(f"HTTP {status} with a web page instead of tokens", status, html=True)
    body = _parse(raw)
    error = code(body.get("error"))
    if status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.FORBIDDEN and not error):
        told = f"HTTP {status}: asked again later"
        raise NorthboundError(
            Reason.RATE_LIMITED, Interface.TOKEN, told, http_status=status, retry_after=raw.retry_after
        )
    # before the status: 400 and 401 carry what matters in the body, a server in trouble may say anything
    if error and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        raise TokenError(error, text(body.get("error_description")), http_status=status)
    fail_code = integer(body.get("failCode"))
    if fail_code:
        told = f"failCode {fail_code}{quoted(text(body.get('message')))}"
        raise NorthboundError(reason_of(fail_code), Interface.TOKEN, told, fail_code=fail_code, http_status=status)
    access = text(body.get("access_token"))
    if status != HTTPStatus.OK or not access:
        raise _bad(f"HTTP {status} without tokens{quoted(error)}", status)
    lifetime = number(body.get("expires_in"))
    if lifetime is None or lifetime <= 0:
        lifetime = _HOUR
    return Tokens(access, text(body.get("refresh_token")) or None, min(lifetime, _LONGEST_LIFE))


def _parse(raw: RawAnswer) -> Mapping[str, Any]:
    try:
        body = parse_json(raw.body, Interface.TOKEN)
    except (ValueError, RecursionError):
        body = None
    return body if isinstance(body, dict) else {}


def _bad(message: str, status: int, *, html: bool = False) -> NorthboundError:
    return NorthboundError(Reason.BAD_RESPONSE, Interface.TOKEN, message, http_status=status, html=html)
