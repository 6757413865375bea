"""Environmental monitoring instruments (reference 9.2.6, type 10)."""

from fusionsolar_exporter.simulator.readings import Values
from fusionsolar_exporter.simulator.scene import Scene

_HORIZONTAL_SHARE = 0.87
_MEGAJOULES_PER_WATTHOUR = 0.0036


def weather_values(scene: Scene) -> Values:
    """Return every key: °C, m/s, degrees, W/m², and the day's irradiation in MJ/m²."""
    series = scene.plant.site.irradiance
    day = series.integral(scene.now) - series.integral(scene.plant.site.at(scene.midnight))
    return {
        "temperature": round(scene.ambient, 1),
        "pv_temperature": round(scene.ambient + scene.irradiance * 0.03, 1),
        "wind_speed": round(3 + 2 * scene.flicker("wind"), 1),
        "wind_direction": round(180 + 179 * scene.flicker("direction"), 0),
        "radiant_total": round(day * _MEGAJOULES_PER_WATTHOUR, 3),
        "radiant_line": round(scene.irradiance, 1),
        "horiz_radiant_line": round(scene.irradiance * _HORIZONTAL_SHARE, 1),
        "horiz_radiant_total": round(day * _HORIZONTAL_SHARE * _MEGAJOULES_PER_WATTHOUR, 3),
        "run_state": 1,
    }
