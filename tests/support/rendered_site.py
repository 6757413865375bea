"""An account whose cache a test fills, as a renderer shows it."""

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from metrics_support import export_settings, status
from prometheus_client import CollectorRegistry

from fusionsolar_exporter.cache import Cache, Freshness
from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.cut_series import SeriesLimit
from fusionsolar_exporter.metrics.data_collector import DataCollector
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.northbound.model import Device, Plant, Reading
from fusionsolar_exporter.northbound.values import Values
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.rendering.own_metrics import OwnRenderer
from fusionsolar_exporter.rendering.renderer import Renderer
from fusionsolar_exporter.scales import ScaleOverrides
from fusionsolar_exporter.supervision import Supervisor
from fusionsolar_exporter.view import AccountView
from support.exposition import render
from support.world import ListLog

NOTHING = OwnRenderer(CollectorRegistry()).render()


@dataclass
class Site:
    """One account whose cache a test fills, and a renderer over it."""

    clock: Clock
    settings: ExportSettings = field(default_factory=export_settings)
    cuts: list[tuple[str, SeriesLimit, int]] = field(default_factory=list)
    failure: Exception | None = None
    others: Sequence[str] = ()

    def __post_init__(self) -> None:
        self.cache = Cache(self.clock)
        self.exports = AccountExports(self.views, self.settings, self.clock, lambda *cut: self.cuts.append(cut))
        self.collector = DataCollector(self.exports)
        self.changed = threading.Event()
        self.log = ListLog()
        self.supervisor = Supervisor(self.clock.now, self.log, pause=self.clock.pause)
        self.renderer = Renderer(
            self.exports, CollectorRegistry(), self.cache.next_expiry, self.clock, self.supervisor, self.changed
        )

    def views(self) -> Sequence[AccountView]:
        if self.failure is not None:
            raise self.failure
        snapshot, overrides = self.cache.snapshot(), ScaleOverrides()
        return [AccountView(name, snapshot, status(name), overrides) for name in ("home", *self.others)]

    def accounts(self, name: str) -> set[str]:
        """The accounts that have samples of this name."""
        return set(re.findall(rf'^{name}{{account="(\w+)"', self.text(), re.MULTILINE))

    def fleet(self, plants: Sequence[Plant], devices: Sequence[Device]) -> None:
        self.cache.know({plant.code: plant for plant in plants}, {device.id: device for device in devices})

    def read(self, values: dict[str, dict[str, float]], ttl: float = 100.0) -> None:
        readings = [Reading(key, Values(some.items())) for key, some in values.items()]
        self.cache.read_devices(readings, Freshness(self.clock.now(), ttl))

    def text(self) -> str:
        body = self.renderer.exposition.body(NOTHING, openmetrics=False, gzipped=False)
        return b"".join(body.parts).decode()

    def has(self, name: str) -> bool:
        return re.search(rf"^{name}\b", self.text(), re.MULTILINE) is not None

    def oracle(self) -> str:
        return render(self.collector, openmetrics=False, accounts=None, names=None).decode()
