"""Why a session does not begin, and until when: the same words for the log and the page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """Moments are in the pacing clock's seconds; ``wall`` makes Unix seconds of them."""

    what: str
    """What has happened, such as ``the login was refused``."""
    why: str
    since: float
    until: float
    changes: str
    """What ends it before its time; may be empty."""

    def words(self, now: float, wall: Callable[[float], float]) -> str:
        """One sentence without a full stop."""
        since, until = (_time(wall(moment), wall(now)) for moment in (self.since, self.until))
        ends = f", or {self.changes}" if self.changes else ""
        return f"{self.what} at {since}, {self.why}; next try at {until}{ends}"


def _time(moment: float, now: float) -> str:
    """The time, with its date where that is not today's."""
    form = "%H:%M UTC" if moment // _DAY == now // _DAY else "%Y-%m-%d %H:%M UTC"
    return datetime.fromtimestamp(moment, UTC).strftime(form)
