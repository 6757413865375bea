"""How far a plant's clock is from UTC, as well as lists tell."""

import re

from fusionsolar_exporter.northbound.model import Plant

_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})$")
_SECONDS_IN_DEGREE = 240.0
_HOUR = 3600.0


def utc_offset(plant: Plant | None) -> float:
    """Seconds: of the date of its connection to the grid, else by its longitude to the hour, else 0."""
    if plant is None:
        return 0.0
    found = _OFFSET.search(plant.grid_connection_date)
    if found:
        seconds = int(found["hours"]) * _HOUR + int(found["minutes"]) * 60
        return -seconds if found["sign"] == "-" else seconds
    if plant.longitude is not None:
        return round(plant.longitude * _SECONDS_IN_DEGREE / _HOUR) * _HOUR
    return 0.0
