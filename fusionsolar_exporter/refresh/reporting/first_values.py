"""One line when the first values are there: of how many plants and devices, and what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass

from fusionsolar_exporter.cache import Cache, Snapshot
from fusionsolar_exporter.refresh.collectors import Collectors
from fusionsolar_exporter.refresh.collectors.base import Collector
from fusionsolar_exporter.refresh.context import AccountContext
from fusionsolar_exporter.refresh.rate_limiter import RateLimiter

_PATIENCE = 300.0
"""Seconds from the first value on: what is missing then is told as missing. Large fleets take longer for a turn."""


@dataclass(slots=True)
class FirstValues:
    """Looked at after each request, until it has told."""

    context: AccountContext
    limiter: RateLimiter
    cache: Cache
    collectors: Collectors
    _since: float | None = None
    _told: bool = False

    def look(self) -> None:
        """Log the line, once every kind of data has had its first turn."""
        if self._told:
            return
        now, snapshot = self.context.clock.now(), self.cache.snapshot()
        if not snapshot.plant_readings and not snapshot.device_readings:
            return
        self._since = now if self._since is None else self._since
        basic = self.collectors.basic
        if now < self._since + _PATIENCE and not all(self._had_its_turn(each, now) for each in basic if each.enabled):
            return
        self._told = True
        self.context.log.info(
            "first values",
            account=self.context.settings.name,
            plants=len(snapshot.plant_readings),
            devices=len(snapshot.device_readings),
            missing="; ".join(self._missing(snapshot, now)) or "nothing",
        )

    def _had_its_turn(self, collector: Collector, now: float) -> bool:
        held = self.limiter.holds[collector.planned_interface()].until > now
        return held or all(batch.last_start is not None for batch in collector.batches())

    def _missing(self, snapshot: Snapshot, now: float) -> Iterator[str]:
        plants, devices = self.collectors.plant_realtime, self.collectors.device_realtime
        for reader, words, there in (
            (plants, "plants", snapshot.plant_readings),
            (devices, "devices", snapshot.device_readings),
        ):
            asked = [key for batch in reader.batches() for key in batch.ids if reader.enabled]
            without = sum(key not in there for key in asked)
            if without:
                yield f"values of {without} of {len(asked)} {words}"
        for collector in self.collectors.basic:
            if not collector.enabled:
                yield f"{collector.name}: disabled"
                continue
            hold = self.limiter.holds[collector.planned_interface()]
            if hold.until > now:
                yield f"{collector.name}: {hold.reason}"
