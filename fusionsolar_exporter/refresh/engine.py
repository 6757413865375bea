"""The work of one account: always the most urgent request that is allowed, one at a time.

Not thread-safe; :mod:`.account` runs it in a thread, ``doctor`` asks it for single requests. :mod:`.build` makes it.
"""

from fusionsolar_exporter.northbound.errors import NorthboundError, Reason
from fusionsolar_exporter.refresh.answers import AcceptedAnswers
from fusionsolar_exporter.refresh.choice import choose
from fusionsolar_exporter.refresh.collectors import Collectors
from fusionsolar_exporter.refresh.collectors.base import Collector, Job
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.failures import Failures
from fusionsolar_exporter.refresh.inventory import Inventory
from fusionsolar_exporter.refresh.persistence.account_store import AccountStore
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.refresh.reporting.first_values import FirstValues
from fusionsolar_exporter.refresh.reporting.leadership import Leadership
from fusionsolar_exporter.refresh.reporting.status_builder import StatusBuilder
from fusionsolar_exporter.refresh.request import Requester
from fusionsolar_exporter.refresh.schedule import Schedule
from fusionsolar_exporter.refresh.session.session import Session
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.status import AccountStatus


class Engine:
    """One account. Moments are in the pacing clock's seconds."""

    def __init__(
        self,
        *,
        context: AccountContext,
        inventory: Inventory,
        answers: AcceptedAnswers,
        limiter: RateLimiter,
        session: Session,
        status_builder: StatusBuilder,
        collectors: Collectors,
        store: AccountStore,
        requester: Requester,
        failures: Failures,
        schedule: Schedule,
        first_values: FirstValues,
        leadership: Leadership,
    ) -> None:
        self.context = context
        self.inventory = inventory
        self.answers = answers
        self.limiter = limiter
        self.session = session
        self.collectors = collectors
        self.store = store
        self._status_builder = status_builder
        self.requester = requester
        self._failures = failures
        self._schedule = schedule
        self._first_values = first_values
        self._leadership = leadership
        self._followed = -1  # revision of the lists that the batches were made of
        self.replan()

    def take_part(self) -> bool:
        """See whether this process leads the account, and take over what others have done; whether anything changed."""
        led = self.store.leads
        took_over = self.store.take_part()
        self._leadership.look(held_elsewhere=self.store.held_elsewhere)
        if not self.store.named:
            self.session.credentials()  # says what is missing; nothing is asked
        if took_over:
            self.replan()
            self._status_builder.filter_notice.look()
        return took_over or led != self.store.leads

    def step(self) -> tuple[float, bool]:
        """Send at most one request: the moment from which the next step makes sense, and whether anything happened.

        NotLeadingError where another process has taken the account meanwhile.
        """
        now = self.context.clock.now()
        self.session.look(now)
        chosen, wake = choose(self.collectors.all, self.limiter, now)
        renews_at = max(self.session.renews_at(), self.limiter.next_gap)
        # in this order: nobody logs in for nothing, so the job comes first and the login only where it lacks a token
        if renews_at <= now:
            self.login()
        elif chosen is None:
            return min(wake, renews_at), False
        elif self.session.auth(now) is not None:
            failure = self.perform(*chosen)
            if failure is None and chosen[0] in self.collectors.lists:
                self._announce_schedule()
        else:
            at = max(self.session.earliest(), self.limiter.next_gap)
            if at > now:
                return min(at, self.session.next_look(now)), False
            self.login()
        # the answer may have changed the fleet, and what is written down has to say when each batch is due from now on
        self.replan()
        self._first_values.look()
        self.store.save()
        return self.context.clock.now(), True

    def login(self) -> NorthboundError | None:
        """Log in now, where credentials can be read; what the far side says against it."""
        return self.session.begin(self.requester)

    def perform(self, collector: Collector, job: Job) -> NorthboundError | None:
        """Send a request now and take its answer; why it brought nothing, where it did not."""
        about = f"{collector.name}/{job.batch.ids[0]}" if job.batch.ids else collector.name
        auth = self.session.auth(self.context.clock.now())
        if auth is None:
            told = "not asked: the session has ended meanwhile"
            return NorthboundError(Reason.NOT_LOGGED_IN, job.interface, told, sent=False)
        try:
            answer = self.requester.ask(
                job.interface,
                lambda client: collector.ask(client, job),
                auth=auth,
                early=job.early,
                about=about,
                starts=lambda moment: collector.started(job, moment),
            )
        except NorthboundError as error:
            self._failures.handle(collector, job, error, self.context.clock.now())
            return error
        self.session.accepted()
        self._failures.answered(job)
        self.requester.dropped(job.interface, answer.content.dropped)
        failure = None
        # a reload may have disabled the collector while the request was in flight: its data is not wanted any more
        accepted = collector.enabled and collector.accept(job, answer.content, answer.started, answer.ended)
        if not accepted:
            told = "an empty or incomplete answer: what was known stays"
            failure = NorthboundError(Reason.BAD_RESPONSE, job.interface, told, fail_code=0)
            self.requester.failed(job.interface, failure, about)
        else:
            self.requester.accepted(job.interface, about)
        collector.finished(job, answered=accepted, ended=answer.ended)
        if collector in self.collectors.lists:
            # after the turn is over: batches that come with new ids belong to the next sweep
            self._follow_lists(answer.ended)
        return failure

    def replan(self) -> None:
        """Derive the intervals anew from lists and limits as they are now."""
        self._schedule.update(self.requester.mean_seconds)
        self._schedule.announce_changes()

    def reconfigure(self, settings: AccountSettings) -> None:
        """Take other settings for the same host and user; what is known and what was asked stays."""
        self.context.settings = settings
        # connection and credentials first, so that whatever is asked next goes the new way; then what there is to ask
        self.requester.reconfigure()
        self.session.settings_changed()
        self.forgive()
        self._followed = -1  # other settings, other batches
        self.limiter.paces.settings_changed()
        self.inventory.select(settings.account.plants.selects)
        self.answers.lists_changed(self.inventory)
        plant_list, device_list = self.collectors.plant_list, self.collectors.device_list
        self.answers.lists_wanted_again(self.inventory, plant_list.freshness, device_list.freshness)
        self._follow_lists(self.context.clock.now())
        self._announce_schedule()
        self.replan()
        self._schedule.announce_changes(at_once=True)

    def forgive(self) -> None:
        """Ask again what was not permitted, and what was left out: somebody may have put it right."""
        now = self.context.clock.now()
        self.limiter.forgive()
        self.collectors.plant_list.allow_all()
        for collector in self.collectors.batched:
            collector.forgive(now)

    def status(self) -> AccountStatus:
        """Everything about the account but its data."""
        return self._status_builder.status(
            self.collectors.all, self.session, self._schedule.stretch, leads=self.store.leads
        )

    def logout(self, until: float) -> None:
        """End the session before a moment, where nobody can go on with it."""
        if not self.store.keeps:
            self.session.end(self.requester, until)

    def close(self) -> None:
        """Give up the connections, and let others lead."""
        self.requester.close()
        self.store.release()

    def _follow_lists(self, now: float) -> None:
        """The lists or the settings are new: batches follow, and what waited for newer lists is woken."""
        revision, self._followed = self._followed, self.inventory.revision
        self.limiter.paces.lists_changed(self.limiter.ledger.within)
        for collector in self.collectors.batched:
            # nothing new in a list leaves every batch as it is, and looking through a large fleet takes its time
            if revision != self._followed:
                collector.lists_changed(now)
            collector.lists_answered()
        self._status_builder.filter_notice.look()

    def _announce_schedule(self) -> None:
        """Log the schedule, once each list has had a whole turn."""
        if all(each.sweeps.finished for each in self.collectors.lists if each.enabled):
            self.replan()
            self._schedule.announce()
