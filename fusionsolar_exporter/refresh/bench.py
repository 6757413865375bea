"""The parts of one account, put together, and the two things that can be done with them: log in, and ask.

Who decides what to ask when stands above it: :mod:`.refresher` for as long as the process lives, ``doctor`` once.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.event_log import Log
from fusionsolar_exporter.northbound.client import Answer, Client
from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.northbound.interfaces import Interface
from fusionsolar_exporter.northbound.transport import Transport, TransportSettings
from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.refresh.collectors import make_collectors
from fusionsolar_exporter.refresh.collectors.base import Collector, Job
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.failures import Failures
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.persistence.account_store import AccountStore
from fusionsolar_exporter.refresh.persistence.journal import Journal
from fusionsolar_exporter.refresh.reporting.observer import Observer
from fusionsolar_exporter.refresh.reporting.status_builder import StatusBuilder
from fusionsolar_exporter.refresh.request import Requester
from fusionsolar_exporter.refresh.schedule import Schedule
from fusionsolar_exporter.refresh.session.session import Session
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.state import NotLeadingError, Partition
from fusionsolar_exporter.status import AccountStatus, CollectorName

LISTS = frozenset({CollectorName.PLANT_LIST, CollectorName.DEVICE_LIST})


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


class Bench:
    """One account's parts. Not thread-safe. Moments are in the pacing clock's seconds."""

    def __init__(
        self, settings: AccountSettings, surroundings: Surroundings, cache: Cache, partition: Partition
    ) -> None:
        self.partition = partition
        journal = Journal(surroundings.clock, keeps=partition.keeps)
        desk = AccountContext(
            surroundings.clock, settings, cache, Inventory(settings.selects), surroundings.log, journal
        )
        self.desk = desk
        self.sessions = Session(desk)
        self._standing = StatusBuilder(desk)
        self.asker = Requester(
            desk,
            self._standing,
            surroundings.transport(settings.transport),
            surroundings.observer(settings),
            self.sessions.without_secrets,
            self._permit,
        )
        made = make_collectors(desk)
        self.collectors = made.all
        self._keeper = AccountStore(desk, self.sessions, self._standing, self.collectors, partition)
        self.leads = False
        """Whether this process refreshes the account."""
        self._failures = Failures(desk, self.sessions, made.plant_list, made.device_list)
        self.plan = Schedule(desk, self.collectors)
        self.replan()

    def replan(self) -> None:
        """Derive the intervals anew from lists and limits as they are now."""
        self.plan.update(self.asker.mean_seconds)

    def take_part(self) -> bool:
        """See whether this process leads the account, and take over what others have done; whether that was news."""
        led, self.leads = self.leads, self.partition.acquire()
        changed = self._keeper.take_over() if not (led and self.leads) else False
        if changed:
            self.replan()
        return changed or led != self.leads

    def write_down(self) -> None:
        """Keep what has changed; NotLeadingError where another process has taken the account."""
        self._while_leading(self._keeper.save)

    def _permit(self) -> None:
        self._while_leading(self._keeper.permit)

    def _while_leading(self, keep: Callable[[], None]) -> None:
        try:
            keep()
        except NotLeadingError:
            self.leads = False
            raise

    def login(self) -> NorthboundError | None:
        """Log in now, where credentials can be read; what the far side says against it."""
        credentials = self.sessions.credentials()
        if credentials is None:
            return None

        def send(client: Client) -> Answer[str]:
            return client.login(credentials.username, credentials.password)

        try:
            outcome = self.asker.ask(Interface.LOGIN, send, starts=self.sessions.starts)
        except NorthboundError as error:
            self.sessions.failed(error, credentials)
            return error
        self.sessions.began(outcome.content, outcome.started)
        return None

    def perform(self, collector: Collector, job: Job) -> NorthboundError | None:
        """Send a request now and take its answer; why it brought nothing, where it did not."""
        token = self.sessions.token(self.desk.clock.now()) or ""
        try:
            outcome = self.asker.ask(
                job.interface,
                lambda client: collector.ask(client, token, job),
                early=job.early,
                starts=lambda moment: collector.started(job, moment),
            )
        except NorthboundError as error:
            self._failures.handle(collector, job, error, self.desk.clock.now())
            return error
        job.batch.replayed = False
        self.asker.observer.counters.dropped(job.interface, outcome.content.dropped)
        failure = None
        accepted = collector.enabled and collector.accept(job, outcome.content, outcome.started, outcome.ended)
        if not accepted:
            told = "an empty or incomplete answer: what was known stays"
            failure = NorthboundError(Reason.BAD_RESPONSE, job.interface, told, fail_code=0)
            self.asker.failed(job.interface, failure)
        collector.finished(job, answered=accepted, ended=outcome.ended)
        if collector.name in LISTS:
            self.take_lists(outcome.ended)
        return failure

    def take_lists(self, now: float) -> None:
        """The lists or the settings are new: collectors follow."""
        for collector in self.collectors:
            collector.lists_changed(now)
            collector.lists_answered()

    def status(self) -> AccountStatus:
        """Everything about the account but its data."""
        return self._standing.status(self.collectors, self.sessions, self.plan.stretch, leads=self.leads)

    def logout(self, until: float) -> None:
        """End the session, where there is one that nobody can go on with, and the limits allow it before a moment."""
        if self.partition.keeps:
            return
        clock = self.desk.clock
        token = self.sessions.token(clock.now())
        at = max(self.desk.gate(Interface.LOGOUT), self.asker.next_gap)
        if token is None or at > until:
            return
        while (now := clock.now()) < at:
            clock.pause(at - now)

        def send(client: Client) -> Answer[None]:
            client.logout(token)
            return Answer(None, None)

        try:
            self.asker.ask(Interface.LOGOUT, send, starts=lambda _: None)
        except NorthboundError:
            return  # reported; the session ends by itself

    def close(self) -> None:
        """Give up the connections, and let others lead."""
        self.asker.transport.close()
        self.partition.release()
        self.leads = False
