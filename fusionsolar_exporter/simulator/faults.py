"""Faults to order: what goes wrong, for which interface, and how often. Clients are tested against them."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum, auto

from fusionsolar_exporter.simulator.answers import (
    JSON_HEADERS,
    Delivery,
    Reply,
    SimulatedAnswer,
    gateway_refusal,
    plain,
    refusal,
)
from fusionsolar_exporter.simulator.refusals import FailCode

_HTML = "<!DOCTYPE html><html><head><title>FusionSolar</title></head><body>Log in</body></html>"


class FaultKind(Enum):
    """What goes wrong."""

    FAIL_CODE = auto()
    """The envelope with ``fail_code``."""
    GATEWAY = auto()
    """HTTP 403 with the gateway's own envelope."""
    STATUS = auto()
    """HTTP ``status`` with a line of text."""
    REDIRECT = auto()
    """HTTP 302 to ``location``."""
    HTML = auto()
    """HTTP 200 with a web page, as a portal host answers."""
    INVALID_JSON = auto()
    EMPTY_BODY = auto()
    DATA_NULL = auto()
    """Success, but ``data`` is null."""
    DATA_EMPTY = auto()
    """Success, but ``data`` is an empty list."""
    CUT = auto()
    """The body ends half way."""
    RESET = auto()
    """The connection is reset, after the request took effect."""
    HOLD = auto()
    """The answer waits until ``release`` is set, at most ``hold_seconds`` real seconds."""
    DROP_SESSION = auto()
    """Every session ends just before the request, which meets 305."""
    REFUSE_IDS = auto()
    """A request that names one of ``ids`` (plant codes, device ids, serial numbers) gets ``fail_code``."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One order. ``interface`` None means any, OAuth's token address too; ``times`` None means until it is cleared."""

    kind: FaultKind
    interface: StrEnum | None = None
    times: int | None = 1
    fail_code: int = FailCode.UNKNOWN_PLANT
    status: int = 500
    location: str = "/login"
    ids: frozenset[str] = frozenset()
    hold_seconds: float = 30.0
    release: threading.Event = field(default_factory=threading.Event, compare=False)


_ANSWERS: Mapping[FaultKind, Callable[[Fault, StrEnum], SimulatedAnswer]] = {
    FaultKind.FAIL_CODE: lambda fault, _: refusal(fault.fail_code, {}, quirks=True),
    FaultKind.GATEWAY: lambda _, interface: gateway_refusal(interface),
    FaultKind.STATUS: lambda fault, _: plain(fault.status, f"HTTP {fault.status}"),
    FaultKind.REDIRECT: lambda fault, _: plain(302, "", {"Location": fault.location}),
    FaultKind.HTML: lambda _, __: SimulatedAnswer(200, {"Content-Type": "text/html"}, _HTML.encode()),
    FaultKind.INVALID_JSON: lambda _, __: SimulatedAnswer(200, JSON_HEADERS, b'{"success":true,"data":['),
    FaultKind.EMPTY_BODY: lambda _, __: SimulatedAnswer(200, JSON_HEADERS, b""),
}
_DATA: Mapping[FaultKind, list[object] | None] = {FaultKind.DATA_NULL: None, FaultKind.DATA_EMPTY: []}
_DELIVERIES = {
    FaultKind.CUT: Delivery.CUT,
    FaultKind.RESET: Delivery.RESET,
    FaultKind.HOLD: Delivery.WHOLE,
}


class Faults:
    """The orders that stand, oldest first. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[tuple[Fault, list[int]]] = []

    def order(self, fault: Fault) -> Fault:
        """Let a fault happen from the next request on, and return it."""
        with self._lock:
            self._orders.append((fault, [] if fault.times is None else [fault.times]))
        return fault

    def clear(self, interface: StrEnum | None = None) -> None:
        """Take back the orders of one interface, or all; what they hold goes on."""
        with self._lock:
            gone = [fault for fault, _ in self._orders if interface in (None, fault.interface)]
            self._orders = [order for order in self._orders if order[0] not in gone]
        for fault in gone:
            fault.release.set()

    def drops_session(self, interface: StrEnum) -> bool:
        """Return whether sessions end before this request."""
        return self._take(interface, {FaultKind.DROP_SESSION}) is not None

    def instead(self, interface: StrEnum) -> SimulatedAnswer | None:
        """Return what answers in the place of the interface, if anything does."""
        fault = self._take(interface, _ANSWERS.keys())
        return None if fault is None else _ANSWERS[fault.kind](fault, interface)

    def refused_ids(self, interface: StrEnum, ids: Iterable[str]) -> int | None:
        """Return the fail code for a request that names these ids, if one of them is to be refused."""
        if not self._orders:
            return None  # the common case, of many ids
        fault = self._take(interface, {FaultKind.REFUSE_IDS}, frozenset(ids))
        return None if fault is None else fault.fail_code

    def change_data(self, interface: StrEnum, reply: Reply) -> None:
        """Empty the data of a reply."""
        fault = self._take(interface, _DATA.keys())
        if fault is not None:
            reply.data = _DATA[fault.kind]

    def deliver(self, interface: StrEnum, answer: SimulatedAnswer) -> SimulatedAnswer:
        """Hold an answer, or spoil its way; call it without any lock."""
        fault = self._take(interface, _DELIVERIES.keys())
        if fault is None:
            return answer
        if fault.kind is FaultKind.HOLD:
            fault.release.wait(fault.hold_seconds)
        return replace(answer, delivery=_DELIVERIES[fault.kind])

    def _take(self, interface: StrEnum, kinds: Iterable[FaultKind], ids: frozenset[str] = frozenset()) -> Fault | None:
        """Return the oldest order that applies and count it."""
        if not self._orders:
            return None
        wanted = frozenset(kinds)
        with self._lock:
            for order in self._orders:
                fault, left = order
                if fault.kind not in wanted or fault.interface not in (None, interface):
                    continue
                if fault.kind is FaultKind.REFUSE_IDS and not fault.ids & ids:
                    continue
                if left:
                    left[0] -= 1
                    if left[0] <= 0:
                        self._orders.remove(order)
                return fault
        return None
