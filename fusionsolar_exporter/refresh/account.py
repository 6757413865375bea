"""One account in a thread of its own; everything here but the thread itself may be called from any thread."""

import threading
from dataclasses import replace

from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.power_curves import PowerCurves
from fusionsolar_exporter.refresh.build import build_engine
from fusionsolar_exporter.refresh.collaborators import Collaborators
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.state import NotLeadingError, Partition
from fusionsolar_exporter.state.memory import MemoryState
from fusionsolar_exporter.status import AccountStatus
from fusionsolar_exporter.supervision import Heartbeat, Supervisor, ThreadKind

_LONGEST_NAP = 60.0  # seconds; changed files with credentials are noticed after that
_LONGEST_NAP_SHARED = 5.0  # seconds; whoever wants the account itself waits so long at most
_REQUESTS_OF_A_STEP = 3  # at most: one that is refused, the login, and the request once more


class Account:
    """Refreshes in the background; what it has published is read without a lock."""

    def __init__(
        self, settings: AccountSettings, collaborators: Collaborators, partition: Partition | None = None
    ) -> None:
        self._clock = collaborators.clock
        clock, log = collaborators.clock, collaborators.log
        self._supervisor = collaborators.supervisor or Supervisor(clock.now, log, pause=clock.pause)
        self._published = collaborators.published
        self._turns = collaborators.turns
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._retired = False
        self._thread: threading.Thread | None = None
        self._settings = settings
        self._pending: AccountSettings | None = None
        self.cache = Cache(collaborators.clock)
        self.cache.enable_only(settings.collectors.enabled, settings.account.device_types)
        self.power_curves = PowerCurves()
        """Fed by whoever works out powers, kept with all else."""
        kept = partition or MemoryState(collaborators.clock).partition(settings.account.host, settings.name)
        self._engine = build_engine(settings, collaborators, self.cache, kept, self.power_curves)
        self._longest_nap = _LONGEST_NAP_SHARED if self._engine.store.keeps else _LONGEST_NAP
        self._engine.take_part()
        self._engine.forgive()
        self._status = self._engine.status()
        self._published_at = self._clock.now()

    @property
    def settings(self) -> AccountSettings:
        """The settings in force, or about to be."""
        return self._settings

    def status(self) -> AccountStatus:
        """What was published last."""
        return self._status

    def reconfigure(self, settings: AccountSettings) -> None:
        """Take other settings for the same host and user; series of disabled collectors go at once."""
        with self._lock:
            self._settings = self._pending = settings
        # here and not in the account's thread: that may wait for an answer, and the cache has to refuse what it brings
        self.cache.enable_only(settings.collectors.enabled, settings.account.device_types)
        self._wake.set()

    def step(self) -> float:
        """Send at most one request; the moment (pacing clock) from which the next step makes sense."""
        with self._lock:
            pending, self._pending = self._pending, None
        if pending is not None:
            self._engine.reconfigure(pending)
        at, eventful = self._take_part()
        # also when nothing happens, now and then: states and pauses end by themselves
        if eventful or pending is not None or self._clock.now() >= self._published_at + _LONGEST_NAP:
            self._published_at = self._clock.now()
            self._status = self._engine.status()
            self._published()
        return at

    def _take_part(self) -> tuple[float, bool]:
        changed = self._engine.take_part()
        if self._engine.store.leads:
            try:
                at, eventful = self._engine.step()
            except NotLeadingError:
                eventful = True
            else:
                return at, eventful or changed
        else:
            eventful = changed
        return self._clock.now() + self._engine.store.wait_seconds(), eventful

    @property
    def started(self) -> bool:
        """Whether it has a thread."""
        return self._thread is not None

    def start(self, after: float = 0.0) -> None:
        """Refresh in a thread of its own, if that does not run yet and is not to end, after so many seconds."""

        def run(beat: Heartbeat) -> None:
            if after:
                beat.ran(self._clock.now(), after)
                self._clock.wait(self._wake, after)
            self._run(beat)

        with self._lock:
            if self._thread is None and not self._stopping:
                self._thread = self._supervisor.start(ThreadKind.REFRESH, run, self._settings.name)

    def retire(self) -> None:
        """End the thread after the request in flight, without waiting for it, and give up the connections."""
        self._retired = True
        if self._end() is None:
            self._engine.close()

    def stop(self, seconds: float) -> None:
        """End the thread, waiting at most so long for a request in flight; log out where there is time left."""
        until = self._clock.now() + seconds
        thread = self._end()
        if thread is not None:
            thread.join(seconds)
            if thread.is_alive():
                return  # a request hangs; the process ends without it
        self._engine.logout(until)
        self._engine.close()

    def _end(self) -> threading.Thread | None:
        """Have the thread end; the thread, where there is one."""
        with self._lock:
            self._stopping = True
            self._wake.set()
            return self._thread

    def _run(self, beat: Heartbeat) -> None:
        while not self._stopping:
            self._wake.clear()  # before the step: what happens while it runs must wake it once more
            beat.ran(self._clock.now(), _REQUESTS_OF_A_STEP * self._settings.account.timeout)
            at = self._guarded_step()
            if not self._stopping:
                now = self._clock.now()
                nap = min(max(at - now, 0.0), self._longest_nap)
                beat.ran(now, nap)
                self._clock.wait(self._wake, nap)
        if self._retired:
            self._engine.close()

    def _guarded_step(self) -> float:
        """A mistake of ours must not end the thread quietly: it is logged, shown as down, and tried again."""
        try:
            with self._turns.taken():
                return self.step()
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread has to go on
            self._status = replace(self._status, up=False)
            self._published()
            self._supervisor.failed(ThreadKind.REFRESH, error, account=self._settings.name)
            return self._clock.now() + _LONGEST_NAP
