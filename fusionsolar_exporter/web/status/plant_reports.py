"""The plants as the status page tells them, and how much each needs somebody."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.device_types import device_type_label
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.interfaces import INVERTER_TYPES
from fusionsolar_exporter.northbound.model import Severity
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.web.status.plant_facts import PlantFacts
from fusionsolar_exporter.web.status.report import AlarmReport, PlantReport

_UNKNOWN = PlantFacts()
_FAULTY = "faulty"
_DISCONNECTED = "disconnected"
_SHUTDOWN = "Shutdown: on fault"
_ATTENTION = {Severity.CRITICAL.value: 3, Severity.MAJOR.value: 2}


def devices_by_plant(snapshot: Snapshot) -> Mapping[str, Counter[str]]:
    """The listed devices, counted by plant code and type."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for device_id in snapshot.listed_devices & snapshot.devices.keys():
        device = snapshot.devices[device_id]
        counts[device.plant_code][device_type_label(device.type_id)] += 1
    return counts


def plant_reports(
    snapshot: Snapshot,
    facts: Mapping[str, PlantFacts],
    devices: Mapping[str, Counter[str]],
    alarms: Mapping[str, Sequence[AlarmReport]],
    clock: Clock,
) -> tuple[PlantReport, ...]:
    """The listed plants by code."""
    ages = _data_moments(snapshot)
    return tuple(
        _report(
            code,
            snapshot,
            facts.get(label_value(code), _UNKNOWN),
            devices.get(code, Counter()),
            alarms.get(code, ()),
            None if code not in ages else clock.wall(ages[code]),
        )
        for code in sorted(snapshot.listed_plants & snapshot.plants.keys())
    )


def _report(
    code: str,
    snapshot: Snapshot,
    facts: PlantFacts,
    devices: Counter[str],
    alarms: Sequence[AlarmReport],
    fetched_at: float | None,
) -> PlantReport:
    known = snapshot.alarms.get(code)
    worst = alarms[0] if alarms else None
    return PlantReport(
        plant_code=code,
        plant=snapshot.plants[code].name,
        power_watts=facts.power_watts,
        day_yield_watthours=facts.day_yield_watthours,
        capacity_watts=facts.capacity_watts,
        health=facts.health,
        inverters=dict(sorted(facts.inverters.items())),
        devices=dict(sorted(devices.items())),
        active_alarms=len(alarms) if known is not None and known.complete else None,
        alarm=worst,
        data_timestamp_seconds=fetched_at,
        attention=_attention(facts, worst, has_data=fetched_at is not None),
    )


def _attention(facts: PlantFacts, worst: AlarmReport | None, *, has_data: bool) -> int:
    """The signs add up; a disconnected plant is less than a faulty one, since dongles sleep at night."""
    signs = [0 if worst is None else _ATTENTION.get(worst.severity, 1)]
    signs.append({_FAULTY: 3, _DISCONNECTED: 2}.get(facts.health, 0))
    signs.append(3 if facts.inverters.get(_SHUTDOWN) else 0)
    signs.append(0 if has_data else 2)
    return sum(signs)


def _data_moments(snapshot: Snapshot) -> Mapping[str, float]:
    """The oldest of each plant's own data and its inverters', so that no number on its line is older."""
    moments = dict(snapshot.plant_fetched_at.get(CollectorName.PLANT_REALTIME, {}))
    for device_id, moment in snapshot.device_fetched_at.items():
        device = snapshot.devices.get(device_id)
        if device is not None and device.type_id in INVERTER_TYPES:
            moments[device.plant_code] = min(moments.get(device.plant_code, moment), moment)
    return moments
