"""What the cache keeps of reports and of data by serial number: for whom, until when, and when each was asked."""

from dataclasses import replace

import pytest
from support.manual_clock import ManualClock

from fusionsolar_exporter.cache import Cache, Freshness
from fusionsolar_exporter.cache.reports import ReportPeriod
from fusionsolar_exporter.northbound.model import DatedReading, Device, Plant, Reading
from fusionsolar_exporter.status import DEVICE_REPORTS, PLANT_REPORTS, REPORTS, CollectorName

TTL = 900.0
BY_SERIAL_NUMBER = CollectorName.INVERTER_CONVERGENCE
PLANTS = {code: Plant(code, f"plant {code}") for code in "AB"}
DEVICES = {"1": Device("1", "", "A", 1), "2": Device("2", "", "A", 1), "3": Device("3", "", "B", 38)}
CURRENT, LAST = ReportPeriod.CURRENT, ReportPeriod.LAST


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


def fetched(cache: Cache, name: CollectorName) -> dict[str, float]:
    return dict(cache.snapshot().report_fetched_at[name])


def known_ids(name: CollectorName) -> list[str]:
    return ["A", "B"] if name in PLANT_REPORTS else ["1", "3"]


def rows(name: CollectorName, begin: float = 0.0) -> list[DatedReading]:
    return [DatedReading(key, begin, {"a": begin}) for key in (*known_ids(name), "nobody")]


def test_data_by_serial_number(cache: Cache, clock: ManualClock, now: Freshness) -> None:
    before = cache.snapshot()
    cache.read_convergence(["1", "2", "9"], [Reading("1", {"a": 1.0}), Reading("9", {})], now)
    snapshot = cache.snapshot()
    assert snapshot is not before
    assert snapshot.convergence_readings == {"1": Reading("1", {"a": 1.0})}
    assert fetched(cache, BY_SERIAL_NUMBER) == {"1": now.fetched_at, "2": now.fetched_at}
    assert snapshot.entries[BY_SERIAL_NUMBER] == 1
    cache.know(PLANTS, {"1": DEVICES["1"]})
    assert fetched(cache, BY_SERIAL_NUMBER) == {"1": now.fetched_at}
    clock.advance(TTL)
    assert cache.snapshot().convergence_readings == {}
    assert cache.snapshot().expired[BY_SERIAL_NUMBER] == 1
    assert fetched(cache, BY_SERIAL_NUMBER) == {"1": now.fetched_at}
    cache.know(PLANTS, {})
    assert fetched(cache, BY_SERIAL_NUMBER) == {}


def test_data_by_serial_number_of_a_disabled_collector(cache: Cache, now: Freshness) -> None:
    cache.read_convergence(["1"], [Reading("1", {})], now)
    cache.enable_only(frozenset(CollectorName) - {BY_SERIAL_NUMBER})
    for _ in range(2):
        assert cache.snapshot().convergence_readings == {}
        assert fetched(cache, BY_SERIAL_NUMBER) == {}
        cache.read_convergence(["1"], [Reading("1", {})], now)
    cache.enable_only(list(CollectorName))
    cache.read_convergence(["1"], [Reading("1", {})], now)
    cache.enable_only(list(CollectorName))
    assert fetched(cache, BY_SERIAL_NUMBER) == {"1": now.fetched_at}


@pytest.mark.parametrize("name", REPORTS)
def test_periods_of_whom_the_lists_name(cache: Cache, clock: ManualClock, name: CollectorName) -> None:
    ids = known_ids(name)
    cache.read_reports(name, CURRENT, rows(name, 5.0), clock.now() + 10)
    cache.read_reports(name, LAST, rows(name, 4.0), clock.now() + 20)
    found = cache.snapshot().reports
    assert {other for other in REPORTS if any(found[other].values())} == {name}
    assert {period: {key: row.begin for key, row in some.items()} for period, some in found[name].items()} == {
        CURRENT: dict.fromkeys(ids, 5.0),
        LAST: dict.fromkeys(ids, 4.0),
    }
    assert cache.next_expiry() == clock.now() + 10
    clock.advance(10)
    assert (cache.snapshot().reports[name][CURRENT], set(cache.snapshot().reports[name][LAST])) == ({}, set(ids))
    cache.drop_reports(name, LAST, ids[:1])
    assert set(cache.snapshot().reports[name][LAST]) == {ids[1]}
    clock.advance(10)
    assert cache.snapshot().reports[name] == {CURRENT: {}, LAST: {}}
    assert cache.snapshot().expired[name] == 3


@pytest.mark.parametrize("name", REPORTS)
def test_of_two_complete_periods_the_later_one_stays(cache: Cache, clock: ManualClock, name: CollectorName) -> None:
    key = known_ids(name)[0]
    for begin, kept in ((5.0, 5.0), (4.0, 5.0), (5.0, 5.0), (6.0, 6.0)):
        values = {"a": clock.now()}
        cache.read_reports(name, LAST, [DatedReading(key, begin, values)], clock.now() + 100)
        found = cache.snapshot().reports[name][LAST][key]
        assert found.begin == kept
        assert (found.values == values) is (begin == kept)  # one that comes again is the newer answer
        clock.advance(1)
    for begin in (5.0, 4.0):  # a running one is whatever was answered last
        cache.read_reports(name, CURRENT, [DatedReading(key, begin, {})], clock.now() + 100)
        assert cache.snapshot().reports[name][CURRENT][key].begin == begin


@pytest.mark.parametrize("name", REPORTS)
def test_when_periods_were_asked(cache: Cache, now: Freshness, name: CollectorName) -> None:
    ids = known_ids(name)
    cache.fetched_reports(name, [*ids, "nobody"], now)
    assert fetched(cache, name) == dict.fromkeys(ids, now.fetched_at)
    by_plant = cache.snapshot().plant_fetched_at[name]
    assert by_plant == (dict.fromkeys(ids, now.fetched_at) if name in PLANT_REPORTS else {})
    cache.know({"B": PLANTS["B"]}, {"3": DEVICES["3"]})
    assert fetched(cache, name) == {ids[1]: now.fetched_at}
    cache.enable_only(frozenset(CollectorName) - {name})
    assert fetched(cache, name) == {}
    cache.fetched_reports(name, ids, now)
    cache.read_reports(name, CURRENT, rows(name), now.expires_at)
    assert name not in cache.snapshot().reports
    cache.enable_only(list(CollectorName))
    assert fetched(cache, name) == {}
    assert cache.snapshot().reports[name] == {CURRENT: {}, LAST: {}}


@pytest.mark.parametrize("name", REPORTS)
def test_when_periods_were_asked_is_news(cache: Cache, clock: ManualClock, now: Freshness, name: CollectorName) -> None:
    ids = known_ids(name)
    cache.fetched_reports(name, ids, now)
    assert fetched(cache, name) == dict.fromkeys(ids, now.fetched_at)
    later = replace(now, fetched_at=clock.now() + 1)
    cache.fetched_reports(name, ids, later)
    assert fetched(cache, name) == dict.fromkeys(ids, later.fetched_at)


@pytest.mark.parametrize("name", DEVICE_REPORTS)
def test_only_devices_of_types_that_are_read_have_periods(cache: Cache, now: Freshness, name: CollectorName) -> None:
    cache.read_devices([Reading(key, {}) for key in "13"], now)
    cache.read_reports(name, CURRENT, rows(name), now.expires_at)
    cache.fetched_reports(name, "13", now)
    cache.enable_only(list(CollectorName), frozenset({38}))
    snapshot = cache.snapshot()
    assert set(snapshot.device_readings) == set(snapshot.device_fetched_at) == {"3"}
    assert set(snapshot.reports[name][CURRENT]) == set(fetched(cache, name)) == {"3"}
    cache.read_reports(name, CURRENT, rows(name), now.expires_at)
    cache.read_devices([Reading(key, {}) for key in "13"], now)
    assert set(cache.snapshot().reports[name][CURRENT]) == set(cache.snapshot().device_readings) == {"3"}


@pytest.mark.parametrize("name", sorted(REPORTS))
def test_a_report_that_is_switched_off_leaves_nothing(cache: Cache, clock: ManualClock, name: CollectorName) -> None:
    for period in ReportPeriod:
        cache.read_reports(name, period, rows(name, 5.0), clock.now() + 10)
    assert all(cache.snapshot().reports[name].values())
    cache.enable_only(frozenset(CollectorName) - {name})
    cache.enable_only(frozenset(CollectorName))
    assert not any(cache.snapshot().reports[name].values())
