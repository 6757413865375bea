"""Whether any inverter of an account is awake, and which part of the last day one was."""

import math
from collections import deque
from itertools import pairwise

from fusionsolar_exporter.cache import Cache
from fusionsolar_exporter.northbound.interfaces import DAY, INVERTER_TYPES

_LOOK_SECONDS = 60.0
_POWERS = ("active_power", "mppt_power")  # an inverter with a battery behind it may work all night


class Daylight:
    """Moments are in the pacing clock's seconds."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self.awake = True
        """Whether an inverter gives power; True as long as no inverter has told."""
        self._looked_at = -math.inf
        self._since: deque[tuple[float, bool]] = deque()  # each change

    def look(self, now: float) -> None:
        """See what the newest readings say."""
        if now < self._looked_at + _LOOK_SECONDS:
            return
        self._looked_at = now
        self.awake = self._any_awake()
        if not self._since or self._since[-1][1] != self.awake:
            self._since.append((now, self.awake))
        # the newest change before the day remains: it says how the day began
        while len(self._since) > 1 and self._since[1][0] <= now - DAY:
            self._since.popleft()

    def awake_share(self, now: float) -> float:
        """The part of the last day in which an inverter was awake; all of it where less than a day is known."""
        if not self._since or self._since[0][0] > now - DAY:
            return 1.0
        changes = [*self._since, (now, self.awake)]
        awake = sum(later - max(begin, now - DAY) for (begin, was_awake), (later, _) in pairwise(changes) if was_awake)
        return min(awake / DAY, 1.0)

    def _any_awake(self) -> bool:
        snapshot = self._cache.snapshot()
        told = False
        for key, reading in snapshot.device_readings.items():
            device = snapshot.devices.get(key)
            if device is not None and device.type_id in INVERTER_TYPES:
                told = True
                if any(reading.values.get(power, 0.0) > 0 for power in _POWERS):
                    return True
        return not told
