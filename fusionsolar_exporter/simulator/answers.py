"""Answers: the envelope of the interfaces, and what goes over the wire."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from fusionsolar_exporter.simulator.refusals import MESSAGES, FailCode

JSON_HEADERS: Mapping[str, str] = {"Content-Type": "application/json;charset=UTF-8"}
TOO_FREQUENT_TEXT = "ACCESS_FREQUENCY_IS_TOO_HIGH"


class Delivery(Enum):
    """How an answer reaches the client."""

    WHOLE = auto()
    CUT = auto()
    """Content-Length promises the whole body; the connection ends after half of it."""
    RESET = auto()
    """The connection is reset without an answer."""


@dataclass(frozen=True, slots=True)
class SimulatedAnswer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str] = field(repr=False)  # the login's hold the token
    body: bytes = field(repr=False)
    fail_code: int | None = None
    """None where the body is no envelope."""
    delivery: Delivery = Delivery.WHOLE


@dataclass(slots=True)
class Reply:
    """What an interface says, before it becomes an envelope. ``params`` None leaves the member out."""

    data: object = None
    params: Mapping[str, object] | None = None
    message: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


def success(reply: Reply) -> SimulatedAnswer:
    """Return the envelope of a request that was answered."""
    envelope: dict[str, object] = {"success": True, "data": reply.data, "failCode": 0}
    if reply.params is not None:
        envelope["params"] = reply.params
    envelope["message"] = reply.message
    return SimulatedAnswer(200, {**JSON_HEADERS, **reply.headers}, _render(envelope), fail_code=0)


def refusal(code: int, params: Mapping[str, object], *, quirks: bool, status: int = 200) -> SimulatedAnswer:
    """Return the envelope of a request that was refused; under quirks 407 has texts in other places."""
    message = MESSAGES.get(code)
    if code == FailCode.TOO_FREQUENT and quirks:
        envelope: dict[str, object] = {
            "success": False,
            "data": TOO_FREQUENT_TEXT,
            "failCode": code,
            "params": None,
        }
    else:
        envelope = {"success": False, "data": None, "failCode": code, "params": params, "message": message}
    return SimulatedAnswer(status, JSON_HEADERS, _render(envelope), fail_code=int(code))


def gateway_refusal(interface: str, headers: Mapping[str, str] | None = None) -> SimulatedAnswer:
    """Return HTTP 403 as the gateway before the interfaces sends it when all users together call too often."""
    envelope = {
        "errorCode": 49401021002,
        "exceptionInfo": f"The request {interface} exceeds the flow control limit.",
    }
    return SimulatedAnswer(403, {**JSON_HEADERS, **(headers or {})}, _render(envelope))


def plain(status: int, text: str, headers: Mapping[str, str] | None = None) -> SimulatedAnswer:
    """Return an answer that is no envelope."""
    return SimulatedAnswer(status, {"Content-Type": "text/plain;charset=UTF-8", **(headers or {})}, text.encode())


def _render(envelope: object) -> bytes:
    return json.dumps(envelope, separators=(",", ":")).encode()
