"""What counts as a sweep, when batches run at their own phase."""

from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.batches.sweep import Sweeps

T0 = 1_750_000_000.0


class Run:
    """Sweeps over two batches, a second for each call."""

    def __init__(self) -> None:
        self.sweeps = Sweeps()
        self.first, self.second = Batch(["a"], T0), Batch(["b"], T0)
        self.batches = [self.first, self.second]
        self.now = T0

    def ask(self, batch: Batch, *, answered: bool = True) -> None:
        self.sweeps.turn(batch, self.now)
        self.now += 1
        self.sweeps.outcome(batch, answered=answered, batches=self.batches, ended_at=self.now)


def test_nothing_has_happened_before_the_first_sweep() -> None:
    sweeps = Sweeps()
    assert (sweeps.number, sweeps.finished, sweeps.success) == (0, 0, False)
    assert (sweeps.last_success_at, sweeps.last_duration) == (None, None)


def test_a_sweep_is_complete_when_each_batch_was_answered() -> None:
    run = Run()
    run.ask(run.first)
    assert (run.sweeps.number, run.sweeps.finished, run.sweeps.success) == (1, 0, False)
    run.now += 10
    run.ask(run.second)
    assert (run.sweeps.number, run.sweeps.finished, run.sweeps.success) == (1, 1, True)
    assert (run.sweeps.last_success_at, run.sweeps.last_duration) == (T0 + 12, 12)


def test_a_failure_makes_the_sweep_a_failure_at_once_and_until_a_whole_one_succeeds() -> None:
    run = Run()
    for batch in (run.first, run.second, run.first):
        run.ask(batch)
    succeeded_at = run.sweeps.last_success_at
    run.ask(run.second, answered=False)
    assert (run.sweeps.finished, run.sweeps.success, run.sweeps.last_success_at) == (2, False, succeeded_at)
    assert run.sweeps.last_duration == 2
    run.ask(run.first)
    assert not run.sweeps.success
    run.ask(run.second)
    assert (run.sweeps.finished, run.sweeps.success, run.sweeps.last_success_at) == (3, True, run.now)


def test_a_batch_that_gets_its_next_turn_ends_the_sweep_of_one_that_had_none() -> None:
    run = Run()
    run.ask(run.first)
    run.ask(run.first)
    assert (run.sweeps.number, run.sweeps.finished, run.sweeps.success) == (2, 1, False)
    run.ask(run.second)
    assert (run.sweeps.finished, run.sweeps.success, run.sweeps.last_duration) == (2, True, 2)


def test_several_calls_of_one_turn_are_one_turn() -> None:
    sweeps, batch = Sweeps(), Batch([], T0)
    for page in range(3):
        sweeps.turn(batch, T0 + page)
    sweeps.outcome(batch, answered=True, batches=[batch], ended_at=T0 + 5)
    assert (sweeps.number, sweeps.finished, sweeps.last_duration) == (1, 1, 5)


def test_a_batch_that_joins_during_a_sweep_belongs_to_it() -> None:
    run = Run()
    run.ask(run.first)
    run.batches.append(joined := Batch(["c"], T0))
    run.ask(run.second)
    assert run.sweeps.finished == 0
    run.ask(joined)
    assert (run.sweeps.finished, run.sweeps.success) == (1, True)


def test_a_batch_that_leaves_during_a_sweep_is_not_waited_for() -> None:
    run = Run()
    run.batches.append(Batch(["c"], T0))
    run.ask(run.first)
    run.batches.pop()
    run.ask(run.second)
    assert (run.sweeps.finished, run.sweeps.success) == (1, True)


def test_a_batch_that_comes_after_a_sweep_opens_the_next() -> None:
    run = Run()
    run.ask(run.first)
    run.ask(run.second)
    run.batches.append(late := Batch(["c"], T0))
    run.ask(late)
    assert (run.sweeps.number, run.sweeps.finished, run.sweeps.success) == (2, 1, True)
    run.ask(run.first)
    run.ask(run.second)
    assert (run.sweeps.finished, run.sweeps.last_success_at) == (2, run.now)
