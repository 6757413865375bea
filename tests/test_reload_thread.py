"""The thread that reloads: it says that it lives, and does what it is told once."""

import threading

from support.manual_clock import ManualClock
from typing_extensions import override

from fusionsolar_exporter.reload_thread import ReloadThread
from fusionsolar_exporter.supervision import Heartbeat, ThreadKind


class Turns(ManualClock):
    """Ends the loop after some of its turns."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.left = most
        self.thread: ReloadThread | None = None
        self.beats: list[tuple[float, float]] = []
        self.woken: list[bool] = []
        self.beat = Heartbeat(ThreadKind.RELOAD, "", 0.0, 0.0)

    @override
    def wait(self, event: threading.Event, seconds: float) -> None:
        self.woken.append(event.is_set())
        self.beats.append((self.beat.ran_at - self.now(), self.beat.due_at - self.now()))
        super().wait(event, seconds)
        self.left -= 1
        assert self.thread is not None
        if not self.left:
            self.thread.stop()
            self.woken.append(event.is_set())


def test_each_turn_says_that_it_lives_and_a_signal_reloads_once() -> None:
    clock, done = Turns(4), []
    clock.thread = ReloadThread(lambda: done.append("reload"), lambda: done.append("look"), clock)
    clock.thread.wake()
    clock.thread.wake()
    clock.thread.run(clock.beat)
    assert clock.beats == [(0.0, 5.0)] * 4
    assert clock.woken == [True, False, False, False, True]
    assert done == ["reload", *["look"] * 3]  # who is stopped looks at nothing any more
