"""What the status page keeps between two answers: always what it would say if it worked everything out anew."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web_support import NOW, FixedClock, account

from fusionsolar_exporter.cache import PlantAlarms, Snapshot
from fusionsolar_exporter.metrics.plants import PlantReadings
from fusionsolar_exporter.northbound.model import Alarm, Device, Plant, Reading, Severity
from fusionsolar_exporter.scales import ScaleOverride, ScaleOverrides
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.status.account_plants import PlantsOfAccounts
from fusionsolar_exporter.web.status.overview import PlantOverview

CODES = [f"NE={number:03}" for number in range(102)]  # two parts: a hundred plants, and the rest
FLEET = account(plants=CODES)
Change = Callable[[AccountView, str, float], AccountView]


class SteppedClock(FixedClock):
    """The wall clock is corrected by hand."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def wall(self, moment: float) -> float:
        return moment + self.ahead


def changed(view: AccountView, **fields: object) -> AccountView:
    return replace(view, snapshot=replace(view.snapshot, **fields))  # type: ignore[arg-type]


def plant_answer(view: AccountView, code: str, value: float) -> AccountView:
    """A turn of real-time data about one plant."""
    reading = Reading(code, {"day_power": value, "real_health_state": 1.0 + value % 3})
    fetched = {**view.snapshot.plant_fetched_at.get(CollectorName.PLANT_REALTIME, {}), code: NOW - value}
    return changed(
        view,
        plant_readings={**view.snapshot.plant_readings, code: reading},
        plant_fetched_at={**view.snapshot.plant_fetched_at, CollectorName.PLANT_REALTIME: fetched},
    )


def device_answer(view: AccountView, code: str, value: float) -> AccountView:
    key = f"{code}-0"
    reading = Reading(key, {"active_power": value, "inverter_state": 512.0 if value < 50 else 768.0})
    return changed(
        view,
        device_readings={**view.snapshot.device_readings, key: reading},
        device_fetched_at={**view.snapshot.device_fetched_at, key: NOW - 2 * value},
    )


def expiry(view: AccountView, code: str, _: float) -> AccountView:
    def without(values: Mapping[str, Reading], key: str) -> Mapping[str, Reading]:
        return {each: reading for each, reading in values.items() if each != key}

    snapshot = view.snapshot
    return changed(
        view,
        plant_readings=without(snapshot.plant_readings, code),
        device_readings=without(snapshot.device_readings, f"{code}-0"),
    )


def alarm(view: AccountView, code: str, value: float) -> AccountView:
    severities = list(Severity)
    raised = Alarm(
        code, "", "Inv", 1, "1", "Grid Loss", "2", severities[int(value) % len(severities)], "1", NOW - value
    )
    active = () if value < 20 else (raised,)
    return changed(view, alarms={**view.snapshot.alarms, code: PlantAlarms(active, complete=value < 90)})


def name(view: AccountView, code: str, value: float) -> AccountView:
    return changed(view, plants={**view.snapshot.plants, code: Plant(code, f"Roof {value}", value * 100)})


def unlisted(view: AccountView, code: str, _: float) -> AccountView:
    return changed(view, listed_plants=view.snapshot.listed_plants ^ {code})


def removed(view: AccountView, code: str, _: float) -> AccountView:
    return changed(view, plants={each: plant for each, plant in view.snapshot.plants.items() if each != code})


def device(view: AccountView, code: str, value: float) -> AccountView:
    key = f"{code}-{value}"
    return changed(
        view,
        devices={**view.snapshot.devices, key: Device(key, "new", code, 1)},
        listed_devices=view.snapshot.listed_devices | {key},
    )


def scale(view: AccountView, _: str, value: float) -> AccountView:
    return replace(view, scale_overrides=ScaleOverrides([ScaleOverride(1, "active_power", 1.0 + value)]))


def far_clock(view: AccountView, _: str, value: float) -> AccountView:
    return replace(view, status=replace(view.status, clock_offset_seconds=10.0 * round(value)))


CHANGES: list[Change] = [
    plant_answer,
    device_answer,
    expiry,
    alarm,
    name,
    unlisted,
    removed,
    device,
    scale,
    far_clock,
]


@settings(deadline=None, max_examples=10)
@given(
    st.lists(st.tuples(st.sampled_from(CHANGES), st.sampled_from(CODES), st.integers(0, 100)), max_size=6),
    st.floats(-1000.0, 1000.0),
)
def test_what_is_kept_says_what_everything_anew_would_say(changes: list[tuple[Change, str, int]], ahead: float) -> None:
    clock = SteppedClock()
    kept, view = PlantsOfAccounts(clock), FLEET
    kept.of(view)
    for change, code, value in changes:
        if change is unlisted and code not in view.snapshot.plants:
            continue
        view = change(view, code, float(value))
        assert kept.of(view) == PlantsOfAccounts(clock).of(view)
    clock.ahead = ahead
    assert kept.of(view) == PlantsOfAccounts(clock).of(view)


@pytest.mark.parametrize("change", [plant_answer, device_answer, alarm])
def test_a_plant_that_nothing_changed_keeps_its_report(change: Change) -> None:
    plants, view = PlantsOfAccounts(FixedClock()), FLEET
    for code in CODES:
        view = device_answer(plant_answer(alarm(view, code, 40.0), code, 40.0), code, 40.0)
    before = plants.of(view).plants
    after = plants.of(change(view, CODES[100], 60.0)).plants
    assert [new.plant_code for new, old in zip(after, before, strict=True) if new is not old] == [CODES[100]]


def test_two_looks_at_the_far_sides_clock_that_differ_by_a_blink_change_nothing() -> None:
    plants, view = PlantsOfAccounts(FixedClock()), alarm(account(), "NE=000", 40.0)
    (before,) = plants.of(view).alarms
    blink = replace(view, status=replace(view.status, clock_offset_seconds=2.2), snapshot=replace(view.snapshot))
    assert plants.of(blink).alarms[0] is before
    later = replace(view, status=replace(view.status, clock_offset_seconds=3.5))
    assert plants.of(later).alarms[0] == replace(before, raised_timestamp_seconds=NOW - 40.0 - 3.5)


def test_what_came_is_worked_out_when_it_comes_and_not_when_somebody_looks() -> None:
    overview, view = PlantOverview(FixedClock()), account()
    overview.note(view)
    known = overview.plants.of(view)
    assert overview.plants.of(view) is known
    assert overview.plants.of(replace(view, snapshot=replace(view.snapshot))) is not known


def test_what_failed_once_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that could not be read leaves nothing half done."""
    plants, view = PlantsOfAccounts(FixedClock()), FLEET
    plants.of(view)
    news = plant_answer(plant_answer(view, CODES[0], 5.0), CODES[101], 7.0)
    read, calls = PlantReadings.export, []

    def failing(*given: object) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise ValueError("once")
        read(*given)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(PlantReadings, "export", failing)
        with pytest.raises(ValueError, match="once"):
            plants.of(news)
    assert plants.of(news) == PlantsOfAccounts(FixedClock()).of(news)


def test_an_account_that_is_not_configured_any_more_is_forgotten() -> None:
    plants, view = PlantsOfAccounts(FixedClock()), account()
    known = plants.of(view)
    plants.keep(["default"])
    assert plants.of(view) is known
    plants.keep(["another"])
    assert plants.of(view) is not known


def test_pages_and_answers_may_ask_at_once() -> None:
    plants, views = PlantsOfAccounts(FixedClock()), [FLEET]
    for number in range(6):
        views.append(plant_answer(views[-1], CODES[number], float(number)))
    wrong: list[Snapshot] = []
    expected = [PlantsOfAccounts(FixedClock()).of(view) for view in views]

    def look() -> None:
        wrong.extend(view.snapshot for view, right in zip(views, expected, strict=True) if plants.of(view) != right)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
