"""The plants as the status page tells them, and how much each needs somebody."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fusionsolar_exporter.cache import PlantAlarms, Snapshot
from fusionsolar_exporter.metrics.text import label_value
from fusionsolar_exporter.northbound.model import Plant, Severity
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.web.status.devices_by_plant import DevicesByPlant
from fusionsolar_exporter.web.status.plant_facts import PlantFacts
from fusionsolar_exporter.web.status.report import AlarmReport, PlantReport

_UNKNOWN = PlantFacts()
_FAULTY = "faulty"
_DISCONNECTED = "disconnected"
_SHUTDOWN = "Shutdown: on fault"
_ATTENTION = {Severity.CRITICAL.value: 3, Severity.MAJOR.value: 2}
_NO_DEVICES: dict[str, int] = {}
_NO_ALARMS: Sequence[AlarmReport] = ()


class _MadeOf(NamedTuple):
    """All that a report tells; what did not change is mostly the same object, so that comparing costs little."""

    plant: Plant
    facts: PlantFacts
    devices: dict[str, int]
    known_alarms: PlantAlarms | None
    alarms: Sequence[AlarmReport]
    fetched_at: float | None
    correction: float
    """Of the wall clock."""


class PlantReports:
    """Of one account. Used by one thread at a time; a report is made anew only where something in it changed."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._listed_of: tuple[object, object] = (None, None)
        self._codes: Mapping[str, str] = {}
        self._known: Mapping[str, tuple[_MadeOf, PlantReport]] = {}
        self.all: tuple[PlantReport, ...] = ()
        """The listed plants by code."""

    def update(
        self,
        snapshot: Snapshot,
        facts: Mapping[str, PlantFacts],
        devices: DevicesByPlant,
        alarms: Mapping[str, Sequence[AlarmReport]],
    ) -> None:
        """Take the account as it is now."""
        if self._listed_of[0] is not snapshot.listed_plants or self._listed_of[1] is not snapshot.plants:
            self._codes = {code: label_value(code) for code in sorted(snapshot.listed_plants & snapshot.plants.keys())}
            self._listed_of = snapshot.listed_plants, snapshot.plants
        correction = self._clock.wall(0.0)
        moments = devices.fetched_at(snapshot, tuple(self._codes))
        made_of = {
            code: _MadeOf(
                snapshot.plants[code],
                facts.get(label, _UNKNOWN),
                devices.by_plant.get(code, _NO_DEVICES),
                snapshot.alarms.get(code),
                alarms.get(code, _NO_ALARMS),
                moment,
                correction,
            )
            for (code, label), moment in zip(self._codes.items(), moments, strict=True)
        }
        self._known = {code: self._of(code, one) for code, one in made_of.items()}
        self.all = tuple(report for _, report in self._known.values())

    def _of(self, code: str, made_of: _MadeOf) -> tuple[_MadeOf, PlantReport]:
        known = self._known.get(code)
        if known is not None and known[0] == made_of:
            return made_of, known[1]
        return made_of, self._report(code, made_of)

    def _report(self, code: str, made_of: _MadeOf) -> PlantReport:
        facts, known = made_of.facts, made_of.known_alarms
        worst = made_of.alarms[0] if made_of.alarms else None
        fetched_at = made_of.fetched_at
        return PlantReport(
            plant_code=code,
            plant=made_of.plant.name,
            power_watts=facts.power_watts,
            day_yield_watthours=facts.day_yield_watthours,
            capacity_watts=facts.capacity_watts,
            health=facts.health,
            inverters=dict(sorted(facts.inverters.items())),
            devices=made_of.devices,
            active_alarms=len(made_of.alarms) if known is not None and known.complete else None,
            alarm=worst,
            data_timestamp_seconds=None if fetched_at is None else self._clock.wall(fetched_at),
            attention=_attention(facts, worst, has_data=fetched_at is not None),
        )


def _attention(facts: PlantFacts, worst: AlarmReport | None, *, has_data: bool) -> int:
    """The signs add up; a disconnected plant is less than a faulty one, since dongles sleep at night."""
    signs = [0 if worst is None else _ATTENTION.get(worst.severity, 1)]
    signs.append({_FAULTY: 3, _DISCONNECTED: 2}.get(facts.health, 0))
    signs.append(3 if facts.inverters.get(_SHUTDOWN) else 0)
    signs.append(0 if has_data else 2)
    return sum(signs)
