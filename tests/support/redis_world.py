"""Partitions of several processes in one real Redis, in the test's time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fusionsolar_exporter.state.redis.link import Answer, Argument
from fusionsolar_exporter.state.redis.partition import RedisPartition
from fusionsolar_exporter.state.redis.state import RedisState
from fusionsolar_exporter.state.store import Entry
from support.manual_clock import ManualClock
from support.observed import Observed
from support.redis_server import RedisServer, TimedLink
from support.world import ListLog

LEASE = 15.0
KEEP = 3600.0


@dataclass
class World:
    server: RedisServer
    clock: ManualClock = field(default_factory=ManualClock)
    links: list[TimedLink] = field(default_factory=list)
    log: ListLog = field(default_factory=ListLog)
    observed: Observed = field(default_factory=Observed)
    delay: Callable[[], float] = lambda: 0.0

    def state(self) -> RedisState:
        self.links.append(TimedLink(self.server.url, LEASE, self.clock, self.log, self.observed))
        return RedisState(self.links[-1], LEASE, self.clock, self.delay)

    def partition(self, account: str = "one") -> RedisPartition:
        """A partition in a process of its own, which has read what there is."""
        partition = self.state().partition("far.example", account)
        partition.acquire()
        partition.read_new()
        return partition

    def entry(self, key: str, value: bytes = b"value", age: float = 0.0, keep: float = KEEP) -> Entry:
        return Entry(key, value, self.clock.now() - age, keep)

    def pass_with_looks(self, seconds: float, *partitions: RedisPartition) -> list[bool]:
        """Time passes; every partition looks every second. What each says at last."""
        leading = [partition.acquire() for partition in partitions]
        for _ in range(int(seconds)):
            self.clock.advance(1.0)
            leading = [partition.acquire() for partition in partitions]
        return leading

    @property
    def redis(self) -> Any:
        return self.server.client()


def contents(partition: RedisPartition) -> dict[str, tuple[bytes, float]]:
    """What is new: value and age by key."""
    partition.acquire()
    return {kept.key: (kept.value, kept.age) for kept in partition.read_new().entries}


class Slow(TimedLink):
    """An answer that takes its time, or never comes although the script ran."""

    seconds = 0.0
    lost = False

    def run(self, script: str, arguments: Sequence[Argument]) -> Answer:
        answer = super().run(script, arguments)
        self.clock.advance(self.seconds)
        if self.lost:
            raise OSError("connection reset")
        return answer
