"""The work of one account: always the most urgent request that is allowed, one at a time.

Not thread-safe; :mod:`.account` runs it in a thread.
"""

import math

from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.refresh.bench import LISTS, Bench, Surroundings
from fusionsolar_exporter.refresh.collectors.base import Collector, Job
from fusionsolar_exporter.refresh.settings import AccountSettings
from fusionsolar_exporter.state import Partition
from fusionsolar_exporter.status import AccountStatus


class Refresher:
    """One account. Moments are in the pacing clock's seconds."""

    def __init__(
        self, settings: AccountSettings, surroundings: Surroundings, cache: Cache, partition: Partition
    ) -> None:
        self._surroundings = surroundings
        self._clock = surroundings.clock
        self._bench = Bench(settings, surroundings, cache, partition)

    @property
    def keeps(self) -> bool:
        """Whether anything outlives this process."""
        return self._bench.partition.keeps

    @property
    def leads(self) -> bool:
        """Whether this process refreshes the account."""
        return self._bench.leads

    def take_part(self) -> bool:
        """See :meth:`Bench.take_part`."""
        return self._bench.take_part()

    def step(self) -> tuple[float, bool]:
        """Send at most one request: the moment from which the next step makes sense, and whether anything happened.

        NotLeadingError where another process has taken the account meanwhile.
        """
        now = self._clock.now()
        bench, sessions = self._bench, self._bench.sessions
        sessions.look(now)
        chosen, wake = self._choose(now)
        if chosen is None:
            return wake, False
        if sessions.token(now) is not None:
            failure = bench.perform(*chosen)
            if failure is None and chosen[0].name in LISTS:
                self._tell_plan()
        else:
            at = max(sessions.earliest(), bench.asker.next_gap)
            if at > now:
                return min(at, sessions.next_look(now)), False
            bench.login()
        bench.replan()
        bench.write_down()
        return self._clock.now(), True

    def reconfigure(self, settings: AccountSettings) -> None:
        """Take other settings for the same host and user; what is known and what was asked stays."""
        bench, desk, old = self._bench, self._bench.desk, self._bench.desk.settings
        desk.settings = settings
        bench.asker.observer = self._surroundings.observer(settings)
        if settings.transport != old.transport:
            bench.asker.transport.close()
            bench.asker.transport = self._surroundings.transport(settings.transport)
        bench.sessions.settings_changed()
        desk.roster.select(settings.selects)
        desk.lists_changed()
        bench.take_lists(self._clock.now())
        self._tell_plan()
        bench.replan()

    def status(self) -> AccountStatus:
        """See :meth:`Bench.status`."""
        return self._bench.status()

    def logout(self, until: float) -> None:
        """See :meth:`Bench.logout`."""
        self._bench.logout(until)

    def close(self) -> None:
        """See :meth:`Bench.close`."""
        self._bench.close()

    def _choose(self, now: float) -> tuple[tuple[Collector, Job] | None, float]:
        """The most urgent job that is allowed now, or None and the moment at which one will be."""
        best = (math.inf, math.inf)
        chosen: tuple[Collector, Job] | None = None
        wake = math.inf
        gap = self._bench.asker.next_gap
        for collector in self._bench.collectors:
            job = collector.next(now) if collector.enabled else None
            if job is None:
                continue
            ready = max(job.due, self._bench.desk.gate(job.interface), gap)
            if ready > now:
                wake = min(wake, ready)
            elif (collector.rank, job.due) < best:
                best, chosen = (collector.rank, job.due), (collector, job)
        return chosen, wake

    def _tell_plan(self) -> None:
        """Say what the plan is, once each list has had a whole turn."""
        if all(each.sweeps.finished for each in self._bench.collectors if each.enabled and each.name in LISTS):
            self._bench.replan()
            self._bench.plan.tell()
