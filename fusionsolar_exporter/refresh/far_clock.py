"""The far side's clock beside ours, as far as answers have told it."""

from fusionsolar_exporter.northbound.interfaces import DAY
from fusionsolar_exporter.pacing.clock import Clock


class FarClock:
    """Unix seconds; moments are in the pacing clock's seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.offset: float | None = None
        """The far side's clock less ours in seconds; None before the first answer."""

    def told(self, far_time: float, moment: float) -> None:
        """An answer told the far side's time at a moment."""
        self.offset = far_time - self._clock.wall(moment)

    def now(self) -> float:
        """The time by which alarms are dated: the far side's, where its clock is ahead of ours by a day at most."""
        ahead = self.offset or 0.0
        # one that is further off is wrong or in another unit: alarms asked for from the future would all seem over
        return self._clock.wall(self._clock.now()) + (ahead if 0.0 < ahead <= DAY else 0.0)
