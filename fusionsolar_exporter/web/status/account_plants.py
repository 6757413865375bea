"""What the status page says of an account's plants and alarms; an answer costs what the plants cost that it changed."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.status.alarm_reports import AlarmReports
from fusionsolar_exporter.web.status.devices_by_plant import DevicesByPlant
from fusionsolar_exporter.web.status.plant_facts import AccountFacts, PlantFacts
from fusionsolar_exporter.web.status.plant_reports import PlantReports
from fusionsolar_exporter.web.status.report import AlarmReport, PlantReport


@dataclass(frozen=True, slots=True)
class AccountPlants:
    """Of one account."""

    plants: tuple[PlantReport, ...]
    alarms: tuple[AlarmReport, ...]
    """The gravest first, and of these the newest."""
    devices: dict[str, int]
    """Numbers by type."""
    facts: Mapping[str, PlantFacts]
    """By label of the plant's code: of every plant known."""


class PlantsOfAccounts:
    """Safe from any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._accounts: dict[str, _Account] = {}

    def of(self, view: AccountView) -> AccountPlants:
        """Those of an account as it is now."""
        with self._lock:
            if view.name not in self._accounts:
                self._accounts[view.name] = _Account(self._clock)
            return self._accounts[view.name].of(view)

    def keep(self, names: Collection[str]) -> None:
        """Forget the accounts that are no longer configured."""
        with self._lock:
            self._accounts = {name: account for name, account in self._accounts.items() if name in names}


class _Account:
    """What was worked out of one account, and of what."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._facts = AccountFacts(clock)
        self._alarms = AlarmReports()
        self._devices = DevicesByPlant()
        self._reports = PlantReports(clock)
        self._snapshot: Snapshot | None = None
        self._beside: tuple[object, ...] = ()
        self._made = AccountPlants((), (), {}, {})

    def of(self, view: AccountView) -> AccountPlants:
        far_ahead = max(view.status.clock_offset_seconds or 0.0, 0.0)
        # a corrected wall clock moves every moment, other factors change powers: neither brings a snapshot
        beside = far_ahead, self._clock.wall(0.0), view.scale_overrides
        if view.snapshot is not self._snapshot or beside != self._beside:
            facts = self._facts.of(view)
            self._alarms.update(view.snapshot, far_ahead)
            self._devices.update(view.snapshot)
            self._reports.update(view.snapshot, facts, self._devices, self._alarms.by_plant)
            self._made = AccountPlants(self._reports.all, self._alarms.all, self._devices.all, facts)
            self._snapshot, self._beside = view.snapshot, beside
        return self._made
