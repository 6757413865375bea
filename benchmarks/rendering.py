"""What a refresh of the exposition costs with many accounts: ``python -m benchmarks.rendering [--accounts N]``.

Accounts of ten plants whose values and statuses are known. Rendered again: nothing new, and answers to some of them.
"""

import argparse
import math
import statistics
import threading
import time
from collections.abc import Sequence

from prometheus_client import CollectorRegistry

from fusionsolar_exporter.cache import Cache, Freshness
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.account_samples import AccountSamples
from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.metrics.status_collector import StatusSamples
from fusionsolar_exporter.northbound.interfaces import ASKED_BY_ALL, Interface
from fusionsolar_exporter.northbound.model import SEVERITY_OF_LEVEL, Plant, Reading
from fusionsolar_exporter.northbound.values import Values
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.rendering.renderer import Renderer
from fusionsolar_exporter.scales import ScaleOverrides
from fusionsolar_exporter.status import AccountState, AccountStatus, CollectorName, CollectorStatus, InterfaceStatus
from fusionsolar_exporter.supervision import Supervisor
from fusionsolar_exporter.view import AccountView

_PLANTS = 10
_KEYS = ("day_power", "month_power", "total_power", "day_income", "total_income", "real_health_state")
_TTL = 86400.0
_ROUNDS = 15


class _Crowd:
    """Many accounts, and the renderer over them."""

    def __init__(self, count: int) -> None:
        self.clock = SystemClock()
        self.caches = {f"account-{number}": Cache(self.clock) for number in range(count)}
        self.statuses = {name: self._status(name) for name in self.caches}
        counted = CollectorRegistry()
        self.instruments = OwnInstruments(counted)
        settings = ExportSettings(lambda _: True, tuple(SEVERITY_OF_LEVEL.values()))
        exports = AccountExports(self._views, settings, self.clock, lambda *_: None)
        watch = Supervisor(self.clock.now, EventLogger(), pause=self.clock.pause)
        about = AccountSamples(StatusSamples(self.clock), self.instruments)
        self.renderer = Renderer(exports, counted, lambda: math.inf, self.clock, watch, threading.Event(), about=about)
        for name, cache in self.caches.items():
            codes = [f"{name}-{number}" for number in range(_PLANTS)]
            plants = {code: Plant(code, f"Plant {code}", 1e5, 48.1, 11.6, "", None) for code in codes}
            cache.know(plants, {})
            cache.list_plants(codes, Freshness(self.clock.now(), _TTL))
            self.answer(name, 0.0)

    def answer(self, name: str, value: float) -> None:
        """The values of an account's plants."""
        self.instruments.account(name).attempt(Interface.GET_STATION_REAL_KPI)
        self.instruments.account(name).answered(Interface.GET_STATION_REAL_KPI, 0.2)
        readings = [Reading(f"{name}-{n}", Values((key, value + n) for key in _KEYS)) for n in range(_PLANTS)]
        self.caches[name].read_plants(readings, Freshness(self.clock.now(), _TTL))
        self.statuses[name] = self._status(name)

    def _status(self, name: str) -> AccountStatus:
        now = self.clock.now()
        interfaces = tuple(InterfaceStatus(one, 100, 600.0, (now,), now, None, "") for one in ASKED_BY_ALL)
        collectors = tuple(CollectorStatus(one, True, True, 300.0, now, now, 1.0, 1) for one in CollectorName)
        return AccountStatus(name, "far", AccountState.OK, True, True, True, 0.0, 1.0, interfaces, collectors, ())

    def _views(self) -> Sequence[AccountView]:
        overrides = ScaleOverrides()
        return [
            AccountView(name, cache.snapshot(), self.statuses[name], overrides) for name, cache in self.caches.items()
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description="What a refresh of the exposition costs with many accounts.")
    parser.add_argument("--accounts", type=int, default=300)
    count = parser.parse_args().accounts
    crowd = _Crowd(count)
    crowd.renderer.refresh()
    print(f"{count} accounts of {_PLANTS} plants; processor time of a refresh of the exposition")
    for changed in (0, 1, count // 10, count):
        taken = []
        for number in range(_ROUNDS):
            for name in list(crowd.caches)[:changed]:
                crowd.answer(name, number + 0.5)
            began = time.process_time()
            crowd.renderer.refresh()
            taken.append((time.process_time() - began) * 1e3)
        print(f"{changed} with an answer: median {statistics.median(taken):.1f} ms, least {min(taken):.1f} ms")


if __name__ == "__main__":
    main()
