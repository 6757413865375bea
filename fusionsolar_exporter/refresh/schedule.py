"""The schedule of one account: how often each collector asks, for the fleet and the limits as they are now."""

from collections.abc import Sequence

from fusionsolar_exporter.pacing import cadence
from fusionsolar_exporter.refresh.collectors.base import Collector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.daylight import Daylight
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter
from fusionsolar_exporter.status import CollectorName

_WORTH_A_LINE = 0.1
"""Share by which an interval has to differ from the one that was logged."""
_LASTING = 600.0
"""Seconds for which it has to, unless the configuration has changed."""


class Schedule:
    """Sets the collectors' intervals, and says once what they are."""

    def __init__(
        self, context: AccountContext, limiter: RateLimiter, collectors: Sequence[Collector], daylight: Daylight
    ) -> None:
        self._daylight = daylight
        self._context = context
        self._limiter = limiter
        self._collectors = collectors
        self._told: dict[CollectorName, float] = {}
        """The intervals as they were logged last."""
        self._changed: dict[CollectorName, float] = {}
        """Since when an interval is another."""
        self._slowed: set[CollectorName] = set()
        self.stretch = 1.0
        """The largest factor by which an interval grows: one request at a time, or a day's budget, cannot keep up."""

    def update(self, mean_seconds: float) -> None:
        """Derive the intervals anew; ``mean_seconds`` is how long a request takes."""
        intervals = [collector.unstretched_interval() for collector in self._collectors]
        loads = [
            collector.calls_needed() / interval if collector.enabled else 0.0
            for collector, interval in zip(self._collectors, intervals, strict=True)
        ]
        seconds_a_request = max(self._context.settings.rates.min_gap, mean_seconds)
        factors = cadence.stretches([load * seconds_a_request for load in loads])
        day, night = self._budget_stretches(sum(loads))
        budget = day if self._daylight.awake else night
        self.stretch = max(*factors, budget)
        for collector, interval, busy in zip(self._collectors, intervals, factors, strict=True):
            collector.interval, collector.stretch = interval * max(busy, budget), busy
            # what is read at dusk has to last until it is read at night
            collector.longest_interval = interval * max(busy, day, night)

    def _budget_stretches(self, load: float) -> tuple[float, float]:
        """By day and by night, where the account has a budget of a day."""
        budget = self._limiter.budget
        if budget is None:
            return 1.0, 1.0
        now = self._context.clock.now()
        self._daylight.look(now)
        return budget.stretches(load, self._daylight.awake_share(now))

    def announce(self) -> None:
        """Log one line per collector when the lists are first known, and a warning for each that is slowed down."""
        for collector in self._collectors:
            self._warn_when_slowed(collector)
            if not collector.enabled:
                self._told.pop(collector.name, None)
            elif collector.name not in self._told:
                self._tell(collector)

    def announce_changes(self, *, at_once: bool = False) -> None:
        """The same for intervals that differ from what was logged: for a while, since some last a minute only."""
        now = self._context.clock.now()
        for collector in self._collectors:
            told = self._told.get(collector.name)
            # by night too: what a budget saves then is no other plan
            if told is None or abs(collector.longest_interval - told) <= _WORTH_A_LINE * told:
                self._changed.pop(collector.name, None)
            elif now >= self._changed.setdefault(collector.name, now) + _LASTING or at_once:
                self._tell(collector)

    def _tell(self, collector: Collector) -> None:
        before = self._told.get(collector.name)
        self._told[collector.name] = collector.longest_interval
        self._changed.pop(collector.name, None)
        limit = self._limiter.limit(collector.planned_interface())
        self._context.log.info(
            "plan" if before is None else "plan changed",
            account=self._context.settings.name,
            collector=collector.name,
            interface=collector.planned_interface(),
            interval_seconds=round(collector.interval, 1),
            calls_per_interval=collector.calls_needed(),
            quota_calls=limit.calls,
            quota_window_seconds=limit.window,
        )

    def _warn_when_slowed(self, collector: Collector) -> None:
        configured = self._context.settings.collectors.of(collector.name).interval
        if configured is None or configured >= collector.shortest_interval():
            self._slowed.discard(collector.name)
        elif collector.name not in self._slowed:
            self._slowed.add(collector.name)
            self._context.log.warning(
                "the configured interval breaks a limit and is slowed down",
                account=self._context.settings.name,
                collector=collector.name,
                configured_seconds=configured,
                interval_seconds=round(collector.interval, 1),
            )
