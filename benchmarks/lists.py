"""What a list answer costs that changes nothing: ``python -m benchmarks.lists [--devices N] [--devices-per-plant N]``.

One account with so many devices, four a plant as in the README's fleet or as many as wished, whose real-time values are
known and rendered. The same lists are then answered once more, a call at a time: taken over by the account's parts, and
what the exposition shows of it rendered.
"""

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from prometheus_client import CollectorRegistry
from typing_extensions import override

from fusionsolar_exporter.cache import Cache, Freshness
from fusionsolar_exporter.config import AccountConfig
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.metrics.account_exports import AccountExports
from fusionsolar_exporter.metrics.account_samples import AccountSamples
from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.metrics.registry import exported_registry
from fusionsolar_exporter.metrics.settings import ExportSettings
from fusionsolar_exporter.metrics.status_collector import StatusSamples
from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.interfaces import IDS_PER_CALL, Interface
from fusionsolar_exporter.northbound.model import SEVERITY_OF_LEVEL, Reading
from fusionsolar_exporter.northbound.transport import RawAnswer, Transport
from fusionsolar_exporter.northbound.values import Values
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.refresh.build import build_engine
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.collectors.base import Job
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.rendering.own_metrics import NO_METRICS
from fusionsolar_exporter.rendering.renderer import Renderer
from fusionsolar_exporter.scales import ScaleOverrides
from fusionsolar_exporter.state.memory import MemoryState
from fusionsolar_exporter.supervision import Supervisor
from fusionsolar_exporter.view import AccountView

_DEVICES = 100_000
_DEVICES_OF_A_PLANT = 4
_NAME = "default"
_TTL = 86400.0
_KEYS = ("active_power", "day_cap", "total_cap", "temperature", "run_state")
_ROUNDS = 20


class _FarSide(Transport):
    """Answers lists with bytes that were made beforehand."""

    def __init__(self, devices: int, of_a_plant: int) -> None:
        self.codes = [f"NE={number}" for number in range(devices // of_a_plant)]
        self._pages = [
            _envelope({"list": [_plant(code) for code in some], "total": len(self.codes), "pageNo": page})
            for page, some in enumerate(_batches(self.codes), start=1)
        ]
        self._device_lists = {
            ",".join(some): _envelope(
                [_device(code, place, of_a_plant) for code in some for place in range(of_a_plant)]
            )
            for some in _batches(self.codes)
        }

    @override
    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        if path.endswith("login"):
            return RawAnswer(200, _envelope(None), "application/json", "a token")
        if path.endswith("stations"):
            return RawAnswer(200, self._pages[payload["pageNo"] - 1], "application/json", "")
        return RawAnswer(200, self._device_lists[payload["stationCodes"]], "application/json", "")

    @override
    def post_form(self, url: str, interface: str, form: Mapping[str, str]) -> RawAnswer:
        raise NotImplementedError

    @override
    def close(self) -> None: ...


class _Quiet:
    def failed(self, *_: object, **__: object) -> None: ...

    def recovered(self, *_: object, **__: object) -> None: ...


def _plant(code: str) -> dict[str, object]:
    return {"plantCode": code, "plantName": f"Plant {code}", "capacity": 100.0, "latitude": 48.1, "longitude": 11.6}


def _device(code: str, place: int, of_a_plant: int) -> dict[str, object]:
    number = int(code.removeprefix("NE=")) * of_a_plant + place
    names = {"devName": f"Inverter {place}", "esnCode": f"SN{number}", "invType": "SUN2000", "softwareVersion": "V1"}
    return {"id": 1000000033950000 + number, "stationCode": code, "devTypeId": 1, **names}


def _envelope(data: object) -> bytes:
    return json.dumps({"success": True, "failCode": 0, "data": data}).encode()


def _batches(ids: Sequence[str]) -> Sequence[Sequence[str]]:
    return [ids[start : start + IDS_PER_CALL] for start in range(0, len(ids), IDS_PER_CALL)]


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return (time.process_time() - began) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description="What a list answer costs that changes nothing.")
    parser.add_argument("--devices", type=int, default=_DEVICES)
    parser.add_argument("--devices-per-plant", type=int, default=_DEVICES_OF_A_PLANT)
    options = parser.parse_args()
    count = options.devices
    clock, cache, far_side = SystemClock(), Cache(SystemClock()), _FarSide(count, options.devices_per_plant)
    registry = CollectorRegistry()
    instruments = OwnInstruments(registry)
    observer = Observer(instruments.account(_NAME), _Quiet())
    account = AccountConfig(name=_NAME, url="http://far.example", username="user", password="password")
    collaborators = Collaborators(clock, lambda _: far_side, lambda _: observer, EventLogger())
    engine = build_engine(AccountSettings(account), collaborators, cache, MemoryState(clock).partition("host", _NAME))

    def views() -> Sequence[AccountView]:
        return [AccountView(_NAME, cache.snapshot(), engine.status(), ScaleOverrides())]

    exports = ExportSettings(lambda _: True, tuple(SEVERITY_OF_LEVEL.values()))
    own = exported_registry([registry], exports.exports)
    account_exports = AccountExports(views, exports, clock, lambda *_: None)
    watch = Supervisor(clock.now, EventLogger(), pause=clock.pause)
    about = AccountSamples(StatusSamples(clock), instruments)
    renderer = Renderer(account_exports, own, cache.next_expiry, clock, watch, threading.Event(), about=about)

    def plant_list() -> None:
        job = engine.collectors.plant_list.next(clock.now())
        assert job is not None
        assert engine.perform(engine.collectors.plant_list, job) is None

    def device_list(number: int) -> None:
        batch = engine.collectors.device_list.batches()[number]
        job = Job(Interface.GET_DEV_LIST, batch, clock.now(), batch.turn())
        assert engine.perform(engine.collectors.device_list, job) is None

    pages = len(_batches(far_side.codes))
    assert engine.take_part()
    assert engine.login() is None
    for _ in range(pages):
        plant_list()
    for number in range(pages):
        device_list(number)
    ids = list(cache.snapshot().devices)
    assert len(ids) == count
    for some in _batches(ids):
        readings = [Reading(key, Values((name, 1.0) for name in _KEYS)) for key in some]
        engine.answers.device_readings(some, readings, Freshness(clock.now(), _TTL))
    renderer.refresh()
    renderer.exposition.body(NO_METRICS, openmetrics=True, gzipped=True)  # as Prometheus does: now it is kept ready

    print(f"{count:,} devices, {len(far_side.codes):,} plants; processor time of an answer that says nothing new")
    for name, ask in (("plant list, a page", lambda _: plant_list()), ("device list, 100 plants", device_list)):
        parts = [
            (_milliseconds(lambda: ask(number % pages)), _milliseconds(renderer.refresh))  # noqa: B023 - called here
            for number in range(_ROUNDS)
        ]
        taken, rendered = (statistics.median(figures) for figures in zip(*parts, strict=True))
        best = min(map(sum, parts))
        print(
            f"{name}: taken over {taken:.1f} ms, rendered {rendered:.1f} ms, together {taken + rendered:.1f} ms,",
            end="",
        )
        print(f" at best {best:.1f} ms")


if __name__ == "__main__":
    main()
