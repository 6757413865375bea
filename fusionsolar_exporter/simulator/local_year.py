"""Local time at a plant as a place on a grid of half hours that starts at its New Year."""

from dataclasses import dataclass
from datetime import date

DAY_SECONDS = 86400
STEP_SECONDS = 1800
STEPS_PER_DAY = DAY_SECONDS // STEP_SECONDS
STEP_HOURS = STEP_SECONDS / 3600
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class LocalYear:
    """A moment: the local year, and the grid steps since its start (with a fraction)."""

    year: int
    step: float


def local_date(moment: float, utc_offset: float) -> date:
    """Return the date at ``moment`` (Unix seconds) where local time is ``utc_offset`` seconds ahead of UTC."""
    return date.fromordinal(_EPOCH_ORDINAL + int((moment + utc_offset) // DAY_SECONDS))


def day_start(day: date, utc_offset: float) -> float:
    """Return the Unix seconds of local midnight at the start of ``day``."""
    return (day.toordinal() - _EPOCH_ORDINAL) * DAY_SECONDS - utc_offset


def place_in_year(moment: float, utc_offset: float) -> LocalYear:
    """Return where ``moment`` (Unix seconds) stands in its local year."""
    year = local_date(moment, utc_offset).year
    return LocalYear(year, (moment - day_start(date(year, 1, 1), utc_offset)) / STEP_SECONDS)
