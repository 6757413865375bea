"""Sends one request and takes down everything about it: ledger, counters, log, standing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.transport import Transport
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.reporting.advice import advice_for
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.refresh.reporting.status_builder import StatusBuilder
from fusionsolar_exporter.state import NotLeadingError

T = TypeVar("T")

_SMOOTHING = 0.2  # share of the newest request in the mean duration
_LONGEST_MESSAGE = 240  # characters, the far side's own words included


@dataclass(frozen=True, slots=True)
class TimedAnswer(Generic[T]):
    """An answer with failCode 0, and when its request started and ended."""

    content: T
    started: float
    ended: float


class Requester:
    """One request at a time; moments are in the pacing clock's seconds."""

    def __init__(
        self,
        desk: AccountContext,
        standing: StatusBuilder,
        transport: Transport,
        observer: Observer,
        without_secrets: Callable[[str], str],
        permit: Callable[[], None],
    ) -> None:
        self._desk = desk
        self._permit = permit
        self._without_secrets = without_secrets
        self._standing = standing
        self.transport = transport
        self.observer = observer
        self.mean_seconds = 0.0
        """Mean duration of a request."""

    @property
    def next_gap(self) -> float:
        """The first moment at which the account may send another request."""
        return self._desk.ledger.last_start + self._desk.settings.limits.min_gap

    def ask(
        self,
        interface: Interface,
        send: Callable[[Client], Answer[T]],
        *,
        early: bool = False,
        starts: Callable[[float], object],
    ) -> TimedAnswer[T]:
        """Write the request down, tell ``starts`` its moment, send it.

        NorthboundError where it brings no data; NotLeadingError where it must not be sent.
        """
        ledger, clock, counters = self._desk.ledger, self._desk.clock, self.observer.counters
        started = clock.now()
        ledger.start(interface, started, self._desk.limit(interface), early=early)
        try:
            self._permit()
        except NotLeadingError:
            ledger.unsent(interface)
            raise
        started = clock.now()  # writing takes its time
        ledger.sent(interface, started)
        starts(started)
        counters.attempt(interface)
        try:
            answer = send(Client(self.transport))
        except NorthboundError as error:
            self._end(interface, started)
            if not error.sent:
                ledger.give_back(interface)
            self.failed(interface, error)
            raise
        ended = self._end(interface, started)
        self._answered(interface, answer, started, ended)
        return TimedAnswer(answer.content, started, ended)

    def failed(self, interface: Interface, error: NorthboundError) -> None:
        """Report a failure."""
        error.message = self._without_secrets(error.message)[:_LONGEST_MESSAGE]  # in this order: no part of one stays
        advice = advice_for(error)
        self.observer.counters.failed(interface, error.reason, error.fail_code or None)
        self.observer.failures.failed(interface, error.reason, error.message, advice)
        self._standing.failed(interface, error, advice, self._desk.clock.now())

    def _answered(self, interface: Interface, answer: Answer[Any], started: float, ended: float) -> None:
        self._desk.holds[interface].answered()
        self.observer.failures.recovered(interface)
        self._standing.answered(interface)
        if answer.far_time is not None:
            self._standing.far_clock(answer.far_time, (started + ended) / 2)

    def _end(self, interface: Interface, started: float) -> float:
        ended = self._desk.clock.now()
        self._desk.ledger.end(interface, ended, self._desk.settings.limits.margin)
        self.observer.counters.answered(interface, ended - started)
        self.mean_seconds += _SMOOTHING * (ended - started - self.mean_seconds)
        return ended
