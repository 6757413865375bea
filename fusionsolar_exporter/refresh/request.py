"""Sends one request and takes down everything about it: ledger, counters, log, status."""

from collections.abc import Callable
from typing import Any, TypeVar

from typing_extensions import override

from fusionsolar_exporter.northbound.auth import NOBODY, Auth
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.refresh.asking import Asks, TimedAnswer
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.reporting.advice import advice_for
from fusionsolar_exporter.refresh.reporting.status_builder import StatusBuilder
from fusionsolar_exporter.state import NotLeadingError

T = TypeVar("T")

_OF_WHAT_WAS_ASKED = frozenset({Reason.PERMISSION, Reason.REJECTED})  # refused for that, not for how often
_SMOOTHING = 0.2  # share of the newest request in the mean duration
_LONGEST_MESSAGE = 240  # characters, the far side's own words included


class Requester(Asks):
    """One request at a time; moments are in the pacing clock's seconds."""

    def __init__(
        self,
        context: AccountContext,
        limiter: RateLimiter,
        status_builder: StatusBuilder,
        collaborators: Collaborators,
        *,
        without_secrets: Callable[[str], str],
        permit: Callable[[], None],
    ) -> None:
        self._context = context
        self._limiter = limiter
        self._status_builder = status_builder
        self._collaborators = collaborators
        self._without_secrets = without_secrets
        self._permit = permit
        account = context.settings.account
        self._connection = account.connection
        self._transport = collaborators.transport(account)
        self._observer = collaborators.observer(account)
        self.mean_seconds = 0.0
        """Mean duration of a request."""

    def reconfigure(self) -> None:
        """The settings are new: another observer, and another transport where the connection is another."""
        account = self._context.settings.account
        self._observer = self._collaborators.observer(account)
        if account.connection != self._connection:
            self._connection = account.connection
            self._transport.close()
            self._transport = self._collaborators.transport(account)

    def close(self) -> None:
        """Give up the connections."""
        self._transport.close()

    @override
    def ask(
        self,
        interface: Interface,
        send: Callable[[Client], Answer[T]],
        *,
        auth: Auth = NOBODY,
        early: bool = False,
        about: str = "",
        starts: Callable[[float], object],
    ) -> TimedAnswer[T]:
        limiter, clock, counters = self._limiter, self._context.clock, self._observer.counters
        started = clock.now()
        # written down and kept before it is sent: a process that dies in between has asked nothing unknown to the next
        limiter.start(interface, started, early=early)
        try:
            self._permit()
        except NotLeadingError:
            limiter.unsent(interface)
            raise
        started = clock.now()  # writing takes its time
        limiter.sent(interface, started)
        limiter.paces.called(interface, started)
        starts(started)
        counters.attempt(interface)
        try:
            answer = send(Client(self._transport, auth))
        except NorthboundError as error:
            self._end(interface, started)
            if not error.sent:
                limiter.ledger.give_back(interface)
                limiter.paces.unsent(interface)
            elif error.reason in _OF_WHAT_WAS_ASKED:
                limiter.paces.answered(interface, started)
            self.failed(interface, error, about if error.reason in _OF_WHAT_WAS_ASKED else "", asked=about)
            self._show(interface, about, started, error.message)
            raise
        ended = self._end(interface, started)
        self._show(interface, about, started, "failCode 0")
        self._answered(interface, answer, started, ended, asked=about)
        return TimedAnswer(answer.content, started, ended)

    def dropped(self, interface: Interface, count: int) -> None:
        """An answer held items that were not asked for or could not be read."""
        self._observer.counters.dropped(interface, count)

    def accepted(self, interface: Interface, about: str, *, asked: str = "") -> None:
        """What was asked has brought what it should: whatever was wrong with it is over."""
        self._observer.failures.recovered(interface, about, asked=asked)
        self._status_builder.answered(interface, about)

    def failed(self, interface: Interface, error: NorthboundError, about: str, *, asked: str = "") -> None:
        """Report a failure; ``about`` names the batch that it says something of, empty for the whole interface."""
        error.message = self._without_secrets(error.message)[:_LONGEST_MESSAGE]  # in this order: no part of one stays
        advice = advice_for(error)
        self._observer.counters.failed(interface, error.reason, error.fail_code or None)
        self._observer.failures.failed(interface, error.reason, error.message, advice, about, asked=asked)
        self._status_builder.failed(interface, error, advice, self._context.clock.now(), about)

    def _answered(self, interface: Interface, answer: Answer[Any], started: float, ended: float, *, asked: str) -> None:
        self._limiter.holds[interface].answered()
        self._limiter.paces.answered(interface, started)
        # the interface answers; whether this answer is what it should be is judged by who asked
        self.accepted(interface, "", asked=asked)
        if answer.far_time is not None:
            self._status_builder.far_clock(answer.far_time, (started + ended) / 2)

    def _show(self, interface: Interface, about: str, started: float, outcome: str) -> None:
        self._context.log.debug(
            "request",
            account=self._context.settings.name,
            interface=interface,
            about=about,
            seconds=round(self._context.clock.now() - started, 3),
            outcome=outcome,
        )

    def _end(self, interface: Interface, started: float) -> float:
        ended = self._context.clock.now()
        self._limiter.end(interface, ended)
        self._observer.counters.answered(interface, ended - started)
        self.mean_seconds += _SMOOTHING * (ended - started - self.mean_seconds)
        return ended
