"""Where the sun stands: latitude, longitude, day of the year, time of day."""

from math import cos, pi, radians, sin

_TILT = radians(23.44)
_YEAR_DAYS = 365.25
_DAYS_FROM_SOLSTICE = 10
_NOON_HOUR = 12.0


class SunPath:
    """The sun's way over one place on one day; ``day_of_year`` counts from 0."""

    def __init__(self, latitude: float, longitude: float, utc_offset_hours: float, day_of_year: int) -> None:
        declination = -_TILT * cos(2 * pi * (day_of_year + _DAYS_FROM_SOLSTICE) / _YEAR_DAYS)
        self._constant = sin(radians(latitude)) * sin(declination)
        self._swing = cos(radians(latitude)) * cos(declination)
        self._noon = _NOON_HOUR + utc_offset_hours - longitude / 15

    def height(self, local_hour: float) -> float:
        """Return the sine of the sun's elevation at a local clock hour: 1 overhead, 0 or less when it is down."""
        return self._constant + self._swing * cos((local_hour - self._noon) * pi / 12)
