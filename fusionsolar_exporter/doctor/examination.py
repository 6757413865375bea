"""The examination of one account: lead it for a moment, log in where that is needed, ask each interface once.

What it asks is in the ledger like every other request, and every answer is kept for the exporter.
"""

import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

from fusionsolar_exporter.cache import Snapshot
from fusionsolar_exporter.doctor.ask import ORDER, SELDOM_ASKED, TOO_MANY_INVERTERS, Ask
from fusionsolar_exporter.doctor.report import Outcome, SessionKind
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.fail_codes import Concern, fail_code_row
from fusionsolar_exporter.northbound.interfaces import HOUR, REAL_TIME_TYPES, Interface
from fusionsolar_exporter.refresh.collectors.base import Collector, Job
from fusionsolar_exporter.refresh.collectors.device_realtime import DeviceRealtimeCollector
from fusionsolar_exporter.refresh.engine import Engine
from fusionsolar_exporter.state import NotLeadingError
from fusionsolar_exporter.state.store import LOOK_SECONDS
from fusionsolar_exporter.status import CollectorName
from fusionsolar_exporter.web.formatting import span

_SOON = 10.0  # seconds; what is free so soon is waited for
_WORTH_TELLING = 3.0  # seconds
_LONGEST_WAIT = HOUR
_HANDOVER = 60.0  # seconds for whoever leads: a request in flight, and a look around
_TRIES = 2  # a session that ended, or alarms that have to be asked in windows of time
_LOGINS = 2
_NO_SESSION = "not asked: there is no session"
_ENDED = "not asked: ended early"


class Examination:
    """One account. Runs once, in one thread."""

    def __init__(self, engine: Engine, say: Callable[[str], None], stop: threading.Event, *, wait: bool) -> None:
        self.engine = engine
        self._clock = engine.context.clock
        self._say = say
        self._stop = stop
        self._wait = wait
        self._logins = 0
        self._refused: set[Interface] = set()
        self.asks: list[Ask] = []
        """In the order in which they were made; device types apart."""
        self.types: dict[int, Ask] = {}
        """By device type id."""
        self.errors: list[NorthboundError] = []
        """Of all requests, the login's too."""
        self.session = SessionKind.NONE
        self.session_age: float | None = None
        self.login_error: NorthboundError | None = None
        self.remark = ""
        self.first_time = False
        """Whether state knew of no request of this account."""
        self.before = Snapshot()
        """What state had of values before anything was asked."""
        self.complete = False
        """Whether the account could be examined to the end."""

    def run(self) -> None:
        """Ask what may be asked, and give the account back."""
        engine = self.engine
        try:
            if self._lead():
                self.before = engine.answers.cache.snapshot()
                self.first_time = math.isinf(engine.limiter.ledger.last_start)
                self._logged_in()
                for name in ORDER:
                    collector = next(each for each in engine.collectors.all if each.name is name)
                    if collector.enabled:
                        self._examine(collector)
                self.complete = not self._stop.is_set()
        except NotLeadingError:
            self.remark = "another process took the account meanwhile: what is missing below was not asked"
        finally:
            engine.logout(self._clock.now() + _SOON)
            engine.close()

    def _lead(self) -> bool:
        """Have whoever leads the account give it up."""
        engine, until = self.engine, self._clock.now() + _HANDOVER
        told = False
        while True:
            engine.store.request_handover()
            engine.take_part()
            if engine.store.leads:
                return True
            if self._stop.is_set() or self._clock.now() >= until:
                if engine.session.auth(self._clock.now()) is not None:
                    self._keep_session()
                self.remark = (
                    "another process refreshes this account and did not give it up, or the state cannot be reached: "
                    "nothing was asked"
                )
                return False
            if not told:
                self._say("waiting until the running exporter lets go of the account, some seconds")
                told = True
            self._clock.wait(self._stop, LOOK_SECONDS)

    def _logged_in(self) -> bool:
        """Whether there is a session, after a login where that is needed and allowed."""
        engine, session, now = self.engine, self.engine.session, self._clock.now()
        session.look(now)
        if session.auth(now) is not None:
            if self.session is SessionKind.NONE:
                self._keep_session()
            return True
        if self.login_error is not None or self._logins >= _LOGINS:
            return False
        if not self._await(session.interface, max(session.earliest(), engine.limiter.next_gap)):
            self.session, self.session_age = SessionKind.NONE, None
            return False
        self._say("logging in")
        self._logins += 1
        self.login_error = engine.login()
        engine.store.save()
        if self.login_error is not None:
            self.errors.append(self.login_error)
        self.session = SessionKind.NEW if session.active else SessionKind.NONE
        self.session_age = 0.0 if session.active else None
        return session.active

    def _keep_session(self) -> None:
        age = self._clock.now() - self.engine.session.began_at
        self.session, self.session_age = SessionKind.KEPT, age

    def _examine(self, collector: Collector) -> None:
        if collector.name is CollectorName.PLANT_LIST:
            self.asks += self._plant_lists(collector)
        elif isinstance(collector, DeviceRealtimeCollector):
            self._device_types(collector)
        else:
            job = collector.next(self._clock.now())
            self.asks.append(self._ask(collector, job) if job else self._nothing(collector))

    def _plant_lists(self, collector: Collector) -> Iterator[Ask]:
        """Each plant list that may be asked, until one answers: all its pages, as far as they are free soon."""
        asked: set[Interface] = set()
        while (job := collector.next(self._clock.now())) is not None and job.interface not in asked:
            asked.add(job.interface)
            turns = collector.sweeps.finished
            ask = self._ask(collector, job)
            while ask.outcome is Outcome.ANSWERED and collector.sweeps.finished == turns:
                following = collector.next(self._clock.now())
                page = self._ask(collector, following) if following else self._nothing(collector)
                if page.outcome is Outcome.NOT_ASKED:
                    ask = replace(ask, note="only the first pages: the next one was not free", next_at=page.next_at)
                    break
                ask = page
            yield ask
            if ask.outcome in {Outcome.ANSWERED, Outcome.NOT_ASKED}:
                return

    def _device_types(self, collector: DeviceRealtimeCollector) -> None:
        """One batch of each type, while the quota lasts: documented types first."""
        types = sorted(self.engine.inventory.fleet.devices, key=lambda known: (known not in REAL_TIME_TYPES, known))
        for type_id in types:
            job = collector.job_of(type_id, self._clock.now())
            if job is not None:
                self.types[type_id] = self._ask(collector, job)
        order = (Outcome.ANSWERED, Outcome.REFUSED, Outcome.FAILED, Outcome.NOT_ASKED)
        best = min(self.types.values(), key=lambda ask: order.index(ask.outcome), default=self._nothing(collector))
        self.asks.append(best)

    def _nothing(self, collector: Collector) -> Ask:
        plants = self.engine.inventory.fleet.plants
        note = f"nothing to ask for: no {'device with such data' if plants else 'plant'} is known"
        if collector is self.engine.collectors.convergence and self.engine.collectors.convergence.must_choose:
            note = TOO_MANY_INVERTERS
        if self.session is SessionKind.NONE:
            note = _NO_SESSION
        return Ask(collector.name, collector.planned_interface(), Outcome.NOT_ASKED, note=note)

    def _ask(self, collector: Collector, job: Job) -> Ask:
        ask = Ask(collector.name, job.interface, Outcome.NOT_ASKED, job.ids)
        engine = self.engine
        for _ in range(_TRIES):
            if not self._logged_in():
                return replace(ask, note=_NO_SESSION)
            now = self._clock.now()
            if collector in engine.collectors.lists and not job.early and job.due > now:
                if engine.limiter.reserve(job.interface, now) < 1:
                    return replace(ask, note="the other calls of the day are the exporter's own")
                job = replace(job, early=True)
            elif collector.name in SELDOM_ASKED and job.due > now:
                return replace(ask, next_at=job.due)
            unready = self._unready(ask)
            if unready is not None:
                return unready
            subject = f" for device type {job.batch.device_type}" if job.batch.device_type else ""
            self._say(f"asking {job.interface}{subject}")
            error = engine.perform(collector, job)
            engine.replan()
            engine.store.save()
            if error is None:
                return replace(ask, outcome=Outcome.ANSWERED, error=None)
            self.errors.append(error)
            refused = error.reason is Reason.PERMISSION
            if refused:
                self._refused.add(job.interface)
            ask = replace(ask, outcome=Outcome.REFUSED if refused else Outcome.FAILED, error=error)
            code = error.fail_code
            of_time = code is not None and fail_code_row(code).concern is Concern.TIME
            if error.reason is not Reason.NOT_LOGGED_IN and not of_time:
                break
        return ask

    def _unready(self, ask: Ask) -> Ask | None:
        """Wait until the interface may be asked, with a session; what became of it where that does not come."""
        while True:
            ready = max(self._gate(ask.interface), self.engine.limiter.next_gap)
            if not self._await(ask.interface, ready):
                return replace(ask, note=_ENDED) if self._stop.is_set() else replace(ask, next_at=ready)
            if self.engine.session.auth(self._clock.now()) is not None:
                return None
            if not self._logged_in():  # the session has ended while it waited
                return replace(ask, note=_NO_SESSION)

    def _gate(self, interface: Interface) -> float:
        """When an interface may be asked: a permission may have been given since it was refused for want of one."""
        engine = self.engine
        lacking = any(
            note.interface == interface and note.reason == Reason.PERMISSION for note in engine.status().failures
        )
        if lacking and interface not in self._refused:
            return engine.limiter.ledger.earliest(interface, engine.limiter.limit(interface))
        return engine.limiter.earliest(interface)

    def _await(self, interface: Interface, at: float) -> bool:
        """Wait for a moment that comes soon enough; whether it has come."""
        now = self._clock.now()
        longest = max(_SOON, min(self.engine.limiter.limit(interface).window, _LONGEST_WAIT) if self._wait else 0.0)
        if at - now > longest:
            return False
        if at - now > _WORTH_TELLING:
            self._say(f"waiting {span(at - now)} until {interface} may be asked")
        while now < at and not self._stop.is_set():
            self._clock.wait(self._stop, min(at - now, LOOK_SECONDS))
            if not self.engine.store.still_leads():
                raise NotLeadingError
            now = self._clock.now()
        return not self._stop.is_set()
