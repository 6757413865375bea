"""The work of one account: always the most urgent request that is allowed, one at a time.

Not thread-safe; :mod:`.account` runs it in a thread.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.transport import Transport, TransportSettings
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.refresh.asking import Asker
from fusionsolar_exporter.refresh.collector import Collector, Job
from fusionsolar_exporter.refresh.collectors import make_collectors
from fusionsolar_exporter.refresh.desk import Desk, Log
from fusionsolar_exporter.refresh.failures import Failures
from fusionsolar_exporter.refresh.observer import Observer
from fusionsolar_exporter.refresh.plan import Plan
from fusionsolar_exporter.refresh.roster import Roster
from fusionsolar_exporter.refresh.session import Sessions
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.refresh.standing import Standing
from fusionsolar_exporter.status import AccountStatus, CollectorName

_LISTS = frozenset({CollectorName.PLANT_LIST, CollectorName.DEVICE_LIST})


def _nobody() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The collaborators of an account; the transport is made anew when its settings change."""

    clock: Clock
    transport: Callable[[TransportSettings], Transport]
    observer: Callable[[AccountSettings], Observer]
    log: Log
    published: Callable[[], None] = _nobody
    """Called whenever there is something new to read; has to return at once."""


class Refresher:
    """One account. Moments are in the pacing clock's seconds."""

    def __init__(self, settings: AccountSettings, surroundings: Surroundings, cache: Cache) -> None:
        self._surroundings = surroundings
        self._clock = surroundings.clock
        desk = Desk(surroundings.clock, settings, cache, Roster(settings.selects), surroundings.log)
        self._desk = desk
        self._sessions = Sessions(desk)
        self._standing = Standing(desk)
        self._asker = Asker(
            desk,
            self._standing,
            surroundings.transport(settings.transport),
            surroundings.observer(settings),
            self._sessions.without_secrets,
        )
        collectors = make_collectors(desk)
        self._collectors = collectors.all
        self._failures = Failures(desk, self._sessions, collectors.plant_list, collectors.device_list)
        self._plan = Plan(desk, self._collectors)
        self._plan.update(self._asker.mean_seconds)

    def step(self) -> tuple[float, bool]:
        """Send at most one request: the moment from which the next step makes sense, and whether anything happened."""
        now = self._clock.now()
        self._sessions.look(now)
        chosen, wake = self._choose(now)
        if chosen is None:
            return wake, False
        if self._sessions.token(now) is not None:
            self._perform(*chosen)
        else:
            at = max(self._sessions.earliest(), self._asker.next_gap)
            if at > now:
                return min(at, self._sessions.next_look(now)), False
            self._login()
        self._plan.update(self._asker.mean_seconds)
        return self._clock.now(), True

    def reconfigure(self, settings: AccountSettings) -> None:
        """Take other settings for the same host and user; what is known and what was asked stays."""
        desk, old = self._desk, self._desk.settings
        desk.settings = settings
        self._asker.observer = self._surroundings.observer(settings)
        if settings.transport != old.transport:
            self._asker.transport.close()
            self._asker.transport = self._surroundings.transport(settings.transport)
        self._sessions.settings_changed()
        desk.roster.select(settings.selects)
        desk.lists_changed()
        self._take_lists(self._clock.now())
        self._plan.update(self._asker.mean_seconds)

    def status(self) -> AccountStatus:
        """Everything about the account but its data."""
        return self._standing.status(self._collectors, self._sessions, self._plan.stretch)

    def logout(self, until: float) -> None:
        """End the session, where there is one and the limits allow it before a moment."""
        token = self._sessions.token(self._clock.now())
        at = max(self._desk.gate(Interface.LOGOUT), self._asker.next_gap)
        if token is None or at > until:
            return
        while (now := self._clock.now()) < at:
            self._clock.pause(at - now)

        def send(client: Client) -> Answer[None]:
            client.logout(token)
            return Answer(None, None)

        try:
            self._asker.ask(Interface.LOGOUT, send, starts=lambda _: None)
        except NorthboundError:
            return  # reported; the session ends by itself

    def close(self) -> None:
        """Give up the connections."""
        self._asker.transport.close()

    def _choose(self, now: float) -> tuple[tuple[Collector, Job] | None, float]:
        """The most urgent job that is allowed now, or None and the moment at which one will be."""
        best = (math.inf, math.inf)
        chosen: tuple[Collector, Job] | None = None
        wake = math.inf
        gap = self._asker.next_gap
        for collector in self._collectors:
            job = collector.next(now) if collector.enabled else None
            if job is None:
                continue
            ready = max(job.due, self._desk.gate(job.interface), gap)
            if ready > now:
                wake = min(wake, ready)
            elif (collector.rank, job.due) < best:
                best, chosen = (collector.rank, job.due), (collector, job)
        return chosen, wake

    def _login(self) -> None:
        credentials = self._sessions.credentials()
        if credentials is None:
            return

        def send(client: Client) -> Answer[str]:
            return client.login(credentials.username, credentials.password)

        try:
            outcome = self._asker.ask(Interface.LOGIN, send, starts=self._sessions.starts)
        except NorthboundError as error:
            self._sessions.failed(error, credentials)
        else:
            self._sessions.began(outcome.content, outcome.started)

    def _perform(self, collector: Collector, job: Job) -> None:
        token = self._sessions.token(self._clock.now()) or ""
        try:
            outcome = self._asker.ask(
                job.interface,
                lambda client: collector.ask(client, token, job),
                early=job.early,
                starts=lambda moment: collector.started(job, moment),
            )
        except NorthboundError as error:
            self._failures.handle(collector, job, error, self._clock.now())
            return
        job.batch.replayed = False
        self._asker.observer.instruments.dropped(job.interface, outcome.content.dropped)
        accepted = collector.enabled and collector.accept(job, outcome.content, outcome.started, outcome.ended)
        if not accepted:
            told = "an empty or incomplete answer: what was known stays"
            self._asker.failed(job.interface, NorthboundError(Reason.BAD_RESPONSE, job.interface, told, fail_code=0))
        collector.finished(job, answered=accepted, ended=outcome.ended)
        if collector.name in _LISTS:
            self._take_lists(outcome.ended)

    def _take_lists(self, now: float) -> None:
        for collector in self._collectors:
            collector.lists_changed(now)
            collector.lists_answered()
        if all(each.sweeps.finished for each in self._collectors if each.enabled and each.name in _LISTS):
            self._plan.update(self._asker.mean_seconds)
            self._plan.tell()
