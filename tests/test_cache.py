"""What an account serves: until when, and what goes at once."""

import math
import threading
import time
from dataclasses import FrozenInstanceError, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.manual_clock import ManualClock

from fusionsolar_exporter.cache import AlarmWindow, Cache, Freshness, PlantAlarms, Snapshot
from fusionsolar_exporter.northbound.model import Alarm, Device, Plant, Reading, Severity
from fusionsolar_exporter.status import CollectorName

TTL = 900.0
ALWAYS = AlarmWindow(0.0, 9e9)
PLANTS = {code: Plant(code, f"plant {code}") for code in "AB"}
DEVICES = {key: Device(key, "", plant, 38) for key, plant in (("1", "A"), ("2", "A"), ("3", "B"))}


def alarm(plant: str = "A", number: str = "1", raised_at: float | None = 1000.0) -> Alarm:
    return Alarm(plant, "ES1", "Inv", 38, number, "Fault", "1", Severity.MAJOR, "1", raised_at)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def cache(clock: ManualClock) -> Cache:
    known = Cache(clock)
    known.know(PLANTS, DEVICES)
    return known


@pytest.fixture
def now(clock: ManualClock) -> Freshness:
    return Freshness(clock.now(), TTL)


def fill(cache: Cache, freshness: Freshness) -> None:
    cache.list_plants("AB", freshness)
    cache.list_devices("AB", "123", freshness)
    cache.read_plants([Reading("A", {"a": 1.0}), Reading("B", {})], freshness)
    cache.read_devices([Reading("1", {"a": 1.0}), Reading("3", {"b": 2.0})], freshness)
    cache.replace_alarms("AB", [alarm(), alarm(number="2"), alarm("B")], ALWAYS, freshness)


ENTRIES = dict.fromkeys(CollectorName, 0) | {
    CollectorName.PLANT_LIST: 2,
    CollectorName.DEVICE_LIST: 3,
    CollectorName.PLANT_REALTIME: 2,
    CollectorName.DEVICE_REALTIME: 2,
    CollectorName.ALARMS: 2,
}


def test_an_empty_cache_serves_nothing(clock: ManualClock) -> None:
    snapshot = Cache(clock).snapshot()
    assert (snapshot.plants, snapshot.devices, snapshot.alarms) == ({}, {}, {})
    assert snapshot.entries == dict.fromkeys(CollectorName, 0)
    assert snapshot.expired == dict.fromkeys(CollectorName, 0)


def test_what_was_answered_is_served(cache: Cache, clock: ManualClock, now: Freshness) -> None:
    fill(cache, now)
    snapshot = cache.snapshot()
    assert snapshot.listed_plants == {"A", "B"}
    assert snapshot.listed_devices == {"1", "2", "3"}
    assert snapshot.plant_readings == {"A": Reading("A", {"a": 1.0}), "B": Reading("B", {})}
    assert snapshot.device_readings == {"1": Reading("1", {"a": 1.0}), "3": Reading("3", {"b": 2.0})}
    assert snapshot.alarms["A"] == PlantAlarms((alarm(), alarm(number="2")), complete=True)
    assert snapshot.entries == ENTRIES
    assert snapshot.plant_fetched_at[CollectorName.ALARMS] == dict.fromkeys("AB", clock.now())
    assert snapshot.device_fetched_at == dict.fromkeys("13", clock.now())


def test_data_expires_without_a_new_answer(cache: Cache, clock: ManualClock, now: Freshness) -> None:
    fill(cache, now)
    clock.advance(TTL - 0.001)
    assert cache.snapshot().entries == ENTRIES
    clock.advance(0.001)
    snapshot = cache.snapshot()
    assert snapshot.entries == dict.fromkeys(CollectorName, 0)
    assert (snapshot.listed_plants, snapshot.listed_devices, snapshot.alarms) == (frozenset(), frozenset(), {})
    assert (snapshot.plant_readings, snapshot.device_readings) == ({}, {})
    # two plants and three alarms; names and the time of the last answer stay
    assert snapshot.expired == ENTRIES | {CollectorName.ALARMS: 5}
    assert (snapshot.plants, snapshot.devices) == (PLANTS, DEVICES)
    assert snapshot.device_fetched_at == dict.fromkeys("13", now.fetched_at)
    assert snapshot.plant_fetched_at[CollectorName.PLANT_LIST] == dict.fromkeys("AB", now.fetched_at)


def test_age_counts_from_the_start_of_the_request(cache: Cache, clock: ManualClock) -> None:
    cache.read_plants([Reading("A", {})], Freshness(clock.now() - TTL + 1, TTL))
    cache.read_plants([Reading("B", {})], Freshness(clock.now() - TTL, TTL))
    assert set(cache.snapshot().plant_readings) == {"A"}
    clock.advance(1)
    assert set(cache.snapshot().plant_readings) == set()


def test_two_moments_in_one_map_pass_one_after_the_other(cache: Cache, clock: ManualClock) -> None:
    began = clock.now()
    cache.read_devices([Reading("1", {}), Reading("2", {})], Freshness(began, 50.0))
    cache.read_devices([Reading("3", {})], Freshness(began, 20.0))
    cache.replace_alarms("A", [alarm()], ALWAYS, Freshness(began, 80.0))
    seen: list[tuple[object, set[str], set[str], int]] = []
    while (moment := cache.next_expiry()) < math.inf:
        clock.advance_to(moment - 0.001)
        before = set(cache.snapshot().device_readings)
        clock.advance_to(moment)
        snapshot = cache.snapshot()
        expired = snapshot.expired[CollectorName.DEVICE_REALTIME]
        seen.append((moment - began, before, set(snapshot.device_readings), expired))
    assert seen == [
        (pytest.approx(20.0), {"1", "2", "3"}, {"1", "2"}, 1),
        (pytest.approx(50.0), {"1", "2"}, set(), 3),
        (pytest.approx(80.0), set(), set(), 3),
    ]


def test_a_snapshot_is_the_same_object_until_something_changes(
    cache: Cache, clock: ManualClock, now: Freshness
) -> None:
    fill(cache, now)
    first = cache.snapshot()
    clock.advance(TTL / 2)
    assert cache.snapshot() is first
    cache.read_devices([Reading("2", {"c": 1.0})], Freshness(clock.now(), TTL))
    second = cache.snapshot()
    assert second is not first
    assert "2" not in first.device_readings
    clock.advance(TTL / 2)
    assert cache.snapshot() is not second
    assert set(cache.snapshot().device_readings) == {"2"}
    assert cache.snapshot() is cache.snapshot()


def test_a_snapshot_cannot_be_changed(cache: Cache, now: Freshness) -> None:
    fill(cache, now)
    snapshot = cache.snapshot()
    with pytest.raises(FrozenInstanceError):
        snapshot.plants = {}  # type: ignore[misc]
    before = {field.name: repr(getattr(snapshot, field.name)) for field in fields(Snapshot)}
    cache.know({}, {})
    cache.enable_only(())
    assert before == {field.name: repr(getattr(snapshot, field.name)) for field in fields(Snapshot)}


def test_a_newer_reading_replaces_the_whole_older_one(cache: Cache, now: Freshness) -> None:
    cache.read_devices([Reading("1", {"a": 1.0, "b": 2.0})], now)
    cache.read_devices([Reading("1", {"b": 3.0})], now)
    assert cache.snapshot().device_readings["1"].values == {"b": 3.0}


def test_what_no_list_names_is_not_taken(cache: Cache, now: Freshness) -> None:
    cache.list_plants("AX", now)
    cache.list_devices("AX", "19", now)
    cache.read_plants([Reading("X", {})], now)
    cache.read_devices([Reading("9", {})], now)
    cache.replace_alarms("AX", [alarm("X"), alarm("B")], ALWAYS, now)
    snapshot = cache.snapshot()
    assert (snapshot.plant_readings, snapshot.device_readings, snapshot.device_fetched_at) == ({}, {}, {})
    assert snapshot.alarms == {"A": PlantAlarms((), complete=True)}
    assert (set(snapshot.listed_plants), set(snapshot.listed_devices)) == ({"A"}, {"1"})
    assert all(set(fetched) <= {"A"} for fetched in snapshot.plant_fetched_at.values())


def test_what_the_lists_no_longer_name_goes_at_once(cache: Cache, now: Freshness) -> None:
    fill(cache, now)
    cache.know({"B": PLANTS["B"]}, {"3": DEVICES["3"]})
    snapshot = cache.snapshot()
    assert (set(snapshot.listed_plants), set(snapshot.listed_devices)) == ({"B"}, {"3"})
    assert (set(snapshot.plant_readings), set(snapshot.device_readings)) == ({"B"}, {"3"})
    assert snapshot.alarms == {"B": PlantAlarms((alarm("B"),), complete=True)}
    assert (set(snapshot.plants), set(snapshot.devices), set(snapshot.device_fetched_at)) == ({"B"}, {"3"}, {"3"})
    assert all(set(fetched) <= {"B"} for fetched in snapshot.plant_fetched_at.values())
    assert snapshot.expired == dict.fromkeys(CollectorName, 0)


def test_a_rename_moves_at_once(cache: Cache, now: Freshness) -> None:
    fill(cache, now)
    cache.know(PLANTS | {"A": Plant("A", "renamed")}, DEVICES)
    assert cache.snapshot().plants["A"].name == "renamed"
    assert cache.snapshot().entries == ENTRIES


@pytest.mark.parametrize("name", list(CollectorName))
def test_a_disabled_collector_serves_nothing_and_takes_nothing(
    cache: Cache, now: Freshness, name: CollectorName
) -> None:
    fill(cache, now)
    cache.enable_only(frozenset(CollectorName) - {name})
    for _ in range(2):
        snapshot = cache.snapshot()
        assert snapshot.entries == {other: count for other, count in ENTRIES.items() if other is not name}
        assert name not in snapshot.expired
        assert snapshot.plant_fetched_at[name] == {}
        assert bool(snapshot.device_fetched_at) is (name is not CollectorName.DEVICE_REALTIME)
        fill(cache, now)  # the answer to a request that was in flight
    cache.enable_only(list(CollectorName))
    fill(cache, now)
    assert cache.snapshot().entries == ENTRIES


class TestAlarms:
    def test_an_empty_answer_means_that_there_are_none(self, cache: Cache, now: Freshness) -> None:
        cache.replace_alarms("AB", [alarm(), alarm("B")], ALWAYS, now)
        cache.replace_alarms("A", [], ALWAYS, now)
        assert cache.snapshot().alarms == {
            "A": PlantAlarms((), complete=True),
            "B": PlantAlarms((alarm("B"),), complete=True),
        }

    def test_a_plant_that_was_never_answered_is_not_in_it(self, cache: Cache, now: Freshness) -> None:
        cache.replace_alarms("A", [], ALWAYS, now)
        assert set(cache.snapshot().alarms) == {"A"}

    def test_an_answer_replaces_what_was_raised_within_its_window(self, cache: Cache, now: Freshness) -> None:
        new, old, undated = (
            alarm(number="new", raised_at=1500),
            alarm(number="old", raised_at=500),
            alarm(raised_at=None),
        )
        newest, oldest = AlarmWindow(1000, 2000, 0, 2), AlarmWindow(0, 999, 1, 2)
        cache.replace_alarms("A", [new], newest, now)
        assert cache.snapshot().alarms["A"] == PlantAlarms((new,), complete=False)
        cache.replace_alarms("A", [old], oldest, now)
        assert cache.snapshot().alarms["A"] == PlantAlarms((new, old), complete=True)
        cache.replace_alarms("A", [], newest, now)
        assert cache.snapshot().alarms["A"] == PlantAlarms((old,), complete=True)
        cache.replace_alarms("A", [undated], oldest, now)
        assert cache.snapshot().alarms["A"] == PlantAlarms((undated,), complete=True)
        cache.replace_alarms("A", [], newest, now)
        assert cache.snapshot().alarms["A"] == PlantAlarms((), complete=True)

    def test_a_window_that_expires_makes_the_plant_incomplete(
        self, cache: Cache, clock: ManualClock, now: Freshness
    ) -> None:
        cache.replace_alarms("A", [], AlarmWindow(0, 999, 1, 2), now)
        clock.advance(TTL / 2)
        cache.replace_alarms("A", [], AlarmWindow(1000, 2000, 0, 2), Freshness(clock.now(), TTL))
        assert cache.snapshot().alarms["A"].complete
        clock.advance(TTL / 2)
        assert not cache.snapshot().alarms["A"].complete

    def test_time_that_is_cut_otherwise_takes_nothing_away(
        self, cache: Cache, clock: ManualClock, now: Freshness
    ) -> None:
        cache.replace_alarms("A", [], ALWAYS, now)
        clock.advance(TTL / 2)
        longer = Freshness(clock.now(), 4 * TTL)
        cache.replace_alarms("A", [], AlarmWindow(1000, 2000, 0, 2), longer)
        assert cache.snapshot().alarms["A"].complete
        clock.advance(TTL / 2)
        assert not cache.snapshot().alarms["A"].complete  # the whole is too old, and a half is no whole
        cache.replace_alarms("A", [], ALWAYS, Freshness(clock.now(), TTL))
        assert cache.snapshot().alarms["A"].complete

    @given(st.lists(st.tuples(st.sampled_from(["A", "B"]), st.sampled_from("12"), st.integers(0, 3)), max_size=12))
    def test_equal_alarms_are_one_and_others_are_kept_apart(self, came: list[tuple[str, str, int]]) -> None:
        clock = ManualClock()
        cache = Cache(clock)
        cache.know(PLANTS, DEVICES)
        alarms = [alarm(plant, number, raised) for plant, number, raised in came]
        cache.replace_alarms("AB", alarms, ALWAYS, Freshness(clock.now(), TTL))
        for code in "AB":
            kept = cache.snapshot().alarms[code].alarms
            assert len(kept) == len(set(kept))
            assert set(kept) == {each for each in alarms if each.plant_code == code}


def test_writers_and_readers_in_threads_see_whole_answers(clock: ManualClock, cache: Cache) -> None:
    until = time.monotonic() + 0.5
    failures: list[BaseException] = []

    def write(value: float) -> None:
        while time.monotonic() < until:
            freshness = Freshness(clock.now(), TTL)
            cache.read_plants([Reading(code, {"a": value}) for code in "AB"], freshness)
            cache.replace_alarms("AB", [alarm(number=str(value)), alarm("B", str(value))], ALWAYS, freshness)
            cache.know(PLANTS, DEVICES)

    def read() -> None:
        while time.monotonic() < until:
            snapshot = cache.snapshot()
            assert len({reading.values["a"] for reading in snapshot.plant_readings.values()}) <= 1
            assert len({known.alarms[0].alarm_id for known in snapshot.alarms.values()}) <= 1

    def guarded(work: object, *args: object) -> None:
        try:
            work(*args)  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - a thread's failure has to fail the test
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(write, value)) for value in (1.0, 2.0)]
    threads += [threading.Thread(target=guarded, args=(read,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert failures == []
