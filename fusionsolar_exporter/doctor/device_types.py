"""What is known of the devices, type by type."""

from collections.abc import Mapping, Sequence

from fusionsolar_exporter.doctor.ask import Ask
from fusionsolar_exporter.doctor.examination import Examination
from fusionsolar_exporter.doctor.problems import problem_of
from fusionsolar_exporter.doctor.report import DeviceTypeFindings, Outcome
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.northbound.interfaces import DOCUMENTED_TYPES, REAL_TIME_TYPES, Interface
from fusionsolar_exporter.northbound.model import Reading
from fusionsolar_exporter.web.formatting import span

_ALIVE = "run_state"


def readings_by_type(examination: Examination) -> Mapping[int, Sequence[Reading]]:
    """The readings that are known of each device type."""
    engine = examination.engine
    found: dict[int, list[Reading]] = {type_id: [] for type_id in sorted(engine.inventory.fleet.devices)}
    for key, reading in engine.answers.cache.snapshot().device_readings.items():
        found[engine.inventory.devices[key].type_id].append(reading)
    return found


def device_types(examination: Examination, readings: Mapping[int, Sequence[Reading]]) -> tuple[DeviceTypeFindings, ...]:
    """A row for each type that is listed."""
    engine, clock = examination.engine, examination.engine.context.clock
    asked = engine.collectors.device_realtime.asked_at()
    asked_by_type: dict[int, int] = {}
    for key in asked:
        if key in engine.inventory.devices:
            type_id = engine.inventory.devices[key].type_id
            asked_by_type[type_id] = asked_by_type.get(type_id, 0) + 1
    rows = []
    for type_id, count in sorted(engine.inventory.fleet.devices.items()):
        ask = examination.types.get(type_id)
        tried = len(ask.ids) if ask and ask.outcome is not Outcome.NOT_ASKED else 0
        with_data = sum(any(key != _ALIVE for key in reading.values) for reading in readings[type_id])
        row_asked = max(tried, asked_by_type.get(type_id, 0))
        known = Outcome.ANSWERED if row_asked else Outcome.NOT_ASKED
        outcome = known if ask is None or ask.outcome is Outcome.NOT_ASKED else ask.outcome
        error = ask.error if ask else None
        rows.append(
            DeviceTypeFindings(
                device_type_id=type_id,
                device_type=device_type_label(type_id),
                documented=type_id in DOCUMENTED_TYPES,
                real_time=type_id in REAL_TIME_TYPES,
                devices=count,
                asked=row_asked,
                with_data=with_data,
                outcome=outcome,
                remark=_remark(examination, type_id, ask, outcome, with_data, len(readings[type_id])),
                problem=None if error is None else problem_of(error, clock.wall(clock.now())),
            )
        )
    return tuple(rows)


def _remark(
    examination: Examination, type_id: int, ask: Ask | None, outcome: Outcome, with_data: int, answered: int
) -> str:
    settings = examination.engine.context.settings
    if not settings.collectors.device_realtime.enabled:
        return "not asked: collectors.device_realtime is disabled"
    if settings.account.device_types is not None and type_id not in settings.account.device_types:
        return "left out by device_types of the configuration"
    if type_id in DOCUMENTED_TYPES and type_id not in REAL_TIME_TYPES:
        return "has no real-time data"
    words = [] if type_id in DOCUMENTED_TYPES else ["not in the reference"]
    if outcome is Outcome.ANSWERED and not answered:
        words.append("answered without data")
    elif outcome is Outcome.ANSWERED and not with_data:
        words.append("only run_state: asleep or disconnected")
    elif outcome is Outcome.NOT_ASKED and ask is not None:
        words.append(_left_out(examination, ask))
    elif outcome is Outcome.NOT_ASKED:
        words.append("not asked" if type_id in DOCUMENTED_TYPES else "refused before, and asked again after some days")
    return "; ".join(words)


def _left_out(examination: Examination, ask: Ask) -> str:
    if ask.note:
        return ask.note
    engine = examination.engine
    hold, limit = engine.limiter.holds[Interface.GET_DEV_REAL_KPI], engine.limiter.limit(Interface.GET_DEV_REAL_KPI)
    if hold.until > engine.context.clock.now():
        return "not asked, see above"
    return f"left out: the {limit.calls:,} calls in {span(limit.window)} are used up"
