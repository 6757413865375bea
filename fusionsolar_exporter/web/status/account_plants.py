"""What the status page says of an account's plants and alarms, worked out once for as long as nothing new came."""

import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.status.alarm_reports import alarms_by_plant, gravest_and_newest
from fusionsolar_exporter.web.status.plant_facts import FactsOfPlants
from fusionsolar_exporter.web.status.plant_reports import devices_by_plant, plant_reports
from fusionsolar_exporter.web.status.report import AlarmReport, PlantReport


@dataclass(frozen=True, slots=True)
class AccountPlants:
    """Of one account."""

    plants: tuple[PlantReport, ...]
    alarms: tuple[AlarmReport, ...]
    """The gravest first, and of these the newest."""
    devices: dict[str, int]
    """Numbers by type."""


class PlantsOfAccounts:
    """Safe from any thread."""

    def __init__(self, clock: Clock, facts: FactsOfPlants) -> None:
        self._clock = clock
        self._facts = facts
        self._lock = threading.Lock()
        self._known: Mapping[str, tuple[Snapshot, float, AccountPlants]] = {}

    def of(self, view: AccountView) -> AccountPlants:
        """Those of an account as it is now."""
        far_ahead = max(view.status.clock_offset_seconds or 0.0, 0.0)
        known = self._known.get(view.name)
        if known is not None and known[0] is view.snapshot and known[1] == far_ahead:
            return known[2]
        made = self._made(view, far_ahead)
        with self._lock:
            self._known = {**self._known, view.name: (view.snapshot, far_ahead, made)}
        return made

    def keep(self, names: Collection[str]) -> None:
        """Forget the accounts that are no longer configured."""
        self._facts.keep(names)
        with self._lock:
            self._known = {name: known for name, known in self._known.items() if name in names}

    def _made(self, view: AccountView, far_ahead: float) -> AccountPlants:
        devices = devices_by_plant(view.snapshot)
        alarms = alarms_by_plant(view.snapshot, far_ahead)
        total: Counter[str] = Counter()
        for count in devices.values():
            total.update(count)
        return AccountPlants(
            plants=plant_reports(view.snapshot, self._facts.of(view), devices, alarms, self._clock),
            alarms=tuple(sorted((alarm for some in alarms.values() for alarm in some), key=gravest_and_newest)),
            devices=dict(sorted(total.items())),
        )
