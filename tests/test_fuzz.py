"""A short run of every target of the fuzzing, over its corpus and beside it; long ones: scripts/fuzz."""

import json

import pytest
from fuzz_mutations import Mutations
from fuzz_targets import CORPUS, TARGETS, seeds
from fuzz_trees import TreeMutations, run, spelt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SHORT = 40


def test_every_target_has_a_corpus_and_nothing_else_has() -> None:
    assert {path.name for path in CORPUS.iterdir()} == TARGETS.keys()
    assert all(len(seeds(target)) >= 3 for target in TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_and_what_is_near_it(target: str) -> None:
    corpus = seeds(target)
    mutations = Mutations(corpus, 1)
    with TARGETS[target]() as run:
        for data in (*corpus, *(mutations.next() for _ in range(SHORT))):
            run(data)


@pytest.mark.parametrize("target", ["envelope", "tokens", "parsers", "configurations", "web_configurations"])
@settings(deadline=None, max_examples=SHORT, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_is_far_from_it(target: str, data: st.DataObject) -> None:
    with TARGETS[target]() as run:
        run(data.draw(st.binary(max_size=200) | st.text(max_size=200).map(str.encode)))


def test_answers_that_are_json_with_odd_values_in_them() -> None:
    mutations = TreeMutations(seeds("parsers"), 1)
    found = 0
    for _ in range(50 * SHORT):
        data, parse = mutations.next()
        run(data, parse)
        found += bool(parse(data).items)
        json.loads(spelt(data))
    assert found > 10 * SHORT


def test_equal_seeds_give_equal_inputs() -> None:
    one, other = (Mutations(seeds("envelope"), 7) for _ in range(2))
    found = [one.next() for _ in range(50)]
    assert found == [other.next() for _ in range(50)]
    assert len(set(found)) > 40


def test_equal_seeds_give_equal_trees() -> None:
    one, other = (TreeMutations(seeds("parsers"), 7) for _ in range(2))
    found = [repr(one.next()) for _ in range(50)]
    assert found == [repr(other.next()) for _ in range(50)]
    assert len(set(found)) > 40
