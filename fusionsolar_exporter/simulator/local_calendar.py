"""The calendar at a plant: where its days, months and years begin, its clock changes included."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from fusionsolar_exporter.simulator.local_year import day_start, local_date


@dataclass(frozen=True, slots=True)
class LocalCalendar:
    """Clocks that are ``utc_offset`` seconds ahead of UTC, or those of a named zone."""

    utc_offset: float
    zone: ZoneInfo | None = None

    def today(self, moment: float) -> date:
        """Return the local date at Unix seconds."""
        if self.zone is None:
            return local_date(moment, self.utc_offset)
        return datetime.fromtimestamp(moment, self.zone).date()

    def start(self, day: date) -> float:
        """Return the Unix seconds at which a local day begins."""
        if self.zone is None:
            return day_start(day, self.utc_offset)
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp()

    def day(self, moment: float) -> float:
        """Return the start of the local day of ``moment``."""
        return self.start(self.today(moment))

    def month(self, moment: float) -> float:
        """Return the start of the local month of ``moment``."""
        return self.start(self.today(moment).replace(day=1))

    def offset(self, moment: float) -> timedelta:
        """Return how far local clocks are ahead of UTC at ``moment``."""
        if self.zone is None:
            return timedelta(seconds=self.utc_offset)
        return datetime.fromtimestamp(moment, self.zone).utcoffset() or timedelta()
