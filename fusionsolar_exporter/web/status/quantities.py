"""Power and energy as people read them: metrics are in bare units, a page is not."""

from fusionsolar_exporter.web.formatting import NOTHING

_PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def power(watts: float | None) -> str:
    """Write watts: ``3.45 kW``; a dash where nothing is known."""
    return _scaled(watts, "W")


def energy(watthours: float | None) -> str:
    """Write watthours: ``12.3 kWh``; a dash where nothing is known."""
    return _scaled(watthours, "Wh")


def share(part: float | None, whole: float | None) -> str:
    """Write a part in percent; a dash where either is not known."""
    return NOTHING if part is None or not whole else f"{part / whole:.0%}"


def _scaled(value: float | None, unit: str) -> str:
    if value is None:
        return NOTHING
    size, prefix = next(((size, prefix) for size, prefix in _PREFIXES if abs(value) >= size), (1.0, ""))
    return f"{value / size:.3g} {prefix}{unit}" if abs(value) >= 1 else f"{value:.0f} {unit}"
