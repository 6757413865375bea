"""Threads that nothing ends: guarded, counted, started again, and told of when they do not run."""

import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import NoReturn

import pytest
from support.manual_clock import ManualClock
from support.world import ListLog, World

from fusionsolar_exporter.metrics.supervision_collector import SupervisionCollector
from fusionsolar_exporter.supervision import Heartbeat, Supervisor, ThreadKind

DEADLINE = 10.0


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def log() -> ListLog:
    return ListLog()


@pytest.fixture
def supervisor(clock: ManualClock, log: ListLog) -> Supervisor:
    return Supervisor(clock.now, log, pause=clock.pause)


@pytest.mark.parametrize("error", [RuntimeError("a bug"), SystemExit(1), MemoryError()])
def test_a_loop_that_fails_begins_anew_and_is_counted(
    supervisor: Supervisor, clock: ManualClock, log: ListLog, error: BaseException
) -> None:
    began: list[float] = []

    def run(_: Heartbeat) -> None:
        began.append(clock.now())
        if len(began) < 9:
            raise error

    supervisor.start(ThreadKind.RENDER, run).join(DEADLINE)

    assert [later - earlier for earlier, later in pairwise(began)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert supervisor.errors() == {"refresh": 0, "render": 8, "renew": 0, "reload": 0, "web": 0}
    assert log.messages() == ["internal error: please report it"] * 8
    assert supervisor.last_ran() == {}  # it ended as its owner wanted


def test_who_has_not_run_for_five_minutes_more_than_it_should_have_is_named(
    supervisor: Supervisor, clock: ManualClock
) -> None:
    first, second = supervisor.begin(ThreadKind.REFRESH, "home"), supervisor.begin(ThreadKind.REFRESH, "work")
    render = supervisor.begin(ThreadKind.RENDER)
    first.ran(clock.now(), 60.0)
    clock.advance(300.0)
    assert supervisor.problems() == []
    render.ran(clock.now())
    clock.advance(1.0)
    assert supervisor.problems() == ["the thread refresh of work has not run for 301 s"]
    second.ran(clock.now())
    clock.advance(60.0)
    assert supervisor.problems() == ["the thread refresh of home has not run for 361 s"]
    supervisor.end(first)
    assert supervisor.problems() == []


def test_the_metrics_say_who_ran_longest_ago(supervisor: Supervisor, clock: ManualClock) -> None:
    began = clock.now()
    supervisor.begin(ThreadKind.REFRESH, "home")
    clock.advance(10.0)
    supervisor.begin(ThreadKind.REFRESH, "work")
    supervisor.begin(ThreadKind.WEB)
    supervisor.failed(ThreadKind.WEB, RuntimeError())
    errors, beats = SupervisionCollector(supervisor, clock.wall).collect()
    assert {sample.labels["where"]: sample.value for sample in errors.samples} == supervisor.errors()
    assert supervisor.errors()["web"] == 1
    assert {sample.labels["thread"]: sample.value for sample in beats.samples} == {
        "refresh": clock.wall(began),
        "web": clock.wall(began + 10.0),
    }


@pytest.fixture
def hooked(supervisor: Supervisor) -> Iterator[None]:
    before, threading.excepthook = threading.excepthook, supervisor.excepthook
    yield
    threading.excepthook = before


@pytest.mark.usefixtures("hooked")
def test_what_ends_a_thread_that_nobody_guards_is_logged(supervisor: Supervisor, log: ListLog) -> None:
    def end(error: BaseException) -> NoReturn:
        raise error

    for error in (RuntimeError("a bug"), SystemExit(0)):
        thread = threading.Thread(target=end, args=(error,), name="lonely")
        thread.start()
        thread.join(DEADLINE)

    assert supervisor.errors()["lonely"] == 1
    ((_, message, fields),) = log.lines
    assert message == "internal error: please report it"
    assert fields["where"] == "lonely"


def test_a_step_may_take_three_requests_before_its_thread_counts_as_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    account = world.account
    beat = Heartbeat(ThreadKind.REFRESH, "default", 0.0, 0.0)
    allowed: list[float] = []

    def step() -> float:
        allowed.append(beat.due_at - beat.ran_at)
        account._end()
        return world.clock.now()

    monkeypatch.setattr(account, "step", step)
    account._run(beat)
    assert allowed == [3 * 30.0]
