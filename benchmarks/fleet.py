"""A fleet of inverters as large as wanted, its answers, and what serves it: the parts of the real exporter."""

import json
import random
import threading
import time
from collections.abc import Iterator, Sequence
from itertools import cycle

from prometheus_client.registry import Collector, CollectorRegistry

from fusionsolar_exporter.cache import Cache, Freshness
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.account_samples import AccountSamples
from fusionsolar_exporter.metrics.data_collector import DataCollector
from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.metrics.registry import exported_registry, process_registry
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.metrics.status_collector import StatusCollector, StatusSamples
from fusionsolar_exporter.northbound import answers
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.model import SEVERITY_OF_LEVEL, Device, Plant
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.reload_outcome import ReloadOutcome
from fusionsolar_exporter.rendering.live_metrics import LiveMetrics
from fusionsolar_exporter.rendering.piece import Body
from fusionsolar_exporter.rendering.renderer import Renderer
from fusionsolar_exporter.scales import ScaleOverrides
from fusionsolar_exporter.status import AccountState, AccountStatus, CollectorName, CollectorStatus, InterfaceStatus
from fusionsolar_exporter.supervision import Supervisor
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.status.overview import PlantOverview

SAMPLES_OF_AN_INVERTER = 95
BATCH = 100
INVERTERS_OF_A_PLANT = 10
INVERTER = 1
_ACCOUNT = "default"
_DAY = 86400.0
_PLAIN_KEYS = (
    *("ab_u", "bc_u", "ca_u", "a_u", "b_u", "c_u", "a_i", "b_i", "c_i", "efficiency", "temperature", "power_factor"),
    *("elec_freq", "active_power", "reactive_power", "day_cap", "mppt_power", "total_cap"),
)
_STRINGS, _TRACKERS = 30, 10


def _all(_name: str) -> bool:
    return True


def _numbers(seed: int) -> dict[str, object]:
    chance = random.Random(seed)
    found: dict[str, object] = {key: round(chance.uniform(0, 600), 3) for key in _PLAIN_KEYS}
    for string in range(1, _STRINGS + 1):
        found[f"pv{string}_u"] = round(chance.uniform(200, 900), 1)
        found[f"pv{string}_i"] = round(chance.uniform(0, 12), 2)
    found |= {f"mppt_{number}_cap": round(chance.uniform(0, 60000), 2) for number in range(1, _TRACKERS + 1)}
    return found | {"run_state": 1, "inverter_state": 512.0, "open_time": 1700000000000, "close_time": None}


def answer(device_ids: Sequence[str], seed: int) -> bytes:
    """An answer of getDevRealKpi."""
    items = [{"devId": int(key), "dataItemMap": _numbers(seed + place)} for place, key in enumerate(device_ids)]
    return json.dumps({"success": True, "failCode": 0, "data": items}).encode()


class Fleet:
    """One account with so many samples, about; every value goes the way from the answer to the cache."""

    def __init__(self, samples: int) -> None:
        self.clock = SystemClock()
        self.cache = Cache(self.clock)
        self._settings = ExportSettings(_all, tuple(SEVERITY_OF_LEVEL.values()))
        self.counted = CollectorRegistry()
        self.instruments = OwnInstruments(self.counted)
        self.instruments.account(_ACCOUNT)
        count = max(samples // SAMPLES_OF_AN_INVERTER, 1)
        plants: dict[str, Plant] = {}
        devices: dict[str, Device] = {}
        for number in range(count):
            code = f"NE={35436844 + number // INVERTERS_OF_A_PLANT}"
            if code not in plants:
                plants[code] = Plant(code, f"Plant {len(plants)}", 100_000.0, 48.1, 11.6, "2022-11-21", 1.6e9)
            key = str(1000000033950000 + number * 7)
            devices[key] = Device(key, f"Inverter {number % 10}", code, INVERTER, f"SN{number}", "SUN2000-100KTL", "V1")
        self.cache.know(plants, devices)
        self.cache.list_plants(plants, self._fresh())
        self.cache.list_devices(plants, devices, self._fresh())
        ids = list(devices)
        self.batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
        for number, batch in enumerate(self.batches):
            self.take(answer(batch, number))

    def exports(self) -> AccountExports:
        """What is exported of the account."""
        return AccountExports(self.views, self._settings, self.clock, lambda *_: None)

    def collector(self) -> DataCollector:
        """The same for the client library."""
        return DataCollector(self.exports())

    def own(self) -> Collector:
        """The exporter's metrics about itself, for the client library."""
        return exported_registry([StatusCollector(self.views, self.clock), self.instruments, self.counted], _all)

    def views(self) -> Sequence[AccountView]:
        """The one account."""
        now = self.clock.now()
        status = AccountStatus(
            account=_ACCOUNT,
            host="far.example",
            state=AccountState.OK,
            up=True,
            leads=True,
            had_first_outcome=True,
            clock_offset_seconds=0.0,
            stretch=1.0,
            interfaces=tuple(InterfaceStatus(name, 100, 303.0, (now,), now, None, "") for name in Interface),
            collectors=tuple(CollectorStatus(name, True, True, 300.0, now, now, 1.0, 1) for name in CollectorName),
            failures=(),
        )
        return [AccountView(_ACCOUNT, self.cache.snapshot(), status, ScaleOverrides())]

    def take(self, body: bytes) -> None:
        """Parse an answer and keep its values."""
        found = answers.device_readings(json.loads(body)["data"])
        self.cache.read_devices(found.items, self._fresh())

    def answers(self) -> Iterator[bytes]:
        """Answers for batch after batch, without end, made beforehand; no two in a row for a batch are equal."""
        batches = self.batches[:20]
        return cycle([answer(batch, turn * 1000 + place) for turn in (1, 2) for place, batch in enumerate(batches)])

    def _fresh(self) -> Freshness:
        return Freshness(self.clock.now(), _DAY)


class RenderedFleet:
    """What the web application shows of a fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        clock = fleet.clock
        self.changed = threading.Event()
        watch = Supervisor(clock.now, EventLogger(), pause=clock.pause)
        about = AccountSamples(StatusSamples(clock), fleet.instruments)
        next_change = fleet.cache.next_expiry
        self.renderer = Renderer(fleet.exports(), fleet.counted, next_change, clock, watch, self.changed, about=about)
        self.renderer.refresh()
        self.overview = PlantOverview(fleet.clock)
        self._live = LiveMetrics(exported_registry([], _all), process_registry(), fleet.clock)

    def exposition(
        self, *, openmetrics: bool, gzipped: bool, accounts: frozenset[str] | None, names: frozenset[str] | None
    ) -> Body:
        return self.renderer.exposition.body(
            self._live.look(), openmetrics=openmetrics, gzipped=gzipped, accounts=accounts, names=names
        )

    def views(self) -> Sequence[AccountView]:
        return self.fleet.views()

    def waited_for(self) -> Sequence[str]:
        return ()

    def ailments(self) -> Sequence[str]:
        return ()

    def reload(self) -> ReloadOutcome:
        return ReloadOutcome()

    def refresh_for_ever(self, pause: float) -> None:
        """Take answers, so many seconds apart, and have them rendered."""
        self.renderer.start()

        def work() -> None:
            for body in self.fleet.answers():
                self.fleet.take(body)
                self.changed.set()
                time.sleep(pause)

        threading.Thread(target=work, daemon=True).start()
