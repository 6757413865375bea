"""Who works at a time, and that whoever waits for the far side keeps nobody."""

import threading
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from fusionsolar_exporter.northbound.auth import Auth
from fusionsolar_exporter.northbound.transport import RawAnswer, Transport
from fusionsolar_exporter.refresh.turns import Turns, TurnTakingTransport

DEADLINE = 10.0
ANSWER = RawAnswer(200, b"{}", "application/json", "")


class FarSide(Transport):
    """Answers when so many wait for it together."""

    def __init__(self, parties: int) -> None:
        self.together = threading.Barrier(parties)

    @override
    def post(self, path: str, payload: Mapping[str, Any], auth: Auth) -> RawAnswer:
        self.together.wait(DEADLINE)
        return ANSWER

    @override
    def post_form(self, url: str, interface: str, form: Mapping[str, str]) -> RawAnswer:
        self.together.wait(DEADLINE)
        return ANSWER

    @override
    def close(self) -> None:
        self.together.abort()


class Workers:
    """Threads that work in turns, and the most that worked together."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.lock = threading.Lock()
        self.working = 0
        self.most = 0
        self.answers: list[RawAnswer] = []

    def work(self) -> None:
        with self.lock:
            self.working += 1
            self.most = max(self.most, self.working)
        threading.Event().wait(0.001)
        with self.lock:
            self.working -= 1

    def run(self, transport: Transport) -> None:
        with self.turns.taken():
            self.work()
            self.answers.append(transport.post("path", {}, Auth({})))
            self.work()
            self.answers.append(transport.post_form("http://far.example", "token", {}))
            self.work()


def test_few_work_together_while_all_wait_for_the_far_side_together() -> None:
    workers = Workers(Turns(2, DEADLINE))
    transport = TurnTakingTransport(FarSide(20), workers.turns)
    threads = [threading.Thread(target=workers.run, args=(transport,)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    transport.close()
    assert len(workers.answers) == 40
    assert workers.most <= 2


def test_whoever_hangs_with_a_turn_keeps_the_others_for_a_while_only() -> None:
    turns, hangs, worked = Turns(1, 0.01), threading.Event(), threading.Event()

    def hang() -> None:
        with turns.taken():
            worked.set()
            hangs.wait(DEADLINE)

    thread = threading.Thread(target=hang)
    thread.start()
    assert worked.wait(DEADLINE)
    for _ in range(3):
        with turns.taken(), turns.given_back():
            pass
    hangs.set()
    thread.join(DEADLINE)
    with turns.taken():  # none was given back that nobody had
        assert not turns._free.acquire(blocking=False)
    assert turns._free.acquire(blocking=False)


def test_a_thread_without_a_turn_has_none_to_give_back() -> None:
    turns = Turns(1, DEADLINE)
    with turns.given_back():
        assert turns._free.acquire(blocking=False)
    assert not turns._free.acquire(blocking=False)


def test_nobody_goes_without_a_turn_for_a_long_queue_alone() -> None:
    turns, lock = Turns(1, 1.0), threading.Lock()
    working, most = 0, 0

    def work() -> None:
        nonlocal working, most
        with turns.taken():
            with lock:
                working += 1
                most = max(most, working)
            threading.Event().wait(0.1)
            with lock:
                working -= 1

    threads = [threading.Thread(target=work) for _ in range(15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE)
    assert (working, most) == (0, 1)
