"""Which request goes first: the most urgent that ledger, holds and gap allow now."""

import math
from collections.abc import Iterable

from fusionsolar_exporter.refresh.collectors.base import Collector, Job
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter

Choice = tuple[Collector, Job]


def choose(collectors: Iterable[Collector], limiter: RateLimiter, now: float) -> tuple[Choice | None, float]:
    """The most urgent job that is allowed now, or None and the moment at which one will be."""
    best = (math.inf, math.inf)
    chosen: Choice | None = None
    wake = math.inf
    gap = limiter.next_gap
    for collector in collectors:
        # one candidate each is enough: all jobs of a collector share the limit of its interface
        job = collector.next(now) if collector.enabled else None
        if job is None:
            continue
        ready = max(job.due, limiter.earliest(job.interface, retry=job.retry), gap)
        if ready > now:
            wake = min(wake, ready)
        # by kind first, and by how long it has waited only within a kind: late lists must not delay fresh values
        elif (collector.urgency, job.due) < best:
            best, chosen = (collector.urgency, job.due), (collector, job)
    return chosen, wake
