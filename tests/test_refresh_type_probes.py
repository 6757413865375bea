"""Undocumented device types: asked once, then daily and weekly where they are refused."""

from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.batches.type_probes import TypeProbes

T0 = 1_750_000_000.0
DAY = 86_400.0


def probing(**types: list[str]) -> TypeProbes:
    probes = TypeProbes()
    probes.sync({int(name.removeprefix("type_")): ids for name, ids in types.items()}, T0)
    return probes


def due(probes: TypeProbes, now: float) -> Batch:
    batch = probes.next(now)
    assert batch is not None
    return batch


def test_documented_types_are_never_probed() -> None:
    assert probing(type_1=["a"], type_2=["b"], type_41=["c"], type_62=["d"]).next(T0 + 1e9) is None


def test_an_undocumented_type_is_probed_at_once_with_one_call() -> None:
    probes = probing(type_23070=[str(number) for number in range(250)])
    batch = due(probes, T0)
    assert (batch.device_type, len(batch.ids)) == (23070, 100)
    assert batch in probes
    assert Batch(batch.ids, T0, 23070) not in probes
    assert Batch([], T0, 60001) not in probes
    assert not probes.answered(23070)


def test_one_that_answers_becomes_regular() -> None:
    probes = probing(type_23070=["a"])
    probes.accepted(due(probes, T0))
    assert probes.answered(23070)
    assert not probes.answered(60001)
    assert probes.next(T0 + 1e9) is None


def test_one_that_is_refused_is_asked_daily_and_weekly_after_three_refusals() -> None:
    probes, now, pauses = probing(type_23070=["a"]), T0, []
    for _ in range(5):
        probes.refused(due(probes, now), now)
        later = next(days for days in range(1, 30) if probes.next(now + days * DAY) is not None)
        assert probes.next(now + later * DAY - 1) is None
        pauses.append(later)
        now += later * DAY
    assert pauses == [1, 1, 7, 7, 7]


def test_a_refused_one_is_forgiven_and_an_answered_one_stays() -> None:
    probes = probing(type_23070=["a"], type_60001=["b"])
    probes.accepted(due(probes, T0))
    probes.refused(due(probes, T0), T0)
    assert probes.next(T0 + DAY - 1) is None
    probes.forgive(T0 + 5)
    assert due(probes, T0 + 5).device_type == 60001
    assert probes.answered(23070)


def test_the_one_that_is_due_first_goes_first() -> None:
    probes = probing(type_23070=["a"], type_60001=["b"])
    first = due(probes, T0)
    probes.refused(first, T0)
    second = due(probes, T0 + 2 * DAY)
    assert {first.device_type, second.device_type} == {23070, 60001}
    probes.refused(second, T0 + 1)
    assert due(probes, T0 + 2 * DAY) is first


def test_what_is_known_of_a_type_stays_while_it_is_listed() -> None:
    probes = probing(type_23070=["a"])
    batch = due(probes, T0)
    probes.accepted(batch)
    probes.sync({23070: ["b", "c"], 60001: ["d"]}, T0 + 10)
    assert probes.answered(23070)
    assert batch.ids == ["b", "c"]
    probes.sync({}, T0 + 20)
    assert not probes.answered(23070)
    assert probes.next(T0 + 1e9) is None
    probes.sync({23070: ["b"]}, T0 + 30)
    assert probes.next(T0 + 29) is None
    assert due(probes, T0 + 30).ids == ["b"]


def test_one_that_answers_at_last_stays_regular_when_a_device_goes() -> None:
    probes = probing(type_23070=["a", "b"])
    probes.refused(due(probes, T0), T0)
    probes.accepted(due(probes, T0 + DAY))
    probes.sync({23070: ["a"]}, T0 + 2 * DAY)
    assert probes.answered(23070)
    assert probes.next(T0 + 1e9) is None


def test_a_refusal_may_have_been_about_a_device_that_goes() -> None:
    probes = probing(type_23070=["a", "b"])
    probes.refused(due(probes, T0), T0)
    probes.sync({23070: ["a", "b", "c"]}, T0 + 60)
    assert probes.next(T0 + 60) is None
    probes.sync({23070: ["a", "c"]}, T0 + 120)
    assert due(probes, T0 + 120).ids == ["a", "c"]
