"""Threads that nothing ends but their owner: each is guarded, counted when it fails, and says when it last ran."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fusionsolar_exporter.event_log import Log

LATE_SECONDS = 300.0
"""A thread that has not run for so much longer than it should have is a reason to be unhealthy."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0  # seconds until a thread that failed runs again


class ThreadKind(StrEnum):
    """The kinds of threads; values of the labels ``thread`` and ``where``."""

    REFRESH = "refresh"
    RENDER = "render"
    RENEW = "renew"
    RELOAD = "reload"
    WEB = "web"


@dataclass(slots=True)
class Heartbeat:
    """One thread's: written by itself alone, read by anyone."""

    kind: ThreadKind
    name: str
    """Which of its kind, for people; empty where there is one."""
    ran_at: float
    """Pacing clock."""
    due_at: float
    """When it should run again at the latest."""

    def ran(self, now: float, rest: float = 0.0) -> None:
        """It runs at this moment, and may then be silent for so many seconds."""
        # in this order: whoever reads between the two sees a thread that is due later than it says, never earlier
        self.due_at = now + rest
        self.ran_at = now


class Supervisor:
    """Knows every thread. Safe from any thread."""

    def __init__(self, now: Callable[[], float], log: Log, *, pause: Callable[[float], None]) -> None:
        self._now = now
        self._log = log
        self._pause = pause
        self._lock = threading.Lock()
        self._beats: tuple[Heartbeat, ...] = ()
        self._errors = dict.fromkeys(map(str, ThreadKind), 0)

    def begin(self, kind: ThreadKind, name: str = "") -> Heartbeat:
        """A thread begins: it is watched from now on."""
        now = self._now()
        beat = Heartbeat(kind, name, now, now)
        with self._lock:
            self._beats = (*self._beats, beat)
        return beat

    def end(self, beat: Heartbeat) -> None:
        """A thread ends as its owner wants."""
        with self._lock:
            self._beats = tuple(other for other in self._beats if other is not beat)

    def start(self, kind: ThreadKind, run: Callable[[Heartbeat], None], name: str = "") -> threading.Thread:
        """Run a loop in a thread of its own, and again whenever anything but its return ends it."""
        beat = self.begin(kind, name)

        def guarded() -> None:
            try:
                self.guard(beat, run)
            finally:
                self.end(beat)

        thread = threading.Thread(target=guarded, name=f"{kind}-{name}" if name else str(kind), daemon=True)
        thread.start()
        return thread

    def guard(self, beat: Heartbeat, run: Callable[[Heartbeat], None]) -> None:
        """Run a loop in this thread until it returns; whatever else ends it is counted, and it begins anew."""
        pause = _FIRST_PAUSE
        while True:
            try:
                run(beat)
            except BaseException as error:  # noqa: BLE001 - SystemExit too: a thread has no business with it
                self.failed(beat.kind, error, **({"name": beat.name} if beat.name else {}))
            else:
                return
            # it counts as having run: what failed a second ago is not silent
            beat.ran(self._now(), pause)
            self._pause(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def count(self, where: str) -> None:
        """Count a mistake of ours that was caught, and that the log has already."""
        with self._lock:
            self._errors[str(where)] = self._errors.get(str(where), 0) + 1

    def failed(self, where: str, error: BaseException, **fields: object) -> None:
        """Count and log a mistake of ours that was caught."""
        self.count(where)
        self._log.error("internal error: please report it", where=str(where), **fields, error=error)

    def excepthook(self, args: threading.ExceptHookArgs) -> None:
        """Count and log what ended a thread that nobody guards; for :data:`threading.excepthook`."""
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            self.failed(args.thread.name if args.thread else "thread", args.exc_value)

    def errors(self) -> Mapping[str, int]:
        """Mistakes that were caught, by where, each from 0."""
        with self._lock:
            return dict(self._errors)

    def last_ran(self) -> Mapping[str, float]:
        """When the threads ran last (pacing clock), by kind; of several of a kind the one that is longest ago."""
        found: dict[str, float] = {}
        for beat in self._beats:
            found[beat.kind] = min(found.get(beat.kind, beat.ran_at), beat.ran_at)
        return found

    def problems(self) -> Sequence[str]:
        """Threads that should have run long ago, in words."""
        now = self._now()
        return [
            f"the thread {beat.kind}{f' of {beat.name}' if beat.name else ''} has not run for {now - beat.ran_at:.0f} s"
            for beat in self._beats
            if now > beat.due_at + LATE_SECONDS
        ]
