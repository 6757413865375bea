"""What answers bring, against a plain model."""

import tracemalloc
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from support.manual_clock import ManualClock

from fusionsolar_exporter.cache.answer_groups import AnswerGroups

IDS = "abcde"
STEPS = st.lists(
    st.tuples(st.just("put"), st.sets(st.sampled_from(IDS)), st.integers(0, 10))
    | st.tuples(st.just("discard"), st.sets(st.sampled_from(IDS)), st.just(0))
    | st.tuples(st.just("retain"), st.sets(st.sampled_from(IDS)), st.just(0))
    | st.tuples(st.just("pass"), st.just(frozenset[str]()), st.integers(0, 10)),
    max_size=60,
)


class Model:
    """Every value with its own moment of expiry."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.entries: dict[str, tuple[int, float]] = {}
        self.expired = 0

    def expire(self) -> None:
        gone = [key for key, (_, until) in self.entries.items() if until <= self.now()]
        self.expired += len(gone)
        self.drop(gone)

    def drop(self, keys: object) -> None:
        for key in list(keys):  # type: ignore[call-overload]
            self.entries.pop(key, None)

    def put(self, keys: set[str], value: int, until: float) -> None:
        if until > self.now():
            self.entries.update(dict.fromkeys(keys, (value, until)))
        else:
            self.drop(keys)


@given(STEPS)
def test_it_behaves_as_a_dict_whose_entries_age(steps: list[tuple[str, set[str], int]]) -> None:
    clock = ManualClock()
    groups: AnswerGroups[str, int] = AnswerGroups(clock.now)
    model = Model(clock.now)
    for number, (what, keys, seconds) in enumerate(steps):
        before = groups.values, groups.ids
        model.expire()
        if what == "put":
            groups.put(dict.fromkeys(keys, number), clock.now() + seconds)
            model.put(keys, number, clock.now() + seconds)
        elif what == "discard":
            groups.discard(keys)
            model.drop(keys)
        elif what == "retain":
            groups.retain(keys.__contains__)
            model.drop(model.entries.keys() - keys)
        else:
            clock.advance(seconds)
            model.expire()
            groups.expire()
        assert groups.values == {key: value for key, (value, _) in model.entries.items()}
        assert groups.ids == model.entries.keys()
        assert (groups.values is before[0]) >= (groups.values == before[0] and what != "put")
        assert (groups.ids is before[1]) == (groups.ids == before[1])
        if groups.values is not before[0]:
            changed = groups.values.changed_since(before[0])
            assert changed is not None
            assert set(changed) >= {key for key, _ in groups.values.items() ^ before[0].items()}
        assert len(groups) == len(model.entries)
        assert groups.expired == model.expired
        assert groups.next_expiry == min((until for _, until in model.entries.values()), default=float("inf"))


def test_an_answer_lives_up_to_its_moment_and_not_at_it() -> None:
    clock = ManualClock()
    groups: AnswerGroups[str, str] = AnswerGroups(clock.now)
    groups.put({"a": "value"}, clock.now() + 10)
    clock.advance(9.999)
    assert groups.expire() == 0
    clock.advance(0.001)
    assert groups.expire() == 1
    assert (groups.values, groups.expired) == ({}, 1)


def test_what_an_answer_replaces_after_its_time_has_expired() -> None:
    clock = ManualClock()
    groups: AnswerGroups[str, str] = AnswerGroups(clock.now)
    groups.put({"a": "old", "b": "old"}, clock.now() + 10)
    clock.advance(10)
    groups.put({"a": "new"}, clock.now() + 10)
    assert (groups.expired, groups.values) == (2, {"a": "new"})


def test_what_a_newer_answer_leaves_out_keeps_its_own_time() -> None:
    clock = ManualClock()
    groups: AnswerGroups[str, str] = AnswerGroups(clock.now)
    groups.put({"a": "old", "b": "old"}, clock.now() + 10)
    clock.advance(5)
    groups.put({"a": "new", "c": "new"}, clock.now() + 10)
    clock.advance(5)
    assert groups.expire() == 1
    assert groups.values == {"a": "new", "c": "new"}
    assert groups.next_expiry == clock.now() + 5


def test_an_edition_knows_what_changed_since_the_one_before_and_no_other() -> None:
    groups: AnswerGroups[str, str] = AnswerGroups(ManualClock().now)
    editions = [groups.values]
    for key in "ab":
        groups.put({key: "value"}, float("inf"))
        editions.append(groups.values)
    assert editions[1].changed_since(editions[0]) == {"a"}
    assert editions[2].changed_since(editions[1]) == {"b"}
    assert editions[2].changed_since(editions[0]) is None
    assert editions[2].changed_since(editions[2]) is None
    assert editions[2].changed_since(dict(editions[1])) is None


def test_what_is_given_out_stays_as_it_was() -> None:
    groups: AnswerGroups[str, str] = AnswerGroups(ManualClock().now)
    groups.put({"a": "old"}, float("inf"))
    given_out = groups.values, groups.ids
    groups.put({"a": "new", "b": "new"}, float("inf"))
    groups.discard({"a"})
    assert (dict(given_out[0]), set(given_out[1])) == ({"a": "old"}, {"a"})


def test_a_clock_that_goes_on_between_two_looks_loses_nothing() -> None:
    moments = iter(range(1000))
    groups: AnswerGroups[str, int] = AnswerGroups(lambda: float(next(moments)))
    for number in range(100):
        groups.put({"a": number, "b": number}, number * 3.0 + 2)
        groups.put({"b": number}, number * 3.0 + 4)
        groups.expire()
        assert set(groups.values) == groups.ids
    while len(groups):
        groups.expire()
    assert groups.next_expiry == float("inf")


def test_answers_behind_one_that_stays_for_long_are_not_kept() -> None:
    clock = ManualClock()
    now = clock.now()
    groups: AnswerGroups[str, bytes] = AnswerGroups(clock.now)
    groups.put({"not asked any more": b""}, now + 1)
    tracemalloc.start()
    try:
        for number in range(20_000):
            groups.put({"asked again and again": b""}, now + 2 + number)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 200_000
    assert groups.next_expiry == now + 1
    groups.discard(["not asked any more"])
    assert groups.next_expiry == now + 2 + 19_999
