"""How an account stands, put together for scrapes and pages."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fusionsolar_exporter.northbound.errors import TRANSPORT, NorthboundError
from fusionsolar_exporter.northbound.interfaces import ASKED_BY_ALL, Interface
from fusionsolar_exporter.refresh.collectors.base import Collector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.far_clock import FarClock
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.reporting.filter_notice import FilterNotice
from fusionsolar_exporter.refresh.session.login_policy import Pause
from fusionsolar_exporter.refresh.session.session import Session
from fusionsolar_exporter.status import (
    AccountState,
    AccountStatus,
    BudgetStatus,
    CollectorStatus,
    FailureNote,
    InterfaceStatus,
)

_MOST_FAILURES = 50
"""Notes that an account keeps: the oldest goes."""


@dataclass(frozen=True, slots=True)
class KeptOutcomes:
    """Outcomes of requests as state keeps them."""

    had_outcome: bool
    enveloped: bool
    unreachable: bool
    clock_offset: float | None
    failures: tuple[FailureNote, ...]


class StatusBuilder:
    """Remembers outcomes of requests; moments are in the pacing clock's seconds."""

    def __init__(
        self, context: AccountContext, limiter: RateLimiter, inventory: Inventory, far_clock: FarClock
    ) -> None:
        self._context = context
        self._limiter = limiter
        self._inventory = inventory
        self._far_clock = far_clock
        self.filter_notice = FilterNotice(context, inventory)
        self._had_outcome = False
        self._enveloped = False
        self._unreachable = False
        self._failures: dict[tuple[Interface, str], FailureNote] = {}

    def answered(self, interface: Interface, about: str) -> None:
        """A request was answered with failCode 0; ``about`` names a batch that is well by now, empty for no batch."""
        self._had_outcome = self._enveloped = True
        self._unreachable = False
        self._failures.pop((interface, about), None)

    def failed(self, interface: Interface, error: NorthboundError, advice: str, moment: float, about: str) -> None:
        """A request failed; ``about`` names the batch that it says something of, empty for the whole interface."""
        self._had_outcome = True
        self._enveloped = error.fail_code is not None
        self._unreachable = error.reason in TRANSPORT or error.html
        self._failures.pop((interface, about), None)
        self._failures[interface, about] = FailureNote(
            moment, interface, error.reason, error.fail_code, error.message, advice, about
        )
        if len(self._failures) > _MOST_FAILURES:
            del self._failures[next(iter(self._failures))]

    def kept(self) -> KeptOutcomes:
        """What state keeps."""
        return KeptOutcomes(
            self._had_outcome,
            self._enveloped,
            self._unreachable,
            self._far_clock.offset,
            tuple(self._failures.values()),
        )

    def restore(self, kept: KeptOutcomes) -> None:
        """Take over what was kept."""
        self._had_outcome, self._enveloped, self._unreachable = kept.had_outcome, kept.enveloped, kept.unreachable
        self._far_clock.offset = kept.clock_offset
        self._failures = {(Interface(note.interface), note.about): note for note in kept.failures}

    def far_clock(self, far_time: float, moment: float) -> None:
        """An answer told the far side's Unix time."""
        self._far_clock.told(far_time, moment)

    def status(
        self, collectors: Sequence[Collector], session: Session, stretch: float, *, leads: bool
    ) -> AccountStatus:
        """Everything about the account but its data."""
        now, inventory = self._context.clock.now(), self._inventory
        told = [self._collector(collector) for collector in collectors]
        planned: dict[Interface, float] = {}
        for collector, status in zip(collectors, told, strict=True):
            if collector.enabled and status.next_sweep_at is not None:
                planned[collector.planned_interface()] = status.next_sweep_at
        if not session.active:
            planned[session.interface] = session.earliest()
        problem = session.problem(now)
        notes = [note for note in (problem, self.filter_notice.note) if note is not None]
        enabled = (collector.planned_interface() for collector in collectors if collector.enabled)
        shown = {*ASKED_BY_ALL, session.interface, *enabled}
        return AccountStatus(
            account=self._context.settings.name,
            host=self._context.settings.account.host,
            state=self._state(session, now),
            up=session.active and self._enveloped,
            leads=leads,
            had_first_outcome=self._had_outcome or problem is not None,
            clock_offset_seconds=self._far_clock.offset,
            stretch=stretch,
            interfaces=tuple(
                self._interface(interface, planned.get(interface), now, session)
                for interface in Interface
                if interface not in session.unused and (interface in shown or self._limiter.ledger.was_asked(interface))
            ),
            collectors=tuple(told),
            failures=(*notes, *reversed(self._failures.values())),
            listed_plants=None if inventory.plants_listed_at is None else len(inventory.listed),
            waits=session.waiting(now),
            selected_plants=None if inventory.plants_listed_at is None else len(inventory.plants),
            budget=self._budget(now),
        )

    def _state(self, session: Session, now: float) -> AccountState:
        pause = session.pause(now)
        if pause is Pause.CREDENTIALS:
            return AccountState.CREDENTIALS
        if session.contended:
            return AccountState.CONTENDED
        if pause is Pause.OTHER:
            return AccountState.PAUSED
        if not session.ever:
            return AccountState.STARTING
        return AccountState.UNREACHABLE if self._unreachable else AccountState.OK

    def _budget(self, now: float) -> BudgetStatus | None:
        budget, configured = self._limiter.budget, self._limiter.configured_budget
        if budget is None or configured is None:
            return None
        moments = tuple(moment for moment in self._limiter.daily.moments if moment > now - budget.window)
        return BudgetStatus(budget.calls, configured.calls, budget.window, moments)

    def _interface(self, interface: Interface, planned: float | None, now: float, session: Session) -> InterfaceStatus:
        limit, hold, paces = self._limiter.limit(interface), self._limiter.holds[interface], self._limiter.paces
        if interface is session.interface and session.logins.held.until > hold.until:
            hold = session.logins.held
        moment = None if planned is None else max(planned, self._limiter.earliest(interface))
        return InterfaceStatus(
            interface=interface,
            quota_calls=limit.calls,
            window_seconds=limit.window,
            calls=self._limiter.ledger.within(interface, limit, now),
            next_request_at=None if moment is None or math.isinf(moment) else moment,
            held_until=hold.until if hold.until > now else None,
            hold_reason=hold.reason if hold.until > now else "",
            pace_ratio=paces.ratio(interface),
            pace_seconds=paces.seconds(interface) or None,
            pace_learnt_at=paces.learnt_at(interface),
        )

    def _collector(self, collector: Collector) -> CollectorStatus:
        batches = collector.batches()
        due = collector.next_sweep_at() if collector.enabled else None
        next_sweep = math.inf if due is None else max(due, self._limiter.earliest(collector.planned_interface()))
        sweeps = collector.sweeps
        return CollectorStatus(
            collector=collector.name,
            enabled=collector.enabled,
            success=sweeps.success,
            interval_seconds=collector.interval,
            last_success_at=sweeps.last_success_at,
            next_sweep_at=None if math.isinf(next_sweep) else next_sweep,
            last_sweep_duration_seconds=sweeps.last_duration,
            batches=len(batches),
            left_out=collector.left_out(),
        )
