"""What the status page says of a plant, taken from the samples that ``/metrics`` has: both always agree."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from typing_extensions import override

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.metrics.account_export import AccountExport
from fusionsolar_exporter.metrics.labels import DeviceLabels, Labels
from fusionsolar_exporter.metrics.plants import PlantInfo, PlantInverters, PlantReadings
from fusionsolar_exporter.metrics.routes import Routes
from fusionsolar_exporter.metrics.sample_writer import SampleWriter
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView

_POWER = "fusionsolar_plant_active_power_watts"
_YIELD = "fusionsolar_plant_day_yield_watthours"
_CAPACITY = "fusionsolar_plant_capacity_watts"
_HEALTH = "fusionsolar_plant_health_state"
_INVERTERS = "fusionsolar_plant_inverters"
_WANTED = frozenset({_POWER, _YIELD, _CAPACITY, _HEALTH, _INVERTERS})
_SHOWN = (PlantInfo, PlantInverters, PlantReadings)
_NONE: Mapping[str, str] = {}


@dataclass(slots=True)
class PlantFacts:
    """A plant's values in bare units; None where there is no sample."""

    power_watts: float | None = None
    day_yield_watthours: float | None = None
    capacity_watts: float | None = None
    health: str = ""
    inverters: dict[str, int] = field(default_factory=dict)
    """Numbers of inverters by the description of their state."""


class FactsOfPlants:
    """The facts of every account's plants. Safe from any thread; worked out anew only when an account has news."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Snapshot, AccountExport, Mapping[str, PlantFacts]]] = {}

    def of(self, view: AccountView) -> Mapping[str, PlantFacts]:
        """The facts by plant code."""
        with self._lock:
            known = self._known.get(view.name)
            if known is not None and known[0] is view.snapshot:
                return known[2]
            settings = ExportSettings(exports=_WANTED.__contains__, alarm_severities=())
            export = known[1] if known is not None else AccountExport(self._clock, settings)
            facts = _read(view, export)
            self._known[view.name] = view.snapshot, export, facts
            return facts

    def keep(self, names: Collection[str]) -> None:
        """Forget the accounts that are no longer configured."""
        with self._lock:
            self._known = {name: known for name, known in self._known.items() if name in names}


def _read(view: AccountView, export: AccountExport) -> Mapping[str, PlantFacts]:
    context = export.context(view)
    writer = _FactsWriter()
    for part in export.parts:
        if isinstance(part, _SHOWN):
            part.export(context, writer)
    return writer.facts


class _FactsWriter(SampleWriter):
    """Takes the few samples that a plant's row shows."""

    def __init__(self) -> None:
        self.facts: dict[str, PlantFacts] = {}

    @override
    def exports(self, name: str) -> bool:
        return name in _WANTED

    @override
    def add(self, name: str, labels: Labels, value: float | None, extra: Mapping[str, str] = _NONE) -> None:
        if value is None or name not in _WANTED:
            return
        facts = self.facts.setdefault(labels.values["plant_code"], PlantFacts())
        if name == _POWER:
            facts.power_watts = value
        elif name == _YIELD:
            facts.day_yield_watthours = value
        elif name == _CAPACITY:
            facts.capacity_watts = value
        elif name == _HEALTH:
            facts.health = extra["description"]
        else:
            state = extra["description"]
            facts.inverters[state] = facts.inverters.get(state, 0) + int(value)

    @override
    def add_values(
        self, labels: DeviceLabels, values: Mapping[str, float], routes: Routes, strings: Collection[str] | None
    ) -> Mapping[str, float]:
        raise AssertionError(f"no part of a plant has values of a device: {labels}, {values}, {routes}, {strings}")
