"""The cadence of collectors, and that for a made-up fleet, by the same code that plans for a real one."""

from collections.abc import Sequence
from dataclasses import dataclass

from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.event_log import Log
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.model import Device, Plant
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.collectors import make_collectors
from fusionsolar_exporter.refresh.collectors.base import Collector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.daylight import Daylight
from fusionsolar_exporter.refresh.energy_counting import EnergyCounting
from fusionsolar_exporter.refresh.far_clock import FarClock
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.persistence.journal import Journal
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.schedule import Schedule
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.refresh.units import UnitsByEvidence
from fusionsolar_exporter.status import CollectorName


@dataclass(frozen=True, slots=True)
class PlannedCollector:
    """What one collector would do."""

    name: CollectorName
    interface: Interface
    interval: float
    """Seconds."""
    shortest: float
    """Seconds: the shortest interval that breaks no limit."""
    calls: int
    """Calls of one interval."""


def preview(
    settings: AccountSettings, plants: int, device_types: tuple[int, ...], *, clock: Clock, log: Log
) -> list[PlannedCollector]:
    """The plan for so many plants, each with one device of each of these types."""
    inventory = Inventory(lambda _code, _name: True)
    codes = [f"plant-{number}" for number in range(plants)]
    inventory.add_plants(Plant(code, code) for code in codes)
    inventory.keep_plants(codes, clock.now())
    inventory.set_devices(
        codes,
        (Device(f"{code}-{type_id}", "", code, type_id) for code in codes for type_id in device_types),
        clock.now(),
    )
    context = AccountContext(clock, log, settings)
    limiter = RateLimiter(context, inventory)
    cache = Cache(clock)
    counting, units = EnergyCounting(context, inventory), UnitsByEvidence(context, inventory)
    answers = AcceptedAnswers(cache, Journal(clock, keeps=False), counting, units)
    collectors = make_collectors(context, limiter, inventory, answers, FarClock(clock))
    for collector in collectors.batched:
        collector.lists_changed(clock.now())
    Schedule(context, limiter, collectors.all, Daylight(cache)).update(0.0)
    return planned(collectors.all)


def planned(collectors: Sequence[Collector]) -> list[PlannedCollector]:
    """The plan that enabled collectors have."""
    return [
        PlannedCollector(
            each.name, each.planned_interface(), each.interval, each.shortest_interval(), each.calls_needed()
        )
        for each in collectors
        if each.enabled
    ]
