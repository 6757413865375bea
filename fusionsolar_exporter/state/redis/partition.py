"""One account's part of Redis: who leads, what is new, and writes that only the leader can make."""

from collections.abc import Callable, Iterator, Sequence

from typing_extensions import override

from fusionsolar_exporter.pacing.clock import Clock
from fusionsolar_exporter.state.redis import scripts
from fusionsolar_exporter.state.redis.lease import Lease
from fusionsolar_exporter.state.redis.link import Answer, Argument, LinkDownError, RedisLink
from fusionsolar_exporter.state.store import LOOK_SECONDS, Entry, Found, Kept, NotLeadingError, Partition

_ENTRIES_AT_ONCE = 50
_NO_LEASE = "0"
_HEAD, _FIELDS = 3, 4  # of what is read, and of each entry


class RedisPartition(Partition):
    """What Redis does not confirm, this process does not do."""

    named = True
    keeps = True

    def __init__(
        self, link: RedisLink, account: str, holder: str, *, length: float, clock: Clock, delay: Callable[[], float]
    ) -> None:
        self.account = account
        self.holder = holder
        self.lease = Lease()
        self._link = link
        self._length = length
        self._clock = clock
        self._delay = delay
        self._wait = delay()  # before it takes an account that is free: the same until it has one
        self._known = 0  # number of the newest entry that this process has read or written
        self._number = 0  # of the newest one that there is, as far as known
        self._look_at = 0.0
        self._all_known_at: float | None = None  # when nothing was new
        self._led_last = False
        self._wants_handover = False
        self._unread = True
        self._was_emptied = False

    @override
    def acquire(self) -> bool:
        """Asks Redis only where this process has no lease, and then once in a second."""
        now = self._clock.now()
        if self.lease.good(now):
            if not self.lease.wanted:
                return True
            self._let_go()
            self._look_at = now + LOOK_SECONDS
            return False
        if now < self._look_at:
            return False
        self._look_at = now + LOOK_SECONDS
        return self._take(now)

    @override
    def wait_seconds(self) -> float:
        left = self._look_at - self._clock.now()
        return left if 0.0 < left < LOOK_SECONDS else LOOK_SECONDS

    @override
    def was_emptied(self) -> bool:
        emptied, self._was_emptied = self._was_emptied, False
        return emptied

    @property
    @override
    def unread(self) -> bool:
        return self._unread

    @override
    def read_new(self) -> Found:
        """What cannot be read now is new the next time; nothing is written before."""
        if self._number <= self._known and not self._unread:
            return Found()
        asked_at = self._clock.now()
        found: dict[str, Kept] = {}
        whole = True
        try:
            for number, kept, sound in self._read():
                self._known, whole = max(self._known, number), whole and sound
                if kept is not None:
                    found.pop(kept.key, None)
                    found[kept.key] = kept
        except LinkDownError:
            return Found(tuple(found.values()), unknown=not whole)  # reported
        # what was kept before is known by who has written or read since: only who begins may lack something
        unknown = not whole
        self._unread = False
        self._known = max(self._known, self._number)
        self._all_known_at = asked_at
        return Found(tuple(found.values()), unknown=unknown)

    @override
    def write(self, entries: Sequence[Entry]) -> None:
        """Makes the lease longer too."""
        sent = self._clock.now()
        fence = self.lease.fence
        if not self.lease.good(sent):
            raise NotLeadingError
        arguments: list[Argument] = [self.account, self.holder, fence, _ms(self._length), self._known]
        for entry in entries:
            arguments += (entry.key, _ms(max(sent - entry.made_at, 0.0)), _ms(entry.keep), entry.value)
        try:
            outcome, number, wanted, behind = _texts(self._link.call(scripts.WRITE, *arguments))
        except LinkDownError:
            raise NotLeadingError from None
        self._number = int(number)
        if outcome != "kept":
            if outcome == "lost":
                self.lease.lost(fence)
            raise NotLeadingError
        self._known = self._number
        self._all_known_at = sent
        self._was_emptied = self._was_emptied or behind == "1"
        self.lease.renewed(fence, sent + self._length, wanted=wanted == "1")
        if self._clock.now() >= sent + self._length:  # so late that the lease is over, and perhaps another's
            raise NotLeadingError

    @override
    def release(self) -> None:
        """Where Redis cannot be told, the lease ends by itself."""
        self._wants_handover = False
        self._let_go()

    @override
    def request_handover(self) -> None:
        self._wants_handover = True
        self._look_at = self._clock.now()
        self.acquire()

    def _take(self, now: float) -> bool:
        led, recent, demands = self._led_last, self.lease.recent(now), self._wants_handover
        flags = [str(int(each)) for each in (led, recent, demands)]
        terms: list[Argument] = [_ms(self._length), self._known, *flags, self.lease.fence, _ms(self._wait)]
        try:
            fence, number, left = _texts(self._link.call(scripts.TAKE, self.account, self.holder, *terms))
        except LinkDownError:
            return False
        self._number = int(number)
        if self._number == self._known:
            self._all_known_at = now
        elif self._number > self._known:
            self._led_last = False  # others have written since
        if fence == _NO_LEASE:
            self._look_at = now + min(int(left) / 1000, LOOK_SECONDS)
            return False
        self._led_last = True
        self._wait = self._delay()
        self._was_emptied = self._was_emptied or self._number < self._known
        self.lease.taken(fence, now + self._length)
        return True

    def _let_go(self) -> None:
        fence = self.lease.fence
        self.lease.lost(fence)
        self._led_last = False
        try:
            self._link.call(scripts.RELEASE, self.account, self.holder, fence)
        except LinkDownError:
            return

    def _read(self) -> Iterator[tuple[int, Kept | None, bool]]:
        """The number of each entry, the entry where it is there, and whether nothing is missing so far."""
        after = self._known
        while True:
            sent = self._clock.now()
            answer = self._link.call(scripts.READ, self.account, after, _ENTRIES_AT_ONCE)
            now, self._number, sound = int(answer[0]), int(answer[1]), answer[2] == b"1"
            rows = [answer[start : start + _FIELDS] for start in range(_HEAD, len(answer), _FIELDS)]
            yield after, None, sound
            for key, number, expected, value in rows:
                after = int(number)
                age, content = self._aged(value, now, sent)
                if content is not None:
                    yield after, Kept(key.decode(errors="surrogateescape"), content, age), True
                else:  # foreign, or thrown out by Redis before its time
                    yield after, None, value is None and expected != b"1"
            if len(rows) < _ENTRIES_AT_ONCE:
                return

    def _aged(self, value: bytes | None, now: int, sent: float) -> tuple[float, bytes | None]:
        """Age in seconds, and content; None where it is none of ours."""
        written, _, rest = (value or b"").partition(b" ")
        age, space, content = rest.partition(b" ")
        if not (space and written.isdigit() and age.isdigit()):
            return 0.0, None
        since = (now - int(written)) / 1000
        if self._all_known_at is not None:  # whatever the clock of Redis did meanwhile, it was written after that
            since = min(since, sent - self._all_known_at)
        return int(age) / 1000 + since, content


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _texts(answer: Answer) -> Iterator[str]:
    return (part.decode() for part in answer)
