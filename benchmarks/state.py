"""What state costs beside the refresh that it belongs to: ``python -m benchmarks.state [--inverters N]``.

One account with so many inverters takes answers of 100 and has them rendered. Beside it the same answers are kept in
SQLite, as the account's thread does it: its record before each request, its record and the answer afterwards. Then
another process opens the file and takes everything over. All in processor time of one run.
"""

import argparse
import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry

from benchmarks.fleet import BATCH, Fleet, RenderedFleet
from benchmarks.fleet import SAMPLES_OF_AN_INVERTER as SAMPLES
from fusionsolar_exporter.cache import Cache, Freshness, Snapshot
from fusionsolar_exporter.config import AccountConfig
from fusionsolar_exporter.logs import EventLogger
from fusionsolar_exporter.metrics.own import OwnInstruments
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.model import Reading
from fusionsolar_exporter.northbound.transport import HttpTransport
from fusionsolar_exporter.refresh.build import build_engine
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.engine import Engine
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.state.sqlite import SqliteState
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.wiring import transport_settings

_INVERTERS = 20_000
_MEASURED = 60  # batches
_DAY = 86400.0


class _Silent:
    def failed(self, *_: object, **__: object) -> None: ...

    def recovered(self, *_: object, **__: object) -> None: ...


def _transport(account: AccountConfig) -> HttpTransport:
    return HttpTransport(transport_settings(account))


def _engine(fleet: Fleet, file: Path) -> tuple[Engine, SqliteState]:
    """An account's parts on a file, as a process has them."""
    instruments = OwnInstruments(CollectorRegistry())
    state = SqliteState(file, fleet.clock, EventLogger(), instruments.state)
    settings = AccountSettings(
        AccountConfig(name="default", url="http://far.example", username="user", password="password")
    )
    observer = Observer(instruments.account("default"), _Silent())
    collaborators = Collaborators(fleet.clock, _transport, lambda _: observer, EventLogger())
    partition = state.partition("far.example", "user")
    return build_engine(settings, collaborators, Cache(fleet.clock), partition), state


def _fill(engine: Engine, snapshot: Snapshot, fresh: Freshness) -> None:
    """The lists, as the far side would have told them."""
    inventory, journal = engine.inventory, engine.answers.journal
    inventory.add_plants(snapshot.plants.values())
    inventory.keep_plants(snapshot.plants, fresh.fetched_at)
    codes = list(snapshot.plants)
    for start in range(0, len(codes), BATCH):
        some = codes[start : start + BATCH]
        wanted = set(some)
        devices = [device for device in snapshot.devices.values() if device.plant_code in wanted]
        inventory.set_devices(some, devices, fresh.fetched_at)
        journal.device_list(some, devices, fresh)
    journal.plant_list(snapshot.plants, fresh)
    engine.answers.lists_changed(inventory)


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description="What state costs beside a refresh.")
    parser.add_argument("--inverters", type=int, default=_INVERTERS)
    inverters = parser.parse_args().inverters
    fleet = Fleet(inverters * SAMPLES)
    rendered = RenderedFleet(fleet)
    snapshot = fleet.cache.snapshot()
    fresh = Freshness(fleet.clock.now(), _DAY)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "state.sqlite"
        engine, state = _engine(fleet, file)
        assert engine.take_part() or engine.store.leads
        _fill(engine, snapshot, fresh)
        journal, ledger = engine.answers.journal, engine.limiter.ledger
        for _ in fleet.batches:  # one window of calls
            ledger.start(
                Interface.GET_DEV_REAL_KPI, fleet.clock.now(), engine.limiter.limit(Interface.GET_DEV_REAL_KPI)
            )

        def keep(readings: list[Reading]) -> None:
            engine.store.permit()
            ledger.end(Interface.GET_DEV_REAL_KPI, fleet.clock.now())
            journal.readings(CollectorName.DEVICE_REALTIME, [one.id for one in readings], readings, fresh)
            engine.store.save()

        for batch in fleet.batches:
            keep([snapshot.device_readings[key] for key in batch])
        refresh = update = 0.0
        for batch, body in zip(fleet.batches[:_MEASURED], fleet.answers(), strict=False):
            readings = [snapshot.device_readings[key] for key in batch]
            began = time.process_time()
            fleet.take(body)
            rendered.renderer.refresh()
            refreshed = time.process_time()
            keep(readings)
            refresh += refreshed - began
            update += time.process_time() - refreshed
        size = sum(one.stat().st_size for one in Path(directory).iterdir())
        engine.close()
        state.close()
        opened: list[Engine] = []

        def restart() -> None:
            again, _ = _engine(fleet, file)
            again.take_part()
            opened.append(again)

        gc.collect()
        gc.freeze()  # a process that starts has nothing of this one's fleet to look through
        reading = _seconds(restart)
        assert len(opened[0].answers.cache.snapshot().device_readings) == inverters
    scale = len(fleet.batches) / min(_MEASURED, len(fleet.batches))
    refresh, update = refresh * scale, update * scale
    print(f"{inverters:,} inverters, {inverters * SAMPLES:,} samples, {len(fleet.batches)} answers")
    print(f"refresh: {refresh:.2f} s of processor time")
    print(f"keeping it: {update:.3f} s, {update / refresh:.2%}")
    print(f"opening and taking over, once a start: {reading:.3f} s, {reading / refresh:.2%}")
    print(f"together: {(update + reading) / refresh:.2%} of a refresh; files: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
