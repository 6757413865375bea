"""The exposition in the background: what changed is shown soon, what expired is gone, and nothing grows."""

import gc
import math
import threading
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from metrics_support import FixedClock, export_settings
from support.manual_clock import ManualClock
from support.rendered_site import NOTHING, Site

from fusionsolar_exporter.cache import AlarmWindow, Freshness
from fusionsolar_exporter.metrics.part import ExportContext, Part
from fusionsolar_exporter.metrics.plants import PlantTimes
from fusionsolar_exporter.northbound.model import Alarm, Device, Plant, Severity
from fusionsolar_exporter.pacing.clock import SystemClock
from fusionsolar_exporter.supervision import ThreadKind
from fusionsolar_exporter.view import AccountView

DEADLINE = 10.0
TEMPERATURE = "fusionsolar_device_internal_temperature_celsius"


def eventually(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    tick = threading.Event()
    while not what():
        assert time.monotonic() < deadline, "it never came"
        tick.wait(0.002)


ONE_PLANT = [Plant("p", "Plant")]
ONE_DEVICE = [Device("1", "Inverter", "p", 1)]


def test_the_background_shows_what_is_new_and_what_expires_though_nothing_arrives_any_more() -> None:
    site = Site(SystemClock())
    site.renderer.start()
    try:
        site.fleet(ONE_PLANT, ONE_DEVICE)
        site.read({"1": {"temperature": 21.0}}, ttl=0.5)
        site.changed.set()
        eventually(lambda: site.has(TEMPERATURE))
        eventually(lambda: not site.has(TEMPERATURE))
        assert site.text() == site.oracle()
    finally:
        site.renderer.stop()


def test_a_mistake_of_ours_is_logged_once_and_counted_and_nothing_old_is_served() -> None:
    site = Site(FixedClock())
    site.fleet(ONE_PLANT, ONE_DEVICE)
    site.read({"1": {"temperature": 21.0}})
    assert site.renderer.refresh_guarded() == 0.0
    site.failure = RuntimeError("a bug")
    assert site.renderer.refresh_guarded() == 60.0
    assert site.renderer.refresh_guarded() == 60.0
    assert site.log.messages() == ["internal error: please report it"]
    assert site.supervisor.errors()["render"] == 2
    assert not site.has(TEMPERATURE)
    site.failure = None
    assert site.renderer.refresh_guarded() == 0.0
    assert site.has(TEMPERATURE)


def test_an_account_that_cannot_be_rendered_loses_its_series_and_nobody_elses(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(FixedClock())
    site.others = ["away", "work"]
    site.fleet(ONE_PLANT, ONE_DEVICE)
    site.read({"1": {"temperature": 21.0}})
    site.renderer.refresh()
    assert site.accounts(TEMPERATURE) == {"home", "away", "work"}
    export = site.exports.accounts()["away"][1]
    monkeypatch.setattr(export, "context", broken)
    site.renderer.refresh()
    site.renderer.refresh()
    assert site.accounts(TEMPERATURE) == {"home", "work"}
    assert site.supervisor.errors()["render"] == 2
    assert site.log.messages() == ["internal error: please report it"]
    monkeypatch.undo()
    site.renderer.refresh()
    assert site.accounts(TEMPERATURE) == {"home", "away", "work"}


def broken(_view: AccountView) -> ExportContext:
    raise RuntimeError("a bug")


def test_a_mistake_in_what_is_done_beside_takes_no_sample_away_and_is_logged_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(FixedClock())
    site.fleet(ONE_PLANT, ONE_DEVICE)
    site.read({"1": {"temperature": 21.0}})
    monkeypatch.setattr(site.renderer, "_beside", fails)
    assert site.renderer.refresh_guarded() == 0.0
    assert site.renderer.refresh_guarded() == 0.0
    assert site.has(TEMPERATURE)
    assert site.supervisor.errors()["render"] == 2
    assert site.log.messages() == ["internal error: please report it"]
    monkeypatch.undo()
    site.renderer.refresh()
    monkeypatch.setattr(site.renderer, "_beside", fails)
    site.renderer.refresh()
    assert len(site.log.messages()) == 2, "it was well in between: it is news"


def fails() -> None:
    raise RuntimeError("a bug")


def test_what_should_be_gone_is_not_served_where_rendering_hangs() -> None:
    clock = ManualClock()
    site = Site(clock)
    site.fleet(ONE_PLANT, ONE_DEVICE)
    site.read({"1": {"temperature": 21.0}}, ttl=100.0)
    site.renderer.refresh()
    clock.advance(100.0 + 59.0)
    assert site.renderer.current() is site.renderer.exposition
    clock.advance(2.0)
    assert site.renderer.current() is not site.renderer.exposition
    body = site.renderer.current().body(NOTHING, openmetrics=False, gzipped=False)
    assert b"".join(body.parts) == b""
    site.renderer.refresh()
    assert site.renderer.current() is site.renderer.exposition


def test_what_did_not_change_is_not_rendered_again() -> None:
    site = Site(ManualClock())
    devices = [Device(str(number), "Inverter", "p", 1) for number in range(250)]
    site.fleet(ONE_PLANT, devices)
    site.read({device.id: {"temperature": 20.0} for device in devices})
    site.renderer.refresh()
    (account,) = site.renderer._accounts.values()
    before = list(account._rendered)
    site.read({devices[0].id: {"temperature": 21.0}})
    site.renderer.refresh()
    after = list(account._rendered)
    changed = [one for one, other in zip(before, after, strict=True) if one is not other]
    # the first hundred devices' readings, and what their plant's inverters say together
    assert len(changed) == 2
    assert site.text() == site.oracle()


def test_equal_values_that_come_again_are_not_rendered_again() -> None:
    site = Site(ManualClock())
    site.fleet(ONE_PLANT, ONE_DEVICE)
    site.read({"1": {"temperature": 20.0}})
    site.renderer.refresh()
    (account,) = site.renderer._accounts.values()
    before = list(account._rendered)
    site.read({"1": {"temperature": 20.0}})
    site.renderer.refresh()
    assert all(one is other for one, other in zip(before, account._rendered, strict=True))
    # the older ones are let go, and next time there is nothing but identity to compare
    (reading,) = site.cache.snapshot().device_readings.values()
    assert sum(value is reading for one in account._rendered if one is not None for value in one.inputs) == 2


def test_a_reading_renders_its_neighbours_plants_and_no_others() -> None:
    site = Site(ManualClock())
    plants = [Plant(f"p{number}", "Plant") for number in range(90)]
    devices = [Device(f"{plant.code}-{place}", "Inverter", plant.code, 1) for plant in plants for place in range(10)]
    site.fleet(plants, devices)
    site.read({device.id: {"active_power": 1.0} for device in devices})
    site.renderer.refresh()
    (account,) = site.renderer._accounts.values()
    before = list(account._rendered)
    site.read({device.id: {"active_power": 2.0} for device in devices[200:300]})
    site.renderer.refresh()
    changed = [one for one, other in zip(before, account._rendered, strict=True) if one is not other]
    assert len(changed) == 2
    assert site.text() == site.oracle()


def test_a_renamed_plant_moves_at_once_and_leaves_the_others_alone() -> None:
    site = Site(ManualClock())
    plants = [Plant(f"p{number}", "Old") for number in range(150)]
    site.fleet(plants, [Device(plant.code, "Inverter", plant.code, 1) for plant in plants])
    site.read({plant.code: {"temperature": 20.0} for plant in plants})
    site.renderer.refresh()
    plants[120] = Plant("p120", "New")
    site.fleet(plants, [Device(plant.code, "Inverter", plant.code, 1) for plant in plants])
    site.renderer.refresh()
    assert site.text() == site.oracle()
    assert 'plant="New",plant_code="p120"' in site.text()
    assert 'plant="Old",plant_code="p120"' not in site.text()


def test_other_settings_count_at_once() -> None:
    site = Site(ManualClock())
    site.fleet(ONE_PLANT, ONE_DEVICE)
    site.read({"1": {"temperature": 20.0, "odd": 1.0}})
    site.renderer.refresh()
    wanted = export_settings(exports=lambda name: name == TEMPERATURE)
    site.renderer.reconfigure(lambda: site.exports.reconfigure(wanted))
    assert [line.split("{")[0] for line in site.text().splitlines() if line[0] != "#"] == [TEMPERATURE]


def test_next_expiry_is_that_of_whatever_expires_first() -> None:
    clock = ManualClock()
    site = Site(clock)
    assert math.isinf(site.cache.next_expiry())
    site.fleet(ONE_PLANT, ONE_DEVICE)
    site.read({"1": {"temperature": 20.0}}, ttl=100)
    site.cache.list_plants(["p"], Freshness(clock.now(), 50))
    assert site.cache.next_expiry() == clock.now() + 50
    clock.advance(50)
    site.renderer.refresh()
    assert site.cache.next_expiry() == clock.now() + 50


@pytest.mark.no_cover
def test_weeks_of_changes_leaves_nothing_behind() -> None:
    clock = ManualClock()
    site = Site(clock, export_settings(drop_unfitted_strings=True, unknown_keys=20))

    def three_hours(number: int) -> None:
        clock.advance(3 * 3600)
        day = number // 8
        plants = [Plant(f"p{place + day}", f"Plant {number // 7}") for place in range(8)]
        devices = [
            Device(f"{plant.code}-{place + day % 5}", f"Device {number // 5}", plant.code, (1, 39, 47)[place])
            for plant in plants
            for place in range(3)
        ]
        site.fleet(plants, devices)
        site.read(
            {device.id: {"temperature": number, "pv1_u": number, f"odd{number % 5}": 1.0} for device in devices}, 20000
        )
        window = AlarmWindow(0, clock.now())
        alarm = Alarm(plants[0].code, "SN", f"{number}", 1, f"{number}", "n", "c", Severity.MAJOR, "1", clock.now())
        site.cache.replace_alarms([plant.code for plant in plants], [alarm], window, Freshness(clock.now(), 20000))
        site.renderer.refresh()

    tracemalloc.start()
    try:
        sizes = []
        for number in range(8 * 15):
            three_hours(number)
            if number % 20 == 19:
                gc.collect()
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert site.text() == site.oracle()
    assert sizes[-1] < 1.1 * sizes[1], sizes


@pytest.mark.no_cover
def test_readings_of_ever_other_kinds_are_rendered_all_the_same() -> None:
    site = Site(ManualClock())
    site.fleet(ONE_PLANT, ONE_DEVICE)
    for number in range(1, 1200):
        site.read({"1": {f"pv{number}_u": 600.0}})
        site.renderer.refresh()
    assert site.text() == site.oracle()
    assert 'pv="1199"} 600.0' in site.text()


def test_a_list_that_says_nothing_new_has_nothing_of_the_devices_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    site = Site(clock)
    plants, devices = {plant.code: plant for plant in ONE_PLANT}, {device.id: device for device in ONE_DEVICE}
    site.cache.know(plants, devices)
    site.cache.list_devices(["p"], ["1"], Freshness(clock.now(), 100))
    site.read({"1": {"temperature": 20.0}})
    site.renderer.refresh()
    looked_at: list[type[Part]] = []
    for kind in Part.__subclasses__():
        inputs = kind.inputs

        def note(part: Part, context: ExportContext, inputs: Any = inputs) -> Any:
            looked_at.append(type(part))
            return inputs(part, context)

        monkeypatch.setattr(kind, "inputs", note)
    clock.advance(10)
    site.cache.know(plants, devices)
    site.cache.list_devices(["p"], ["1"], Freshness(clock.now(), 100))
    site.renderer.refresh()
    assert looked_at == [PlantTimes]
    assert site.text() == site.oracle()


class CountedClock(ManualClock):
    """Notes every wait, and ends the renderer at a moment."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.until = self.now() + seconds
        self.waited: list[float] = []
        self.end: Callable[[], None] = lambda: None

    def wait(self, event: threading.Event, seconds: float) -> None:
        self.waited.append(seconds)
        super().wait(event, seconds)
        assert len(self.waited) < 10_000, "it spins"
        if self.now() >= self.until:
            self.end()


def run_by_hand(site: Site, clock: CountedClock, refreshed: Callable[[], None]) -> int:
    """The renderer's loop, here and now; how often it rendered."""
    count = 0
    refresh = site.renderer.refresh

    def counted() -> None:
        nonlocal count
        count += 1
        refreshed()
        refresh()

    clock.end = site.renderer.stop
    site.renderer.refresh = counted  # type: ignore[method-assign]
    site.renderer._run(site.supervisor.begin(ThreadKind.RENDER))
    return count


def test_where_nothing_happens_it_renders_once_and_sleeps() -> None:
    clock = CountedClock(3600.0)
    assert run_by_hand(Site(clock), clock, lambda: None) == 1
    assert len(clock.waited) == 121  # a look around each half minute, and the rest after rendering
    assert set(clock.waited[1:]) == {30.0}


def test_it_wakes_for_what_expires_and_then_sleeps_on() -> None:
    clock = CountedClock(3600.0)
    site = Site(clock)
    site.fleet(ONE_PLANT, ONE_DEVICE)
    site.read({"1": {"temperature": 21.0}}, ttl=100.0)
    assert run_by_hand(site, clock, lambda: None) == 2
    assert clock.waited[1:5] == [30.0, 30.0, 30.0, pytest.approx(10.0)]
    assert len(clock.waited) < 130


@pytest.mark.parametrize(("takes", "rest"), [(0.1, 0.9), (1.0, 2.0)])
def test_however_often_something_changes_it_rests_in_between(takes: float, rest: float) -> None:
    clock = CountedClock(600.0)
    site = Site(clock)

    def work() -> None:
        clock.advance(takes)
        site.changed.set()

    count = run_by_hand(site, clock, work)
    assert count == pytest.approx(600 / (takes + rest), abs=2)
    assert clock.waited == [pytest.approx(rest)] * count


def test_after_a_mistake_it_waits_a_minute() -> None:
    clock = CountedClock(600.0)
    site = Site(clock)
    site.failure = RuntimeError("a bug")
    assert run_by_hand(site, clock, lambda: None) == 10
    assert clock.waited == [60.0] * 10
