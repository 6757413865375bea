"""What an interface brought, or why it was not asked, in a few words."""

import math
from collections.abc import Sequence

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.doctor.ask import SELDOM_ASKED, Ask
from fusionsolar_exporter.doctor.examination import Examination
from fusionsolar_exporter.doctor.report import BudgetFindings, Outcome, Problem
from fusionsolar_exporter.printable import printable
from fusionsolar_exporter.status import PLANT_REPORTS, CollectorName
from fusionsolar_exporter.web.formatting import counted, moment, relative, span

_MOST_NAMES = 10


def summary_of(examination: Examination, ask: Ask, asked_at: float | None, problem: Problem | None) -> str:
    """For people; the figures are in the report too."""
    if ask.outcome is Outcome.NOT_ASKED:
        return _not_asked(examination, ask, asked_at, problem)
    if problem is not None:
        return problem.message
    brought = _brought(examination, ask)
    return f"{brought}; {ask.note}" if ask.note else brought


def _not_asked(examination: Examination, ask: Ask, asked_at: float | None, problem: Problem | None) -> str:
    clock = examination.engine.context.clock
    now = clock.now()
    words = []
    if asked_at is not None and not ask.note:
        asked = f"asked {relative(asked_at, now)} by the exporter or an earlier run"
        words.append(f"{asked}: {problem.message if problem else 'answered'}")
    elif problem is not None:
        words.append(f"not asked; {relative(clock.wall(now), problem.timestamp_seconds)}: {problem.message}")
    else:
        words.append(ask.note or "not asked")
    if ask.next_at is not None and not math.isinf(ask.next_at):
        words.append(f"next possible in {span(ask.next_at - now)}, at {moment(clock.wall(ask.next_at))}")
    return "; ".join(words)


def _brought(examination: Examination, ask: Ask) -> str:
    engine = examination.engine
    snapshot, inventory = engine.answers.cache.snapshot(), engine.inventory
    whole = len(inventory.plants)
    if ask.collector is CollectorName.PLANT_LIST:
        left_out = inventory.fleet.plants - whole
        words = counted(inventory.fleet.plants, "plant")
        return f"{words}, of which the configuration takes {whole:,}" if left_out else words
    if ask.collector in SELDOM_ASKED:
        return _periods(snapshot, ask)
    if ask.collector is CollectorName.DEVICE_LIST:
        asked = f"{counted(len(ask.ids), 'plant')}"
        return f"{counted(inventory.device_count(ask.ids), 'device')} of {asked}{_part(ask, whole)}"
    if ask.collector is CollectorName.PLANT_REALTIME:
        answered = sum(bool(snapshot.plant_readings[key].values) for key in ask.ids if key in snapshot.plant_readings)
        return f"values of {counted(answered, 'plant')}{_part(ask, whole)}"
    if ask.collector is CollectorName.ALARMS:
        found = [alarm for key in ask.ids if key in snapshot.alarms for alarm in snapshot.alarms[key].alarms]
        oldest = min((alarm.raised_at for alarm in found if alarm.raised_at is not None), default=None)
        since = "" if oldest is None else f", the oldest of {moment(oldest)}"
        return f"{counted(len(found), 'active alarm')} of {counted(len(ask.ids), 'plant')}{_part(ask, whole)}{since}"
    types = [found for found in examination.types.values() if found.outcome is Outcome.ANSWERED]
    ids = [key for found in types for key in found.ids if key in snapshot.device_readings]
    return f"values of {counted(len(ids), 'device')} of {counted(len(types), 'type')}"


def _periods(snapshot: Snapshot, ask: Ask) -> str:
    if ask.collector is CollectorName.INVERTER_CONVERGENCE:
        return f"asked for {counted(len(ask.ids), 'inverter')}"
    answered = {key for rows in snapshot.reports[ask.collector].values() for key in rows}.intersection(ask.ids)
    return f"periods of {counted(len(answered), 'plant' if ask.collector in PLANT_REPORTS else 'device')}"


def _part(ask: Ask, whole: int) -> str:
    return f" (of {whole:,}: one call is enough to see)" if len(ask.ids) < whole else ""


def first_names(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    shown = ", ".join(printable(name) for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more:,} more" if more > 0 else shown


def told_of(budget: BudgetFindings) -> str:
    """The day's calls in words."""
    words = f"{budget.used_calls:,} of {budget.calls:,} calls used in {span(budget.window_seconds)}, of all interfaces"
    if budget.calls < budget.configured_calls:
        words += f"; {budget.configured_calls:,} are configured, and the far side allows fewer"
    return words
