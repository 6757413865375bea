"""Entries that expire by themselves, against a plain model."""

from hypothesis import given
from hypothesis import strategies as st
from support.manual_clock import ManualClock

from fusionsolar_exporter.ttl_map import TtlMap

KEYS = st.sampled_from("abcde")
SECONDS = st.integers(0, 10)
STEPS = st.lists(
    st.tuples(st.just("put"), KEYS, SECONDS)
    | st.tuples(st.just("put all"), KEYS, SECONDS)
    | st.tuples(st.just("discard"), KEYS, SECONDS)
    | st.tuples(st.just("retain"), KEYS, SECONDS)
    | st.tuples(st.just("pass"), KEYS, SECONDS)
    | st.tuples(st.just("clear"), KEYS, SECONDS),
    max_size=60,
)


def put(entries: TtlMap[str, int], what: str, key: str, number: int, until: float) -> list[str]:
    """Put one entry or many; their keys."""
    keys = [key] if what == "put" else [known for known in "abcde" if known <= key]
    if what == "put":
        entries.put(key, number, until)
    else:
        entries.put_all([(known, number) for known in keys], until)
    return keys


@given(STEPS)
def test_it_behaves_as_a_dict_whose_entries_age(steps: list[tuple[str, str, int]]) -> None:
    clock = ManualClock()
    entries: TtlMap[str, int] = TtlMap(clock.now)
    model: dict[str, tuple[int, float]] = {}
    expired = 0
    for number, (what, key, seconds) in enumerate(steps):
        if what.startswith("put"):
            for known in put(entries, what, key, number, clock.now() + seconds):
                model.pop(known, None)
                if seconds > 0:
                    model[known] = (number, clock.now() + seconds)
        elif what == "discard":
            entries.discard(key)
            model.pop(key, None)
        elif what == "retain":
            entries.retain(lambda known, bound=key: known <= bound)  # type: ignore[misc]
            model = {known: entry for known, entry in model.items() if known <= key}
        elif what == "clear":
            entries.clear()
            model.clear()
        else:
            clock.advance(seconds)
            gone = [known for known, (_, until) in model.items() if until <= clock.now()]
            assert entries.expire() == len(gone)
            expired += len(gone)
            for known in gone:
                del model[known]
        assert dict(entries.items()) == {known: value for known, (value, _) in model.items()}
        assert sorted(entries) == sorted(model)
        assert len(entries) == len(model)
        assert entries.expired == expired


def test_an_entry_lives_up_to_its_moment_and_not_at_it() -> None:
    clock = ManualClock()
    entries: TtlMap[str, str] = TtlMap(clock.now)
    entries.put("a", "value", clock.now() + 10)
    clock.advance(9.999)
    assert entries.expire() == 0
    clock.advance(0.001)
    assert entries.expire() == 1
    assert (list(entries), entries.expired) == ([], 1)


def test_putting_many_notices_what_has_expired_meanwhile() -> None:
    clock = ManualClock()
    entries: TtlMap[str, str] = TtlMap(clock.now)
    entries.put_all([("a", "old"), ("b", "old")], clock.now() + 10)
    clock.advance(20)
    entries.put_all([("a", "new"), ("c", "new")], clock.now() + 10)
    assert entries.expired == 1
    assert entries.expire() == 1
    assert dict(entries.items()) == {"a": "new", "c": "new"}
    assert entries.next_expiry == clock.now() + 10


def test_putting_notices_what_has_expired_meanwhile() -> None:
    clock = ManualClock()
    entries: TtlMap[str, str] = TtlMap(clock.now)
    entries.put("a", "old", clock.now() + 10)
    clock.advance(20)
    entries.put("a", "new", clock.now() + 10)
    entries.put("b", "late", clock.now())
    assert (dict(entries.items()), entries.expired) == ({"a": "new"}, 1)
