"""From an examination to the report of its account; state fills in what was not asked."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.doctor.ask import Ask
from fusionsolar_exporter.doctor.device_types import device_types, readings_by_type
from fusionsolar_exporter.doctor.examination import Examination
from fusionsolar_exporter.doctor.problems import problem_of, problem_of_note
from fusionsolar_exporter.doctor.remedies import remedies
from fusionsolar_exporter.doctor.report import (
    AccountFindings,
    AlarmsFindings,
    BudgetFindings,
    CadenceFindings,
    Host,
    InterfaceFindings,
    Outcome,
    PlantsFindings,
    Problem,
    SessionFindings,
    SessionKind,
    SignDoubt,
)
from fusionsolar_exporter.doctor.signs import sign_doubts
from fusionsolar_exporter.doctor.summaries import summary_of
from fusionsolar_exporter.doctor.undocumented import undocumented_keys
from fusionsolar_exporter.doctor.units import doubtful_units
from fusionsolar_exporter.northbound.errors import TRANSPORT, Reason
from fusionsolar_exporter.northbound.interfaces import HOUR, Interface
from fusionsolar_exporter.northbound.model import Reading
from fusionsolar_exporter.refresh.preview import planned
from fusionsolar_exporter.status import AccountStatus, CollectorName, InterfaceStatus

_IN_MEMORY = (
    "state is kept in memory only: an exporter that runs with the same user knows nothing of these calls, and the two "
    "end each other's sessions"
)
_FIRST_TIME = (
    "this state has not heard of the account before. Should an exporter run with the same user and another state (on "
    "another machine, as another user, in a container), then run this there: the two end each other's sessions"
)


def account_report(examination: Examination) -> AccountFindings:
    """What is known of the account now."""
    engine = examination.engine
    status = engine.status()
    readings = readings_by_type(examination)
    snapshot = engine.answers.cache.snapshot()
    session = _session(examination, status)
    interfaces = _interfaces(examination, status)
    answers = _host(examination)
    active = session.kind is not SessionKind.NONE
    alarms = [alarm.raised_at for found in snapshot.alarms.values() for alarm in found.alarms]
    found = AccountFindings(
        account=engine.context.settings.name,
        host=engine.context.settings.account.host,
        permitted=active and examination.complete and _all_permitted(examination, interfaces),
        answers=answers,
        remarks=tuple(_remarks(examination)),
        session=session,
        interfaces=interfaces,
        budget=_budget(status, engine.context.clock.now()),
        cadence=_cadence(examination),
        plants=PlantsFindings(
            listed=engine.inventory.fleet.plants,
            selected=len(engine.inventory.plants),
            not_selected=tuple(sorted(plant.name or plant.code for plant in engine.inventory.not_selected)),
            with_device_list=len(engine.inventory.devices_listed_at.keys() & engine.inventory.plants.keys()),
            with_data=sum(bool(reading.values) for reading in snapshot.plant_readings.values()),
            with_alarms=sum(bool(found.alarms) for found in snapshot.alarms.values()),
        ),
        alarms=AlarmsFindings(len(alarms), min((moment for moment in alarms if moment is not None), default=None)),
        device_types=device_types(examination, readings),
        doubtful_units=doubtful_units(readings, lambda reading: _scales(examination, reading)),
        doubtful_signs=_signs(examination, snapshot),
        undocumented_keys=undocumented_keys(snapshot.plant_readings.values(), readings),
        what_to_do=(),
    )
    return replace(found, what_to_do=remedies(found))


def _budget(status: AccountStatus, now: float) -> BudgetFindings | None:
    budget = status.budget
    if budget is None:
        return None
    return BudgetFindings(budget.calls, budget.used_calls(now), budget.window_seconds, budget.configured_calls)


def _scales(examination: Examination, reading: Reading) -> Mapping[str, float]:
    engine = examination.engine
    device = engine.inventory.devices[reading.id]
    overrides = engine.context.settings.account.scale_overrides
    return overrides.of(engine.inventory.plants.get(device.plant_code), device).by_key


def _signs(examination: Examination, now: Snapshot) -> tuple[SignDoubt, ...]:
    """A reading of the same hour is close enough to be compared with that of now."""
    fresh = examination.engine.context.clock.now() - HOUR
    before = {
        key: reading
        for key, reading in examination.before.device_readings.items()
        if examination.before.device_fetched_at.get(key, -math.inf) >= fresh
    }
    found = {type_id: unit.watts for type_id, unit in examination.engine.answers.units.kept().items()}
    devices = examination.engine.inventory.devices
    return sign_doubts(devices, before, now.device_readings, lambda reading: _scales(examination, reading), found)


def _remarks(examination: Examination) -> Iterator[str]:
    if examination.remark:
        yield examination.remark
    if not examination.engine.store.keeps:
        yield _IN_MEMORY
    elif examination.first_time and examination.session is SessionKind.NEW:
        yield _FIRST_TIME


def _host(examination: Examination) -> Host:
    """The most telling of all that answered."""
    errors = examination.errors
    envelopes = any(error.fail_code is not None for error in errors)
    if envelopes or any(ask.outcome is Outcome.ANSWERED for ask in examination.asks):
        return Host.NORTHBOUND
    if examination.session is SessionKind.NEW:
        return Host.NORTHBOUND
    if not errors:
        return Host.NOT_ASKED
    if any(error.html for error in errors):
        return Host.WEB_PAGE
    return Host.NOTHING if all(error.reason in TRANSPORT for error in errors) else Host.SOMETHING_ELSE


def _session(examination: Examination, status: AccountStatus) -> SessionFindings:
    engine = examination.engine
    clock, session = engine.context.clock, engine.session
    active = examination.session is not SessionKind.NONE
    problem = None
    if not active:
        problem = _problem(examination, session.interface, status) or _unreadable(examination)
    at = session.earliest()
    return SessionFindings(
        kind=examination.session,
        age_seconds=examination.session_age,
        contended=session.contended,
        problem=problem,
        next_login_timestamp_seconds=None if active or math.isinf(at) else clock.wall(max(at, clock.now())),
    )


def _unreadable(examination: Examination) -> Problem | None:
    """A file with credentials cannot be read, which is no failure of an interface."""
    hold, clock = examination.engine.session.kept().logins.hold, examination.engine.context.clock
    if hold is None or not hold.reason:
        return None
    advice = "correct the path, or make the file readable for whoever runs the exporter"
    return Problem(Reason.CREDENTIALS, None, hold.reason, "", advice, clock.wall(clock.now()))


def _problem(examination: Examination, interface: Interface, status: AccountStatus) -> Problem | None:
    """The newest failure of an interface that has not answered since."""
    clock = examination.engine.context.clock
    notes = (note for note in status.failures if note.interface == interface)
    return next((problem_of_note(note, clock) for note in notes), None)


def _interfaces(examination: Examination, status: AccountStatus) -> tuple[InterfaceFindings, ...]:
    by_interface = {Interface(each.interface): each for each in status.interfaces}
    asks = list(examination.asks)
    seen = {ask.collector for ask in asks}
    asks += [
        Ask(each.name, each.planned_interface(), Outcome.NOT_ASKED)
        for each in sorted(examination.engine.collectors.all, key=lambda each: tuple(CollectorName).index(each.name))
        if each.enabled and each.name not in seen
    ]
    return tuple(_interface(examination, ask, by_interface[ask.interface], status) for ask in asks)


def _interface(examination: Examination, ask: Ask, limits: InterfaceStatus, status: AccountStatus) -> InterfaceFindings:
    engine, clock = examination.engine, examination.engine.context.clock
    asked_at = limits.calls[-1] if limits.calls else None
    if ask.error is not None:
        problem: Problem | None = problem_of(ask.error, clock.wall(clock.now()))
    elif ask.outcome is Outcome.ANSWERED:
        problem = None
    else:
        problem = _problem(examination, ask.interface, status)
    next_at = None if ask.next_at is None or math.isinf(ask.next_at) else clock.wall(ask.next_at)
    return InterfaceFindings(
        collector=ask.collector,
        interface=ask.interface,
        permitted=_permitted(ask, problem, asked_before=asked_at is not None),
        outcome=ask.outcome,
        summary=summary_of(examination, ask, asked_at, problem),
        problem=problem,
        asked_timestamp_seconds=None if asked_at is None else clock.wall(asked_at),
        next_timestamp_seconds=next_at,
        quota_calls=limits.quota_calls,
        quota_used_calls=len(limits.calls),
        quota_window_seconds=limits.window_seconds,
        spacing_seconds=engine.limiter.limit(ask.interface).spacing,
        pace_ratio=round(limits.pace_ratio, 3),
        pace_seconds=None if limits.pace_seconds is None else round(limits.pace_seconds, 3),
    )


def _permitted(ask: Ask, problem: Problem | None, *, asked_before: bool) -> bool | None:
    if problem is not None:
        if problem.reason == Reason.PERMISSION:
            return False
        return True if problem.fail_code == 0 else None
    answered = ask.outcome is Outcome.ANSWERED or (asked_before and ask.outcome is Outcome.NOT_ASKED)
    return True if answered else None


def _all_permitted(examination: Examination, interfaces: tuple[InterfaceFindings, ...]) -> bool:
    """One of the two plant lists is enough."""
    permitted = {each.collector for each in interfaces if each.permitted}
    return all(each.name in permitted for each in examination.engine.collectors.all if each.enabled)


def _cadence(examination: Examination) -> tuple[CadenceFindings, ...]:
    if not examination.engine.inventory.fleet.plants:
        return ()
    return tuple(
        CadenceFindings(plan.name, plan.interface, plan.calls, round(plan.interval, 3), round(plan.shortest, 3))
        for plan in planned(examination.engine.collectors.all)
    )
