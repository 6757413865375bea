"""Ids of one kind in batches of at most 100, while lists grow and shrink.

New ids form batches of their own, due at once, so that nothing old is asked again with them and nothing new waits.
Batches that are not full are packed together afterwards, each waiting for the latest of its parts: then nothing is
asked twice in a window, and the number of calls is the least that the quota formula counts.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from math import ceil, inf

from fusionsolar_exporter.northbound.interfaces import IDS_PER_CALL
from fusionsolar_exporter.refresh.batches.batch import Batch
from fusionsolar_exporter.refresh.batches.refusal import Refusal


class Batches:
    """The batches of one kind (all plants, or the devices of one type)."""

    def __init__(self, device_type: int = 0) -> None:
        self._device_type = device_type
        self._left_out: dict[str, float] = {}
        self._ids = 0
        self.all: list[Batch] = []

    def sync(self, ids: Iterable[str], now: float, asked_at: Mapping[str, float] | None = None) -> None:
        """Take these as the ids there are; what is new is due at once, but for what was asked at a moment already."""
        wanted = dict.fromkeys(ids)
        self._left_out = {key: until for key, until in self._left_out.items() if until > now and key in wanted}
        for batch in self.all:
            kept = [key for key in batch.ids if key in wanted]
            if len(kept) < len(batch.ids):
                batch.ids = kept
                if batch.refusal:
                    batch.refusal.keep(wanted)
                    if batch.refusal.over:
                        batch.refusal = None
        self.all = [batch for batch in self.all if batch.ids]
        held = {key for batch in self.all for key in batch.ids}
        self._add_asked([key for key in wanted if key not in held and key not in self._left_out], asked_at or {}, now)
        self._count()

    def resume(
        self, ids: Iterable[str], asked_at: Mapping[str, float], left_out: Mapping[str, float], now: float
    ) -> None:
        """Start from what is known of each id: when it was asked last, and until when it is left out."""
        wanted = dict.fromkeys(ids)
        self._left_out = {key: until for key, until in left_out.items() if until > now and key in wanted}
        self.all = []
        self._add_asked([key for key in wanted if key not in self._left_out], asked_at, now)
        self._count()

    @property
    def left_out(self) -> Mapping[str, float]:
        """Until when ids are not asked."""
        return self._left_out

    def refresh_left_out(self, now: float) -> None:
        """Ids whose day is over are asked again, by themselves."""
        if self._left_out and min(self._left_out.values()) <= now:
            back = [key for key, until in self._left_out.items() if until <= now]
            for key in back:
                del self._left_out[key]
            # by themselves until they are answered: packed with others, a refusal would be all of theirs
            self.all += [
                Batch(some, created=now, device_type=self._device_type, refusal=Refusal(-inf, times=1))
                for start in range(0, len(back), IDS_PER_CALL)
                for some in (back[start : start + IDS_PER_CALL],)
            ]
            self._count()

    def forgive(self, now: float) -> None:
        """Ask again what is left out, by itself: at a start and at a reload something may have been put right."""
        for batch in self.all:
            batch.apart_until = min(batch.apart_until, now)
        self._left_out = dict.fromkeys(self._left_out, now)
        self.refresh_left_out(now)

    def leave_out(self, batch: Batch, key: str, until: float) -> None:
        """Do not ask for an id until then."""
        self._left_out[key] = until
        batch.ids = [other for other in batch.ids if other != key]
        if not batch.ids:
            self.all.remove(batch)
        self._count()

    def split(self, batch: Batch, apart: Container[str], until: float) -> None:
        """Ask some ids of a batch by themselves until then."""
        ids, batch.ids = batch.ids, [key for key in batch.ids if key not in apart]
        batch.odd_searches = 0
        batch.apart_until = until
        self.all.append(replace(batch, ids=[key for key in ids if key in apart]))

    def pack(self, now: float, interval: float) -> None:
        """Bring the number of batches down to the least, where phases allow it."""
        if len(self.all) <= ceil(self._ids / IDS_PER_CALL):
            return
        # a full batch has no room, and one that is retried, searched or asked early is due for reasons of its own
        small = [
            batch for batch in self.all if batch.plain and len(batch.ids) < IDS_PER_CALL and batch.apart_until <= now
        ]
        due = [batch for batch in small if batch.due(interval) <= now]
        asked = [batch for batch in small if batch.last_start is not None and batch not in due]
        # what is due anyway goes together whatever its phase; never with what was asked within the interval, which
        # would be asked again too soon
        self._repack(due, now)
        asked.sort(key=lambda batch: batch.oldest_start or 0.0)
        while len(asked) > 1:
            first = asked[0].oldest_start or 0.0
            # a packed batch waits for its latest part: its oldest member may wait one interval more, and not two
            near = [batch for batch in asked if (batch.last_start or 0.0) - first <= interval]
            if self._repack(near, now):
                return  # one a step: what is left is looked at again with the new batch among it
            asked.pop(0)

    def _repack(self, batches: list[Batch], now: float) -> bool:
        ids = [key for batch in batches for key in batch.ids]
        if ceil(len(ids) / IDS_PER_CALL) >= len(batches):
            return False
        origin = [batch for batch in batches for _ in batch.ids]
        for batch in batches:
            self.all.remove(batch)
        for start in range(0, len(ids), IDS_PER_CALL):
            parts = set(origin[start : start + IDS_PER_CALL])
            starts = [part.last_start for part in parts]
            oldest = [part.oldest_start for part in parts]
            self.all.append(
                Batch(
                    ids[start : start + IDS_PER_CALL],
                    created=min((part.created for part in parts), default=now),
                    device_type=self._device_type,
                    # a part that was never asked makes the whole due now, which its asked parts are too
                    last_start=None if None in starts else max(moment for moment in starts if moment is not None),
                    oldest_start=None if None in oldest else min(moment for moment in oldest if moment is not None),
                    turn_of=min(part.turn_of for part in parts),
                    answered_at=max(part.answered_at for part in parts),
                    failed_at=min(part.failed_at for part in parts),
                )
            )
        return True

    def _add_asked(self, ids: Iterable[str], asked_at: Mapping[str, float], now: float) -> None:
        together: dict[float | None, list[str]] = {}
        for key in ids:
            together.setdefault(asked_at.get(key), []).append(key)
        self._add(together.pop(None, []), now)
        for moment, some in together.items():
            for start in range(0, len(some), IDS_PER_CALL):
                part = some[start : start + IDS_PER_CALL]
                self.all.append(Batch(part, now, device_type=self._device_type, last_start=moment, oldest_start=moment))
                if moment is not None:
                    self.all[-1].answered_at = moment

    def _add(self, ids: list[str], now: float) -> None:
        room = [batch for batch in self.all if batch.last_start is None and batch.plain]
        for batch in room:
            free = IDS_PER_CALL - len(batch.ids)
            batch.ids += ids[:free]
            ids = ids[free:]
        self.all += [
            Batch(ids[start : start + IDS_PER_CALL], created=now, device_type=self._device_type)
            for start in range(0, len(ids), IDS_PER_CALL)
        ]

    def _count(self) -> None:
        self._ids = sum(len(batch.ids) for batch in self.all)
