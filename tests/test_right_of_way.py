"""Accounts wait with their work while a scrape is answered, a moment at most."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from typing_extensions import override
from web_support import FakeExporter, FixedClock, ask, serving

from fusionsolar_exporter.refresh.turns import Turns
from fusionsolar_exporter.rendering.piece import Body
from fusionsolar_exporter.right_of_way import RightOfWay
from fusionsolar_exporter.view import AccountView
from fusionsolar_exporter.web.application import Application

DEADLINE = 10.0
A_MOMENT = 0.05


@dataclass
class Work:
    """Something that gives way first."""

    way: RightOfWay
    done: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        with Turns(1, DEADLINE, self.way).taken():
            self.done.set()


def test_work_begins_when_the_last_answer_is_given() -> None:
    work = Work(RightOfWay(DEADLINE))
    with work.way.taken():
        with work.way.taken():
            work.start()
        assert not work.done.wait(A_MOMENT)
    assert work.done.wait(DEADLINE)


def test_work_that_nobody_asks_anything_meanwhile_begins_at_once() -> None:
    work = Work(RightOfWay(DEADLINE))
    with work.way.taken():
        pass
    work.run()
    assert work.done.is_set()


def test_a_failed_answer_is_over_too() -> None:
    work = Work(RightOfWay(DEADLINE))
    with pytest.raises(ZeroDivisionError), work.way.taken():
        raise ZeroDivisionError
    work.run()
    assert work.done.is_set()


def test_a_client_that_does_not_read_is_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float | None] = []

    class Waits(threading.Event):
        @override
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout)
            return self.is_set()

    monkeypatch.setattr("threading.Event", Waits)
    way = RightOfWay(0.1)
    with way.taken():
        way.give()
        way.give()
        assert waits == [0.1]
        with way.taken():  # somebody else, who may be quick
            way.give()
        assert waits == [0.1, 0.1]


class Observed(FakeExporter):
    """Begins some work while it answers."""

    work: Work

    def begin(self, longest: float) -> None:
        self.work = Work(self.work.way)
        self.work.start()
        self.held_up = not self.work.done.wait(longest)

    @override
    def exposition(self, **asked: Any) -> Body:
        self.begin(A_MOMENT)
        return super().exposition(**asked)

    @override
    def views(self) -> Sequence[AccountView]:
        self.begin(DEADLINE)
        return super().views()


def test_scrapes_have_the_right_of_way_and_pages_for_people_do_not() -> None:
    exporter, way = Observed(), RightOfWay(2 * DEADLINE)
    exporter.work = Work(way)
    with serving(Application(exporter, clock=FixedClock(), way=way)) as server:
        assert ask(server, "/metrics").status == 200
        assert exporter.held_up
        assert exporter.work.done.wait(DEADLINE)
        assert ask(server, "/api/v1/status").status == 200
        assert not exporter.held_up
