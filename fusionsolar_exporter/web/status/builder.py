"""The report of :mod:`.report`, made from the accounts' views."""

import math
from collections.abc import Sequence

from fusionsolar_exporter import __version__
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.status import (
    AccountState,
    AccountStatus,
    BudgetStatus,
    CollectorStatus,
    FailureNote,
    InterfaceStatus,
)
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.status.account_plants import AccountPlants, PlantsOfAccounts
from fusionsolar_exporter.web.status.report import (
    AccountReport,
    BudgetReport,
    CollectorReport,
    FailureReport,
    InterfaceReport,
    LeftOutReport,
    StatusReport,
)

ADVICE: dict[AccountState, str] = {
    AccountState.CREDENTIALS: "The login is refused. Check user name and password, and whether the account's end date"
    " has passed; then reload the configuration.",
    AccountState.CONTENDED: "Another program uses this account: each login ends the other's session."
    " Give each program an account of its own.",
    AccountState.PAUSED: "Logins pause for a while; the interface login below says until when and why.",
    AccountState.STARTING: "There has been no login yet.",
    AccountState.UNREACHABLE: "The newest request got no usable answer."
    " Check the URL, the network and the proxy; it is tried again by itself.",
    AccountState.OK: "",
}
OAUTH_ADVICE: dict[AccountState, str] = {
    **ADVICE,
    AccountState.PAUSED: "Access tokens are refused or not to be had for a while; the failures below say why.",
    AccountState.STARTING: "No access token has been asked for yet.",
}


def build_report(views: Sequence[AccountView], plants: PlantsOfAccounts, *, clock: Clock, ready: bool) -> StatusReport:
    """Make the report of this moment."""
    now = clock.now()
    plants.keep([view.name for view in views])
    return StatusReport(
        version=__version__,
        timestamp_seconds=clock.wall(now),
        ready=ready,
        accounts=tuple(_account(view, plants.of(view), clock, now) for view in views),
    )


def _account(view: AccountView, plants: AccountPlants, clock: Clock, now: float) -> AccountReport:
    status = view.status
    return AccountReport(
        account=view.name,
        host=status.host,
        state=status.state,
        advice=_advice(status),
        until_timestamp_seconds=_login_pause(status, clock),
        up=status.up,
        leader=status.leads,
        clock_offset_seconds=_finite(status.clock_offset_seconds),
        interval_stretch=_finite(status.stretch),
        devices=plants.devices,
        collectors=tuple(_collector(collector, view, clock) for collector in status.collectors),
        interfaces=tuple(_interface(interface, clock, now) for interface in status.interfaces),
        budget=None if status.budget is None else _budget(status.budget, now),
        failures=tuple(_failure(failure, clock) for failure in status.failures),
        plants=plants.plants,
        alarms=plants.alarms,
    )


def _advice(status: AccountStatus) -> str:
    """What the log says of a session that is waited for, and what to do about it; else what the state means."""
    if not status.waits:
        return (ADVICE if status.budget is None else OAUTH_ADVICE)[status.state]
    remedies = (failure.advice for failure in status.failures if failure.interface in _BEGINNINGS)
    remedy = next(remedies, "")
    told = (status.waits,) if remedy in status.waits else (status.waits, remedy)
    return " ".join(f"{text[0].upper()}{text[1:]}." for text in told)


_BEGINNINGS = (Interface.LOGIN, Interface.TOKEN)  # an account has one of the two


def _login_pause(status: AccountStatus, clock: Clock) -> float | None:
    held = next((each.held_until for each in status.interfaces if each.interface in _BEGINNINGS), None)
    return _wall(held, clock)


def _collector(status: CollectorStatus, view: AccountView, clock: Clock) -> CollectorReport:
    return CollectorReport(
        collector=status.collector,
        enabled=status.enabled,
        success=status.success,
        interval_seconds=_finite(status.interval_seconds),
        last_success_timestamp_seconds=_wall(status.last_success_at, clock),
        next_sweep_timestamp_seconds=_wall(status.next_sweep_at, clock),
        last_sweep_duration_seconds=_finite(status.last_sweep_duration_seconds),
        batches=status.batches,
        cache_entries=view.snapshot.entries.get(status.collector, 0),
        cache_expired=view.snapshot.expired.get(status.collector, 0),
        left_out=tuple(
            LeftOutReport(key, _name(key, view), _wall(until, clock)) for key, until in sorted(status.left_out.items())
        ),
    )


def _name(key: str, view: AccountView) -> str:
    known = view.snapshot.plants.get(key) or view.snapshot.devices.get(key)
    return known.name if known else ""


def _interface(status: InterfaceStatus, clock: Clock, now: float) -> InterfaceReport:
    return InterfaceReport(
        interface=status.interface,
        quota_calls=status.quota_calls,
        quota_used_calls=sum(call > now - status.window_seconds for call in status.calls),
        quota_window_seconds=_finite(status.window_seconds),
        next_request_timestamp_seconds=_wall(status.next_request_at, clock),
        held_until_timestamp_seconds=_wall(status.held_until, clock),
        hold_reason=status.hold_reason,
        pace_ratio=status.pace_ratio,
        pace_seconds=_finite(status.pace_seconds),
        pace_learnt_timestamp_seconds=_wall(status.pace_learnt_at, clock),
    )


def _budget(status: BudgetStatus, now: float) -> BudgetReport:
    return BudgetReport(status.calls, status.used_calls(now), _finite(status.window_seconds), status.configured_calls)


def _failure(note: FailureNote, clock: Clock) -> FailureReport:
    return FailureReport(
        timestamp_seconds=_wall(note.at, clock),
        interface=note.interface,
        reason=note.reason,
        fail_code=note.fail_code,
        message=note.message,
        advice=note.advice,
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _wall(moment: float | None, clock: Clock) -> float | None:
    return None if _finite(moment) is None or moment is None else clock.wall(moment)
