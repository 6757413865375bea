"""The search for refused ids: it blames exactly the bad ones, in few turns, and goes on asking for the others."""

from dataclasses import dataclass, field
from math import ceil, inf, log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fusionsolar_exporter.refresh.batches.bisection import Bisection

PATIENT = settings(deadline=None)


@dataclass
class Outcome:
    blamed: set[str] = field(default_factory=set)
    turns: list[tuple[list[str], bool]] = field(default_factory=list)
    """What was asked, and whether it was answered."""


def run(search: Bisection, bad: set[str], most_turns: float = inf) -> Outcome:
    outcome = Outcome()
    while not search.done and len(outcome.turns) < most_turns:
        asked = search.turn()
        answered = bad.isdisjoint(asked)
        outcome.turns.append((asked, answered))
        if answered:
            search.accepted()
            continue
        blamed = search.refused()
        if blamed is not None:
            assert asked == [blamed]
            search.blamed(blamed)
            outcome.blamed.add(blamed)
    return outcome


def names(count: int) -> list[str]:
    return [f"id{number}" for number in range(count)]


BATCHES = st.integers(1, 100).flatmap(
    lambda count: st.tuples(st.just(names(count)), st.sets(st.sampled_from(names(count))))
)


@PATIENT
@given(BATCHES)
def test_it_blames_exactly_the_bad_ids(case: tuple[list[str], set[str]]) -> None:
    ids, bad = case
    search = Bisection(ids)
    outcome = run(search, bad)
    assert outcome.blamed == bad
    assert sorted(search.good + search.apart) == sorted(set(ids) - bad)
    assert not (bad and search.apart)


@PATIENT
@given(BATCHES)
def test_every_turn_asks_known_ids_once_and_no_more_than_the_batch(case: tuple[list[str], set[str]]) -> None:
    ids, bad = case
    turns = run(Bisection(ids), bad).turns
    assert set(ids) == {key for asked, _ in turns for key in asked}
    for asked, _ in turns:
        assert asked
        assert len(set(asked)) == len(asked)
        assert set(asked) <= set(ids)


@PATIENT
@given(BATCHES)
def test_it_takes_few_turns(case: tuple[list[str], set[str]]) -> None:
    ids, bad = case
    halvings = ceil(log2(len(ids))) if len(ids) > 1 else 1
    turns = len(run(Bisection(ids), bad).turns)
    assert 1 <= turns <= 3 * len(ids)  # a third of the turns may be for those known to be good
    assert turns <= 2 * max(len(bad), 1) * halvings + 2


@pytest.mark.parametrize("count", [2, 3, 10, 64, 99, 100])
def test_one_bad_id_is_found_in_two_turns_a_halving_and_one_wherever_it_is(count: int) -> None:
    for bad in names(count):
        turns = len(run(Bisection(names(count)), {bad}).turns)
        assert ceil(log2(count)) <= turns <= 2 * ceil(log2(count)) + 1


@PATIENT
@given(BATCHES)
def test_however_many_are_bad_those_known_to_be_good_wait_three_turns_at_most(case: tuple[list[str], set[str]]) -> None:
    ids, bad = case
    good: set[str] = set()
    waited = 0
    for asked, answered in run(Bisection(ids), bad).turns:
        waited = 0 if answered and good <= set(asked) else waited + 1
        assert not good or waited <= 3
        if answered:
            good |= set(asked)


@PATIENT
@given(BATCHES, st.integers(1, 40))
def test_when_the_trouble_is_over_each_turn_but_one_refreshes_all_that_is_known_to_be_good(
    case: tuple[list[str], set[str]], trouble: int
) -> None:
    ids, bad = case
    search = Bisection(ids)
    for _ in range(trouble):
        if search.done:
            return
        if bad.isdisjoint(search.turn()):
            search.accepted()
        elif (blamed := search.refused()) is not None:
            search.blamed(blamed)
    since = 0
    while not search.done:
        known = {*search.good, *search.apart}
        since = 0 if known <= {*search.turn(), *search.apart} else since + 1
        assert since <= 3
        search.accepted()


def test_where_one_of_the_good_goes_bad_it_is_searched_for_among_them() -> None:
    search = Bisection(names(8))
    bad = {"id4", "id5", "id6", "id7"}
    while len(search.good) < 4:
        search.accepted() if bad.isdisjoint(search.turn()) else search.refused()
    bad.add("id0")
    outcome = run(search, bad)
    assert outcome.blamed == bad
    assert sorted(search.good) == ["id1", "id2", "id3"]


@PATIENT
@given(BATCHES)
def test_an_answered_turn_of_several_suspects_refreshes_all_that_are_known_to_be_good(
    case: tuple[list[str], set[str]],
) -> None:
    ids, bad = case
    search = Bisection(ids)
    while not search.done:
        good, asked = list(search.good), search.turn()
        assert len(asked) == 1 or asked[: len(good)] == good
        if bad.isdisjoint(asked):
            search.accepted()
        elif (blamed := search.refused()) is not None:
            search.blamed(blamed)


def test_what_was_refused_for_another_reason_is_all_good_in_the_end() -> None:
    search = Bisection(names(10))
    assert run(search, set()).blamed == set()
    assert sorted(search.good + search.apart) == names(10)


def test_a_single_id_is_asked_before_it_is_blamed() -> None:
    search = Bisection(["a"])
    assert search.turn() == ["a"]
    assert search.refused() == "a"
    assert not search.done
    search.blamed("a")
    assert (search.done, search.good) == (True, [])


@PATIENT
@given(
    st.sets(st.integers(0, 19)),
    st.lists(st.sets(st.integers(0, 19)), max_size=6),
)
def test_ids_may_leave_the_list_meanwhile(bad_numbers: set[int], leaving: list[set[int]]) -> None:
    bad, listed = {f"id{number}" for number in bad_numbers}, set(names(20))
    search, blamed = Bisection(names(20)), set()
    for gone in [*leaving, *[set[int]()] * 100]:
        if search.done:
            break
        asked = search.turn()
        assert set(asked) <= listed
        if bad.isdisjoint(asked):
            search.accepted()
        elif (found := search.refused()) is not None:
            search.blamed(found)
            blamed.add(found)
        listed -= {f"id{number}" for number in gone}
        search.keep(listed)
    assert search.done
    assert blamed <= bad
    assert set(search.good + search.apart) == listed - bad
    assert bad & listed <= blamed


@PATIENT
@given(BATCHES.filter(lambda case: case[1] < set(case[0])), st.integers(0, 30))
def test_when_the_bad_ones_are_listed_no_more_all_others_are_asked_together(
    case: tuple[list[str], set[str]], turns: int
) -> None:
    ids, bad = case
    search = Bisection(ids)
    blamed, ended = run(search, bad, turns).blamed, search.done
    search.keep(set(ids) - bad)
    left = run(search, set())
    if not ended and blamed < bad:
        assert len(left.turns) <= 2
        assert not left.turns or sorted(left.turns[-1][0]) == sorted(set(ids) - bad)
    assert left.blamed == set()
    assert sorted(search.good + search.apart) == sorted(set(ids) - bad)


def test_one_that_is_not_blamed_yet_waits_behind_the_others() -> None:
    search = Bisection(["a", "b"])
    assert search.turn() == ["a"]
    assert search.refused() == "a"
    assert search.turn() == ["b"]
    search.accepted()
    assert search.turn() == ["a"]
    assert search.refused() == "a"
    search.blamed("a")
    assert search.done
    assert search.good == ["b"]


@PATIENT
@given(BATCHES.filter(lambda case: len(case[0]) > 1), st.data())
def test_where_two_are_refused_only_together_some_are_to_be_asked_apart(
    case: tuple[list[str], set[str]], data: st.DataObject
) -> None:
    ids, _ = case
    pair = data.draw(st.sets(st.sampled_from(ids), min_size=2, max_size=2))
    search = Bisection(ids)
    while not search.done:
        if not pair <= set(search.turn()):
            search.accepted()
        else:
            assert search.refused() is None
    assert search.apart
    assert sorted(search.good + search.apart) == sorted(ids)


def test_an_id_whose_other_half_was_refused_or_is_gone_is_good() -> None:
    search = Bisection(["a", "b", "c"])
    search.accepted()
    assert search.turn() == ["a", "b"]
    assert search.refused() is None
    assert search.turn() == ["b"]
    assert search.refused() == "b"
    assert search.turn() == ["c"]
    search.accepted()
    search.blamed("b")
    assert (search.good, search.apart) == (["a", "c"], [])
    left = Bisection(["a", "b"])
    left.accepted()
    left.keep({"a"})
    assert (left.good, left.apart, left.done) == (["a"], [], True)
