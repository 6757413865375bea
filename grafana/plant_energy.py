"""Meters, batteries, income and weather of one plant."""

from grafana.energy_periods import energy_days, energy_months, energy_years, year_before
from grafana.panels import HALF, AnyPanel, Frame, coloured, dashed, lines, right
from grafana.queries import PLANT, Query, series
from grafana.states import ORANGE, PURPLE, YELLOW

_METERS = 'device_type=~"grid_meter|power_sensor|emma"'
_DAY = series("fusionsolar_plant_day_yield_watthours", PLANT)
_CHARGE = series("fusionsolar_device_state_of_charge_ratio", PLANT)


def meters_and_batteries() -> list[AnyPanel]:
    """Meters, batteries, energy and income of the day."""
    energy = lines(
        Frame(
            "Energy today",
            "Yield, feed-in and consumption since midnight. The last two come from newer systems only.",
            HALF,
            "watth",
            least=0,
        ),
        Query(_DAY, "yield"),
        Query(series("fusionsolar_plant_day_feed_in_energy_watthours", PLANT), "fed in"),
        Query(series("fusionsolar_plant_day_consumption_watthours", PLANT), "consumed"),
    )
    battery = lines(
        Frame(
            "Batteries",
            "Power of each battery, positive while charging; on the right its state of charge.",
            HALF,
            "watt",
        ),
        Query(series("fusionsolar_device_charge_discharge_power_watts", PLANT), "{{device}} power"),
        Query(_CHARGE, "{{device}} charge"),
    )
    right(battery, "/ charge$/", "percentunit", "state of charge")
    income = lines(
        Frame(
            "Income against yesterday",
            "Income of the day in the currency of the management system; dashed the day before.",
            HALF,
            "none",
            2,
        ),
        Query(series("fusionsolar_plant_day_income", PLANT), "today"),
        Query(series("fusionsolar_plant_day_income", PLANT, offset="1d"), "yesterday"),
    )
    meters = lines(
        Frame("Meters", "Active power of each meter, positive while feeding in.", HALF, "watt"),
        Query(series("fusionsolar_device_active_power_watts", PLANT, _METERS), "{{device}}"),
    )
    return [
        meters,
        coloured(energy, {"yield": YELLOW, "fed in": PURPLE, "consumed": ORANGE}),
        battery,
        dashed(income, "yesterday", "text"),
        energy_days("the plant"),
        energy_months("the plant"),
        year_before("the plant"),
        energy_years("the plant"),
    ]


def weather() -> AnyPanel:
    """The weather at the plant."""
    panel = lines(
        Frame(
            "Weather",
            "Irradiance by the plant's weather station; on the right temperatures of air and modules.",
            (24, 8),
            "Wm2",
            least=0,
        ),
        Query(series("fusionsolar_device_irradiance_watts_per_square_meter", PLANT), "irradiance"),
        Query(series("fusionsolar_device_ambient_temperature_celsius", PLANT), "air"),
        Query(series("fusionsolar_device_pv_module_temperature_celsius", PLANT), "modules"),
    )
    return right(panel, "/air|modules/", "celsius", "temperature")
