"""What the status page says of a plant, taken from the samples that ``/metrics`` has: both always agree."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from typing_extensions import override

from fusionsolar_exporter.metrics.account_export import AccountExport
from fusionsolar_exporter.metrics.labels import DeviceLabels, Labels
from fusionsolar_exporter.metrics.part import ExportContext, Part
from fusionsolar_exporter.metrics.plants import PlantInfo, PlantInverters, PlantReadings
from fusionsolar_exporter.metrics.routes import Routes
from fusionsolar_exporter.metrics.sample_writer import SampleWriter
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView

_FIELDS = {
    "fusionsolar_plant_active_power_watts": "power_watts",
    "fusionsolar_plant_day_yield_watthours": "day_yield_watthours",
    "fusionsolar_plant_capacity_watts": "capacity_watts",
}
_HEALTH = "fusionsolar_plant_health_state"
_INVERTERS = "fusionsolar_plant_inverters"
_WANTED = frozenset({*_FIELDS, _HEALTH, _INVERTERS})
_SHOWN = (PlantInfo, PlantInverters, PlantReadings)
_NONE: Mapping[str, str] = {}

_Told = dict[str, dict[str, Any]]
"""What one part tells: fields of :class:`PlantFacts` by plant code."""


@dataclass(frozen=True, slots=True)
class PlantFacts:
    """A plant's values in bare units; None where there is no sample."""

    power_watts: float | None = None
    day_yield_watthours: float | None = None
    capacity_watts: float | None = None
    health: str = ""
    inverters: Mapping[str, int] = field(default_factory=dict)
    """Numbers of inverters by the description of their state."""


@dataclass(slots=True)
class _Read:
    """What a part told, and of what."""

    inputs: tuple[object, ...]
    told: _Told


class AccountFacts:
    """Of one account. Used by one thread at a time; an answer costs what the parts cost that it changed."""

    def __init__(self, clock: Clock) -> None:
        self._export = AccountExport(clock, ExportSettings(exports=_WANTED.__contains__, alarm_severities=()))
        self._generation: object = None
        self._all_parts: Sequence[Part] = ()
        self._parts: Sequence[Part] = ()
        self._read: list[_Read] = []
        self._fields: Mapping[str, object] = {}
        self._facts: Mapping[str, PlantFacts] = {}

    def of(self, view: AccountView) -> Mapping[str, PlantFacts]:
        """The facts by label of the plant's code; those that nothing changed are the same objects as before."""
        context = self._export.context(view)
        fields = context.fields()
        if self._export.generation is not self._generation or self._export.parts is not self._all_parts:
            self._replace_parts(context)
        else:
            news = {name for name, value in fields.items() if value is not self._fields.get(name)}
            self._renew(context, [place for place, part in enumerate(self._parts) if not news.isdisjoint(part.reads)])
        self._fields = fields
        return self._facts

    def _replace_parts(self, context: ExportContext) -> None:
        """Read other parts, but those that are equal to known ones and tell the same."""
        fits = self._export.generation is self._generation
        known = dict(zip(self._parts, self._read, strict=True)) if fits else {}
        parts = [part for part in self._export.parts if isinstance(part, _SHOWN)]
        read = [_read(part, context, known.get(part)) for part in parts]
        self._facts = _joined(read, {code for one in read for code in one.told}, {})
        self._parts, self._read = parts, read
        self._generation, self._all_parts = self._export.generation, self._export.parts

    def _renew(self, context: ExportContext, places: Iterable[int]) -> None:
        read = [*self._read]
        changed: set[str] = set()
        for place in places:
            before = self._read[place]
            read[place] = after = _read(self._parts[place], context, before)
            if after is not before:
                changed |= before.told.keys() | after.told.keys()
        if changed:
            self._facts = _joined(read, changed, self._facts)
            self._read = read


def _joined(
    read: Iterable[_Read], codes: Collection[str], others: Mapping[str, PlantFacts]
) -> Mapping[str, PlantFacts]:
    """What all parts tell of these plants, of which each has some fields; others stay."""
    found: _Told = {code: {} for code in codes}
    for one in read:
        for code in one.told.keys() & found.keys():
            found[code].update(one.told[code])
    news = {code: PlantFacts(**fields) for code, fields in found.items() if fields}
    return {code: facts for code, facts in others.items() if code not in found} | news


def _read(part: Part, context: ExportContext, before: _Read | None) -> _Read:
    inputs = part.inputs(context)
    if before is not None and before.inputs == inputs:
        before.inputs = inputs  # the newer of two that are equal: compared by identity next time
        return before
    writer = _FactsWriter()
    part.export(context, writer)
    return _Read(inputs, writer.told)


class _FactsWriter(SampleWriter):
    """Takes the few samples that a plant's row shows."""

    def __init__(self) -> None:
        self.told: _Told = {}

    @override
    def exports(self, name: str) -> bool:
        return name in _WANTED

    @override
    def add(self, name: str, labels: Labels, value: float | None, extra: Mapping[str, str] = _NONE) -> None:
        if value is None or name not in _WANTED:
            return
        told = self.told.setdefault(labels.values["plant_code"], {})
        if name == _HEALTH:
            told["health"] = extra["description"]
        elif name == _INVERTERS:
            state = extra["description"]
            numbers = told.setdefault("inverters", {})
            numbers[state] = numbers.get(state, 0) + int(value)
        else:
            told[_FIELDS[name]] = value

    @override
    def add_values(
        self, labels: DeviceLabels, values: Mapping[str, float], routes: Routes, strings: Collection[str] | None
    ) -> Mapping[str, float]:
        raise AssertionError(f"no part of a plant has values of a device: {labels}, {values}, {routes}, {strings}")
