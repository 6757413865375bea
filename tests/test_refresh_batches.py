"""Batches while lists grow and shrink: nothing lost, nothing asked twice in an interval, nothing kept waiting."""

from collections import Counter
from collections.abc import Iterable
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusionsolar_exporter.northbound.interfaces import IDS_PER_CALL
from fusionsolar_exporter.refresh.batches import batches as module
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.batches.batches import Batches
from fusionsolar_exporter.refresh.batches.bisection import Bisection
from fusionsolar_exporter.refresh.batches.refusal import Refusal

T0 = 1_750_000_000.0
INTERVAL = 300.0
DAY = 86_400.0
SMALL = 4  # ids a call, so that few ids make many batches


class Fleet:
    """One kind of ids on a far side that answers at once; the driver does what a collector does."""

    def __init__(self, ids_per_call: int) -> None:
        self.ids_per_call = ids_per_call
        self.now = T0
        self.kind = Batches()
        self.wanted: set[str] = set()
        self.out: dict[str, float] = {}
        self.asked: dict[str, float] = {}
        self.listed: dict[str, float] = {}
        """Since when an id can be asked: it was listed, or its day was over."""

    def sync(self, ids: Iterable[str]) -> None:
        self.wanted = set(ids)
        self.kind.sync(sorted(self.wanted), self.now)
        self.out = {key: until for key, until in self.out.items() if key in self.wanted and until > self.now}
        for key in self.wanted - self.out.keys():
            self.listed.setdefault(key, self.now)
        for known in (self.asked, self.listed):
            for key in known.keys() - (self.wanted - self.out.keys()):
                del known[key]
        self.check()

    def leave_out(self, number: int) -> None:
        held = [(batch, key) for batch in self.kind.all for key in batch.ids]
        if held:
            batch, key = held[number % len(held)]
            self.kind.leave_out(batch, key, self.now + DAY)
            self.out[key] = self.now + DAY
            del self.listed[key]
            self.asked.pop(key, None)
            self.check()

    def run(self, seconds: float) -> None:
        until = self.now + seconds
        while True:
            self.kind.refresh_left_out(self.now)
            for key in [key for key, back in self.out.items() if back <= self.now]:
                self.listed[key] = self.out.pop(key)
            self.kind.pack(self.now, INTERVAL)
            self.check()
            batch = min(self.kind.all, key=lambda each: each.due(INTERVAL), default=None)
            due = until if batch is None else batch.due(INTERVAL)
            moment = min([max(due, self.now), *self.out.values()])
            if moment >= until:
                self.now = until
                return
            self.now = moment
            if batch is not None and due <= self.now:
                self.ask(batch)

    def ask(self, batch: Batch) -> None:
        for key in batch.turn():
            if key in self.asked:
                assert self.now - self.asked[key] >= INTERVAL
                assert self.now - self.asked[key] <= 2 * INTERVAL + 1e-6
            else:
                assert self.now == pytest.approx(self.listed[key])
            self.asked[key] = self.now
        batch.started(self.now)
        batch.refusal = None  # it is answered at once

    def check(self) -> None:
        held = Counter(key for batch in self.kind.all for key in batch.ids)
        assert set(held) == self.wanted - self.out.keys()
        assert set(held.values()) <= {1}
        assert all(0 < len(batch.ids) <= self.ids_per_call for batch in self.kind.all)

    @property
    def least(self) -> int:
        return ceil(len(self.wanted - self.out.keys()) / self.ids_per_call)


IDS = st.sets(st.integers(0, 30).map(str))
STEPS = st.lists(
    st.tuples(st.just("sync"), IDS)
    | st.tuples(st.just("run"), st.sampled_from([1.0, 100.0, 299.0, 300.0, 301.0, 450.0, 1000.0, DAY]))
    | st.tuples(st.just("run"), st.integers(1, 900).map(float))
    | st.tuples(st.just("leave out"), st.integers(0, 30)),
    min_size=1,
    max_size=25,
)


@settings(deadline=None)
@given(STEPS)
def test_any_history_of_lists(steps: list[tuple[str, object]]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "IDS_PER_CALL", SMALL)
        fleet = Fleet(SMALL)
        for what, value in steps:
            if what == "sync":
                fleet.sync(value)  # type: ignore[arg-type]
            elif what == "run":
                fleet.run(value)  # type: ignore[arg-type]
            else:
                fleet.leave_out(value)  # type: ignore[arg-type]
        fleet.run(3 * INTERVAL)
        assert len(fleet.kind.all) == fleet.least


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 350), st.integers(1, 700)), min_size=1, max_size=6))
def test_hundreds_of_ids(steps: list[tuple[int, int]]) -> None:
    fleet = Fleet(IDS_PER_CALL)
    for count, seconds in steps:
        fleet.sync(str(number) for number in range(count))
        fleet.run(float(seconds))
    fleet.run(3 * INTERVAL)
    assert len(fleet.kind.all) == fleet.least


def test_ids_fill_batches_of_a_hundred() -> None:
    kind = Batches(38)
    kind.sync((str(number) for number in range(230)), T0)
    assert [len(batch.ids) for batch in kind.all] == [100, 100, 30]
    assert {batch.device_type for batch in kind.all} == {38}
    assert [key for batch in kind.all for key in batch.ids] == [str(number) for number in range(230)]


def test_ids_named_twice_are_asked_once() -> None:
    kind = Batches()
    kind.sync(["a", "b", "a"], T0)
    assert [batch.ids for batch in kind.all] == [["a", "b"]]


def test_new_ids_are_due_at_once_in_a_batch_of_their_own() -> None:
    kind = Batches()
    kind.sync("ab", T0)
    kind.all[0].started(T0)
    kind.sync("abc", T0 + 10)
    assert [batch.ids for batch in kind.all] == [["a", "b"], ["c"]]
    assert [batch.due(INTERVAL) for batch in kind.all] == [T0 + INTERVAL, T0 + 10]


def test_ids_that_come_before_their_batch_was_asked_join_it() -> None:
    kind = Batches()
    kind.sync("ab", T0)
    kind.sync("abc", T0 + 10)
    assert [batch.ids for batch in kind.all] == [["a", "b", "c"]]


def test_packed_batches_wait_for_the_latest_of_their_parts() -> None:
    kind = Batches(39)
    kind.sync("ab", T0)
    kind.all[0].started(T0)
    kind.all[0].turn_of = 7
    kind.sync("abc", T0 + 100)
    kind.all[1].started(T0 + 100)
    kind.all[1].turn_of = 8
    kind.pack(T0 + 101, INTERVAL)
    (batch,) = kind.all
    assert (batch.ids, batch.due(INTERVAL), batch.turn_of) == (["a", "b", "c"], T0 + 400, 7)
    assert (batch.device_type, batch.created, batch.oldest_start) == (39, T0, T0)


def test_what_is_refused_or_waits_is_not_packed() -> None:
    for field, value in (("retry_at", T0 + 50), ("early_at", T0), ("refusal", Refusal(0.0, times=1))):
        kind = Batches()
        kind.sync("ab", T0)
        kind.all[0].started(T0)
        kind.sync("abcd", T0 + 1)
        kind.all[1].started(T0 + 1)
        setattr(kind.all[1], field, value)
        kind.pack(T0 + 2, INTERVAL)
        assert len(kind.all) == 2, field


def test_nobody_who_was_packed_before_waits_for_a_third() -> None:
    kind = Batches()
    kind.sync("ab", T0)
    kind.all[0].started(T0)
    kind.all[0].oldest_start = T0 - 250  # of a member that waited for the others once
    kind.sync("abc", T0 + 100)
    kind.all[1].started(T0 + 100)
    kind.pack(T0 + 101, INTERVAL)
    assert len(kind.all) == 2
    kind.all[0].started(T0 + 300)
    kind.pack(T0 + 301, INTERVAL)
    assert [batch.due(INTERVAL) for batch in kind.all] == [T0 + 600]


def test_an_id_that_is_left_out_comes_back_after_its_day() -> None:
    kind = Batches()
    kind.sync("ab", T0)
    (batch,) = kind.all
    batch.started(T0)
    kind.leave_out(batch, "b", T0 + DAY)
    kind.sync("ab", T0 + 10)
    kind.refresh_left_out(T0 + DAY - 1)
    assert [each.ids for each in kind.all] == [["a"]]
    kind.refresh_left_out(T0 + DAY)
    assert [each.ids for each in kind.all] == [["a"], ["b"]]
    assert kind.all[1].due(INTERVAL) == T0 + DAY


def test_a_list_brings_back_an_id_whose_day_is_over() -> None:
    kind = Batches()
    kind.sync("b", T0)
    kind.leave_out(kind.all[0], "b", T0 + DAY)
    assert kind.all == []
    kind.sync("b", T0 + DAY)
    assert [batch.ids for batch in kind.all] == [["b"]]


def test_an_id_that_is_no_longer_listed_is_not_left_out_any_more() -> None:
    kind = Batches()
    kind.sync("ab", T0)
    kind.leave_out(kind.all[0], "b", T0 + DAY)
    kind.sync("a", T0 + 1)
    kind.sync("ab", T0 + 2)
    assert sorted(key for batch in kind.all for key in batch.ids) == ["a", "b"]


@pytest.mark.parametrize(("listed", "searching"), [("ab", True), ("a", True), ("", False)])
def test_a_search_forgets_what_is_no_longer_listed(listed: str, *, searching: bool) -> None:
    kind = Batches()
    kind.sync("abcd", T0)
    (batch,) = kind.all
    batch.started(T0)
    batch.refusal = Refusal(0.0, search=Bisection(batch.ids))
    kind.sync(listed, T0 + 1)
    assert [each.refusal is not None for each in kind.all] == ([True] if searching else [])
    if searching:
        assert set(batch.turn()) <= set(listed)


def test_a_search_whose_suspects_are_gone_is_over() -> None:
    kind = Batches()
    kind.sync("abcd", T0)
    (batch,) = kind.all
    batch.started(T0)
    search = Bisection(batch.ids)
    batch.refusal = Refusal(0.0, search=search)
    search.accepted()
    good = search.good
    kind.sync(good, T0 + 1)
    assert batch.refusal is None
    assert batch.turn() == good


class TestBatch:
    def test_it_is_due_when_made_then_an_interval_after_its_start(self) -> None:
        batch = Batch(["a"], created=T0)
        assert batch.due(INTERVAL) == T0
        batch.started(T0 + 5)
        assert batch.due(INTERVAL) == T0 + 5 + INTERVAL

    def test_a_retry_comes_in_the_place_of_the_interval_until_it_is_started(self) -> None:
        batch = Batch(["a"], created=T0, retry_at=T0 + 60, early_at=T0)
        assert batch.due(INTERVAL) == T0 + 60
        assert not batch.plain
        batch.started(T0 + 61)
        assert (batch.retry_at, batch.early_at) == (None, None)
        assert batch.plain

    def test_once_it_is_asked_it_does_not_wait_for_lists_any_more(self) -> None:
        refusal = Refusal(0.0, times=1, awaits_lists_since=T0)
        Batch(["a"], created=T0, refusal=refusal).started(T0 + 61)
        assert (refusal.times, refusal.awaits_lists_since) == (1, None)

    def test_its_turn_is_a_list_of_its_own(self) -> None:
        batch = Batch(["a"], created=T0)
        batch.turn().append("b")
        assert batch.ids == ["a"]


@pytest.mark.parametrize(("waited", "batches"), [(200, 1), (201, 2)])
def test_the_oldest_member_of_what_is_packed_waits_for_one_more_interval_at_most(waited: float, batches: int) -> None:
    kind = Batches()
    kind.sync("ab", T0)
    kind.all[0].started(T0)
    kind.all[0].oldest_start = T0 - waited
    kind.sync("abc", T0 + 100)
    kind.all[1].started(T0 + 100)
    kind.pack(T0 + 101, INTERVAL)
    assert len(kind.all) == batches
