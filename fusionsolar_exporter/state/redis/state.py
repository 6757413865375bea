"""State in Redis, shared by any number of replicas: each account is led by one of them, by a lease."""

import random
import secrets
import threading
import weakref
from collections.abc import Callable
from itertools import count

from typing_extensions import override

from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.state.redis import scripts
from fusionsolar_exporter.state.redis.link import LinkDownError, RedisLink
from fusionsolar_exporter.state.redis.partition import RedisPartition
from fusionsolar_exporter.state.store import State, name_of
from fusionsolar_exporter.supervision import Heartbeat, Supervisor, ThreadKind

_RENEWALS = 3  # in one lease
_AGAIN_SECONDS = 1.0  # after a renewal that failed
_LONGEST_DELAY = 1.0  # seconds


def _random_delay() -> float:
    return random.uniform(0.0, _LONGEST_DELAY)  # noqa: S311 - nothing secret


class RedisState(State):
    """``redis://`` and ``rediss://``. ``lease`` is in seconds.

    ``delay`` gives the seconds for which an account has to be free before this process takes it: who starts in the same
    moment as others so gets some accounts, not all or none.
    """

    def __init__(self, link: RedisLink, lease: float, clock: Clock, delay: Callable[[], float] = _random_delay) -> None:
        self._link = link
        self._lease = lease
        self._clock = clock
        self._delay = delay
        self._replica = secrets.token_hex(8)
        self._numbers = count(1)
        self._partitions: weakref.WeakSet[RedisPartition] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def start(self, supervisor: Supervisor) -> None:
        """Renew leases in a thread of its own, until :meth:`close`."""
        supervisor.start(ThreadKind.RENEW, self._renew_on)

    @override
    def partition(self, host: str, username: str) -> RedisPartition:
        with self._lock:
            partition = RedisPartition(
                self._link,
                name_of(host, username),
                f"{self._replica}.{next(self._numbers)}",
                length=self._lease,
                clock=self._clock,
                delay=self._delay,
            )
            self._partitions.add(partition)
        return partition

    def renew(self) -> bool:
        """Make every lease that is held longer; whether Redis could be asked."""
        sent = self._clock.now()
        with self._lock:
            held = [(partition, partition.lease.fence) for partition in self._partitions if partition.lease.good(sent)]
        if not held:
            return True
        told = [part for partition, fence in held for part in (partition.account, partition.holder, fence)]
        try:
            answer = self._link.call(scripts.RENEW, round(self._lease * 1000), *told)
        except LinkDownError:
            return False
        for (partition, fence), outcome in zip(held, answer, strict=True):
            if outcome == b"lost":
                partition.lease.lost(fence)
            else:
                partition.lease.renewed(fence, sent + self._lease, wanted=outcome == b"wanted")
        return True

    @override
    def close(self) -> None:
        self._closing.set()
        self._link.close()

    def _renew_on(self, beat: Heartbeat) -> None:
        step = self._lease / _RENEWALS
        pause = step
        while True:
            beat.ran(self._clock.now(), pause)
            self._clock.wait(self._closing, pause)
            if self._closing.is_set():
                return
            pause = step if self.renew() else min(step, _AGAIN_SECONDS)
